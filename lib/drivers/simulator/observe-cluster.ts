import type { EngineFacts, EngineWarning, NodeObservation, Observation } from '@/lib/contract/observation';
import { UNKNOWN_STATS } from '@/lib/contract/node';
import { UNKNOWN_RESOURCES } from '@/lib/contract/resources';
import type { ShardTable } from '@/lib/contract/shard-table';
import { atOnce, ITEMS_PER_TURN } from '@/lib/platform/in-turns';
import type { ClusterCore } from './cluster-core';
import { ENGINE_VERSION, NODE } from './cluster-parameters';
import { hashUnit } from './hash-noise';
import type { NodeLoad } from './node-loads';
import { addressOf, isServing, type PhantomNode } from './phantom-node';

/** A node whose answer takes longer than this has not answered. */
export const ANSWER_DEADLINE_MS = 1_000;
/** An idle node's answer to a probe. */
const ANSWER_MS = 0.35;
/** Warnings of one kind that are named one by one. */
const WARNINGS_PER_KIND_MAX = 100;

/**
 * Readings of the simulated cluster as a manager gets them. Columns that did not change
 * since the last reading are the same arrays again: a reader may compare them by identity,
 * and must not write to them.
 */
export class Observer {
  #stable: (Pick<ShardTable, 'replicas' | 'epoch' | 'sizeBytes' | 'keyCount'> & { placementVersion: number; sizesVersion: number }) | null = null;

  constructor(private readonly core: ClusterCore) {}

  /** One reading at the instant the cluster has reached; counts as an answer of every node in it. */
  observe(detail: 'nodes' | 'full'): Observation {
    return atOnce(this.observing(detail));
  }

  /** The same with rests: as in any cluster, some nodes are read a little later than others then, and the shards last. */
  *observing(detail: 'nodes' | 'full'): Generator<void, Observation> {
    const { core } = this;
    const loads = core.loads();
    const nodes: NodeObservation[] = [];
    const answered = new Uint8Array(core.nodes.length);
    // Who comes in a rest is in the next reading.
    for (const node of core.nodes.slice(0, loads.length)) {
      if (node.index % ITEMS_PER_TURN === 0) yield;
      if (!node.member) continue;
      const observation = this.#observeNode(node, loads[node.index]!);
      answered[node.index] = observation.answered ? 1 : 0;
      nodes.push(observation);
    }
    if (detail === 'full') yield;
    return {
      nodes,
      shards: detail === 'full' ? this.#shards(loads, answered) : null,
      engine: this.#engine(),
      warnings: this.#warnings(nodes),
    };
  }

  /** How long the node takes to answer now; null when it does not within the deadline. */
  answerMsOf(node: PhantomNode, load: NodeLoad): number | null {
    if (!isServing(node) || !node.answering) return null;
    const noise = 0.6 + 0.8 * hashUnit(this.core.shape.seed, node.index, node.sequence);
    const answerMs = ANSWER_MS * noise * node.slowFactor + 0.1 * load.latencyP99Ms;
    return answerMs <= ANSWER_DEADLINE_MS ? answerMs : null;
  }

