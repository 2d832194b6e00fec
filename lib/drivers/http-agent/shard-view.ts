/**
 * The placement of the shards, put together from what each node says of itself.
 *
 * Nodes are read at slightly different moments, so during a handover both ends may claim a
 * shard, or neither: the higher epoch wins, what has been seen is not taken back by an older
 * claim, and a shard that nobody claims keeps its last known primary until that node has
 * been read several times without it.
 */
import type { HeldShard } from '@/lib/contract/agent-protocol';
import { createShardTable, type ShardTable } from '@/lib/contract/shard-table';
import { metricsOfShard, type ShardMetrics } from './beat-metrics';

/** Readings of the last known primary without the shard before it counts as lost. */
const UNCLAIMED_READINGS_MAX = 3;

export interface KnownShard {
  readonly epoch: number;
  readonly primary: string;
  readonly secondaries: readonly string[];
  readonly metrics: ShardMetrics;
  /** Its primary has not said so itself: its secondaries have. */
  readonly isHearsay: boolean;
  unclaimed: number;
}

export interface NodeReport {
  readonly nodeId: string;
  readonly held: readonly HeldShard[];
}

export class ShardView {
  readonly #known = new Map<number, KnownShard>();
  /** Node ids in the order of their first sight; an index means one node while the driver lives. */
  readonly #nodeIds: string[] = [];

  constructor(private readonly options: { readonly shardCount: number; readonly replicationFactor: number }) {}

  /** Takes what the nodes that answered have said; of the others the last known stands. */
  update(reports: readonly NodeReport[], nodeIds: readonly string[]): void {
    for (const nodeId of nodeIds) if (!this.#nodeIds.includes(nodeId)) this.#nodeIds.push(nodeId);
    const claimed = new Set<number>();
    const answered = new Set(reports.map((report) => report.nodeId));
    for (const { nodeId, held } of reports) {
      for (const shard of held) if (shard.role === 'primary' && this.#claim(nodeId, shard)) claimed.add(shard.shardId);
    }
    for (const { held } of reports) for (const shard of held) if (shard.role === 'leaving') this.#handedOver(shard, claimed);
    for (const { nodeId, held } of reports) for (const shard of held) if (shard.role === 'secondary') this.#follows(nodeId, shard);
    for (const [shardId, known] of this.#known) {
      if (claimed.has(shardId)) known.unclaimed = 0;
      else if (answered.has(known.primary)) known.unclaimed += 1;
      if (known.unclaimed >= UNCLAIMED_READINGS_MAX) this.#known.delete(shardId);
    }
  }

  forget(nodeId: string): void {
    for (const [shardId, known] of this.#known) if (known.primary === nodeId) this.#known.delete(shardId);
  }

  /** Shards of which the node has a copy, by what their primaries say. */
  countOf(nodeId: string): number {
    let count = 0;
    for (const known of this.#known.values()) if (known.primary === nodeId || known.secondaries.includes(nodeId)) count += 1;
    return count;
  }

  primaryOf(shardId: number): string | null {
    return this.#known.get(shardId)?.primary ?? null;
  }

  /** What is known of a shard; null where nobody is known to have it. */
  known(shardId: number): Readonly<KnownShard> | null {
    return this.#known.get(shardId) ?? null;
  }

  /** A primary that was made by an order, ahead of the next reading. */
  tookOver(nodeId: string, shard: HeldShard): void {
    this.#claim(nodeId, shard);
  }

  /** By shard; null where nobody is known to have it. */
  owners(): (string | null)[] {
    return Array.from({ length: this.options.shardCount }, (_, shardId) => this.primaryOf(shardId));
  }

  get shardsPlaced(): number {
    return this.#known.size;
  }

  table(): ShardTable {
    const { shardCount, replicationFactor } = this.options;
    const replicaMax = [...this.#known.values()].reduce((max, known) => Math.max(max, 1 + known.secondaries.length), replicationFactor);
    const table = createShardTable({ shardCount, replicaMax, nodeIds: [...this.#nodeIds] });
    const indexOf = new Map(this.#nodeIds.map((nodeId, index) => [nodeId, index]));
    for (const [shardId, { primary, secondaries, metrics, epoch }] of this.#known) {
      [primary, ...secondaries].forEach((nodeId, column) => { table.replicas[shardId * replicaMax + column] = indexOf.get(nodeId) ?? -1; });
      table.epoch[shardId] = epoch;
      table.sizeBytes[shardId] = metrics.sizeBytes ?? NaN;
      table.keyCount[shardId] = metrics.keyCount ?? NaN;
      table.load.cpu[shardId] = metrics.cpuCores ?? NaN;
      table.load.readsPerSecond[shardId] = metrics.readsPerSecond ?? NaN;
      table.load.writesPerSecond[shardId] = metrics.writesPerSecond ?? NaN;
      table.load.networkBytesPerSecond[shardId] = metrics.networkBytesPerSecond ?? NaN;
    }
    return { ...table, quality: { size: 'measured', sizeSampleCount: 0, load: 'measured' } };
  }

  #claim(nodeId: string, shard: HeldShard): boolean {
    if (shard.shardId >= this.options.shardCount) return false;
    const known = this.#known.get(shard.shardId);
    if (known !== undefined && (known.epoch > shard.epoch || (known.epoch === shard.epoch && known.primary !== nodeId))) return false;
    const secondaries = [...new Set(shard.secondaries)].filter((secondary) => secondary !== nodeId && this.#nodeIds.includes(secondary));
    this.#known.set(shard.shardId, { epoch: shard.epoch, primary: nodeId, secondaries, metrics: metricsOfShard(shard), isHearsay: false, unclaimed: 0 });
    return true;
  }

  /** A primary that is away since before this manager began is known by those that follow it. */
  #follows(nodeId: string, shard: HeldShard): void {
    const { shardId, epoch, peerNodeId } = shard;
    if (shardId >= this.options.shardCount || peerNodeId === null || !this.#nodeIds.includes(peerNodeId)) return;
    const known = this.#known.get(shardId);
    if (known?.isHearsay === false || (known !== undefined && known.epoch > epoch)) return;
    const others = known?.epoch === epoch && known.primary === peerNodeId ? known.secondaries.filter((other) => other !== nodeId) : [];
    this.#known.set(shardId, { epoch, primary: peerNodeId, secondaries: [...others, nodeId], metrics: metricsOfShard(shard), isHearsay: true, unclaimed: 0 });
  }

  /** The old primary says that another has taken over, before that other was read again. */
  #handedOver(shard: HeldShard, claimed: Set<number>): void {
    const known = this.#known.get(shard.shardId);
    const successor = shard.peerNodeId;
    if (known === undefined || successor === null || known.epoch >= shard.epoch || !this.#nodeIds.includes(successor)) return;
    this.#known.set(shard.shardId, { ...known, epoch: shard.epoch, primary: successor, secondaries: known.secondaries.filter((nodeId) => nodeId !== successor), unclaimed: 0 });
    claimed.add(shard.shardId);
  }
}
