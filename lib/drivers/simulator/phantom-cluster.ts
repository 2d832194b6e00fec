import { assert } from '@/lib/platform/assert';
import { ClusterCore } from './cluster-core';
import { MEMBERSHIP, type ClusterShape } from './cluster-parameters';
import { decodeEpochs, decodePlacement, encodeColumn, type SimulatorSnapshot } from './cluster-snapshot';
import { Faults } from './faults';
import { placeInitially, replicaCountOf, zoneOf } from './initial-placement';
import { bytesDoneAt } from './moves';
import { isServing, newNode, nodeName, zoneName, type PhantomNode } from './phantom-node';
import { Placement } from './placement';
import { Steps } from './steps';
import { Workload, type WorkloadControls } from './workload';

/**
 * PhantomDB: a sharded, replicated database that exists only as numbers. Made from a shape
 * (the same shape is the same cluster, to the byte), moved on by `advanceTo`, observed
 * through `core`, changed through `steps`, broken through `faults`.
 */
export class PhantomCluster {
  readonly faults: Faults;
  readonly steps: Steps;

  private constructor(readonly core: ClusterCore) {
    this.faults = new Faults(core);
    this.steps = new Steps(core);
  }

  static create(shape: ClusterShape): PhantomCluster {
    const workload = new Workload(shape);
    const digits = Math.max(2, String(shape.nodeCount).length);
    const nodes = Array.from({ length: shape.nodeCount }, (_, index) => {
      const node = newNode({ index, id: nodeName(index + 1, digits), zone: zoneName(zoneOf(shape, index)), joinKey: null });
      node.member = true;
      return node;
    });
    const placement = new Placement(shape.shardCount, replicaCountOf(shape), placeInitially(shape, workload.base.cpu), new Float64Array(shape.shardCount));
    return new PhantomCluster(new ClusterCore(shape, workload, nodes, placement, 0));
  }

  /** The cluster as it was. `snapshot.shape` decides; a snapshot whose parts do not fit together throws an AssertionFailure. */
  static restore(snapshot: SimulatorSnapshot): PhantomCluster {
    const { shape } = snapshot;
    const workload = new Workload(shape);
    workload.setControls(snapshot.controls);
    const nodes: PhantomNode[] = snapshot.nodes.map((node) => ({ ...node }));
    const placement = new Placement(shape.shardCount, replicaCountOf(shape), decodePlacement(snapshot.placement), decodeEpochs(snapshot.epochs));
    for (const holder of placement.rows) assert(nodes[holder] !== undefined && !nodes[holder].removed, `A replica is on node ${holder}, which is no member`);
    for (const [index, node] of nodes.entries()) assert(node.index === index, 'Nodes are in the order of their coming');
    const core = new ClusterCore(shape, workload, nodes, placement, snapshot.nowMs);
    core.authority = snapshot.authority;
    const cluster = new PhantomCluster(core);
    for (const copy of snapshot.partialCopies) core.moves.add(copy, core.nowMs);
    for (const node of nodes) {
      if (!node.member && !node.removed && !node.waiting) cluster.steps.scheduleJoin(node);
      if (node.member && !isServing(node) && !node.failed) core.scheduleFailover(node, MEMBERSHIP.failoverMs);
    }
    return cluster;
  }

  /** Simulated milliseconds since the beginning. */
  get nowMs(): number {
    return this.core.nowMs;
  }

  advanceTo(nowMs: number): void {
    this.core.advanceTo(nowMs);
  }

  get controls(): WorkloadControls {
    return this.core.workload.controls;
  }

  /** Factor on the load of every shard, 0 or more. */
  setLoadScale(loadScale: number): void {
    assert(loadScale >= 0 && Number.isFinite(loadScale), `A load scale is 0 or more, not ${loadScale}`);
    this.core.catchUp();
    this.core.setControls({ ...this.controls, loadScale });
  }

  /** Factor on the load of one shard, on top of everything else; 1 cools it. */
  heatShard(shardId: number, factor: number): void {
    assert(Number.isInteger(shardId) && shardId >= 0 && shardId < this.core.shape.shardCount, `There is no shard ${shardId}`);
    assert(factor >= 0 && Number.isFinite(factor), `A factor is 0 or more, not ${factor}`);
    this.core.catchUp();
    const others = this.controls.hotShards.filter(([id]) => id !== shardId);
    this.core.setControls({ ...this.controls, hotShards: [...others, [shardId, factor]] });
  }

  snapshot(): SimulatorSnapshot {
    const { core } = this;
    const { shape, placement, nodes, nowMs, authority } = core;
    const { nodeCount, zoneCount, shardCount, replicationFactor, seed, lastNodeEmpty, clientRouting = 'round-robin' } = shape;
    return {
      format: 1,
      shape: { nodeCount, zoneCount, shardCount, replicationFactor, seed, lastNodeEmpty, clientRouting },
      nowMs,
      authority,
      nodes: nodes.map((node) => ({ ...node })),
      controls: this.controls,
      partialCopies: [...core.moves.all()].map((move) => ({
        shardId: move.shardId, role: move.role, source: move.source, target: move.target, origin: move.origin,
        bytes: move.bytes, keyCount: move.keyCount, bytesDone: bytesDoneAt(move, nowMs),
      })),
      placement: encodeColumn(placement.rows),
      epochs: encodeColumn(placement.epochs),
    };
  }
}