  #observeNode(node: PhantomNode, load: NodeLoad): NodeObservation {
    const answerMs = this.answerMsOf(node, load);
    if (answerMs !== null) node.sequence += 1;
    return {
      id: node.id,
      name: node.id,
      address: addressOf(node),
      domain: { region: 'phantom', zone: node.zone, rack: null, host: node.id },
      pool: 'default',
      followerOf: null,
      answered: answerMs !== null,
      answerMs,
      reportedFailed: node.failed,
      member: true,
      incarnation: node.incarnation,
      sequence: node.sequence,
      // Members tell each other their capacities, so these are known of a silent one too.
      capacity: { cpu: NODE.cpuCores, memory: NODE.memoryBytes, disk: NODE.diskBytes, network: NODE.networkBytesPerSecond },
      usage: answerMs === null ? UNKNOWN_RESOURCES : {
        cpu: load.cpuCores, memory: load.memoryBytes, disk: load.diskBytes, network: load.networkBytesPerSecond,
      },
      stats: answerMs === null ? UNKNOWN_STATS : {
        readsPerSecond: load.readsPerSecond,
        writesPerSecond: load.writesPerSecond,
        operationsPerSecond: load.readsPerSecond + load.writesPerSecond,
        connections: load.connections,
        latencyP99Ms: load.latencyP99Ms,
        keyCount: load.keyCount,
        replicationLagBytes: null,
      },
      version: ENGINE_VERSION,
      labels: { engine: 'phantomdb', zone: node.zone },
    };
  }

  #shards(loads: readonly NodeLoad[], answered: Uint8Array): ShardTable {
    const { core } = this;
    const { workload, placement } = core;
    const { factors } = core.demand();
    const { shardCount } = placement;
    const column = () => new Float32Array(shardCount);
    const [cpu, reads, writes, network] = [column(), column(), column(), column()];
    const { base } = workload;
    const { cpu: baseCpu, reads: baseReads, writes: baseWrites, network: baseNetwork } = base;
    const { rows, width } = placement;
    // The primary's node measures its shards; while it does not answer, nobody knows.
    const shares = Float64Array.from(loads, (load, index) => (answered[index] === 1 ? load.servedShare : NaN));
    for (let shardId = 0; shardId < shardCount; shardId += 1) {
      const served = factors[shardId]! * shares[rows[shardId * width]!]!;
      cpu[shardId] = baseCpu[shardId]! * served;
      reads[shardId] = baseReads[shardId]! * served;
      writes[shardId] = baseWrites[shardId]! * served;
      network[shardId] = baseNetwork[shardId]! * served;
    }
    const load = { cpu, readsPerSecond: reads, writesPerSecond: writes, networkBytesPerSecond: network };
    return {
      shardCount,
      replicaMax: width,
      nodeIds: core.nodes.map((node) => node.id),
      ...this.#stableColumns(),
      load,
      quality: { size: 'measured', sizeSampleCount: 0, load: 'measured' },
    };
  }

  /** Placement is common knowledge of the members; sizes are the same on every replica. */
  #stableColumns(): Pick<ShardTable, 'replicas' | 'epoch' | 'sizeBytes' | 'keyCount'> {
    const { placement, workload } = this.core;
    const before = this.#stable;
    const samePlacement = before?.placementVersion === placement.version;
    const sameSizes = before?.sizesVersion === workload.sizesVersion;
    this.#stable = {
      replicas: samePlacement ? before.replicas : placement.rows.slice(),
      epoch: samePlacement ? before.epoch : placement.epochs.slice(),
      sizeBytes: sameSizes ? before.sizeBytes : workload.sizeBytes.slice(),
      keyCount: sameSizes ? before.keyCount : workload.keyCount.slice(),
      placementVersion: placement.version,
      sizesVersion: workload.sizesVersion,
    };
    const { replicas, epoch, sizeBytes, keyCount } = this.#stable;
    return { replicas, epoch, sizeBytes, keyCount };
  }

  #engine(): EngineFacts {
    const { core } = this;
    return {
      name: 'PhantomDB',
      version: ENGINE_VERSION,
      serving: core.nodes.some((node) => isServing(node)),
      replicationFactor: core.placement.width,
      settings: { seed: String(core.shape.seed), 'load-scale': String(core.workload.controls.loadScale) },
    };
  }

  #warnings(nodes: readonly NodeObservation[]): EngineWarning[] {
    const { core } = this;
    const warnings: EngineWarning[] = nodes.filter((node) => !node.answered).slice(0, WARNINGS_PER_KIND_MAX).map((node) => ({
      code: 'node-did-not-answer', message: `${node.name} did not answer within ${ANSWER_DEADLINE_MS} ms`, nodeId: node.id, shardId: null, remedy: null,
    }));
    if (warnings.length === 0) return warnings;
    let uncovered = 0;
    for (const node of core.nodes) if (!isServing(node)) uncovered += core.placement.primaryCounts[node.index] ?? 0;
    if (uncovered > 0) {
      warnings.push({
        code: 'slots-uncovered', message: `${uncovered} of ${core.placement.shardCount} shards have no primary that serves`, nodeId: null, shardId: null,
        remedy: 'PhantomDB promotes a secondary within some seconds where one is left; otherwise bring a node that holds the shards back',
      });
    }
    return warnings;
  }
}
