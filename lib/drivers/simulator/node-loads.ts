import { NODE, SIZING } from './cluster-parameters';
import { performanceOf } from './performance-model';
import { isServing, type PhantomNode } from './phantom-node';
import type { Placement } from './placement';
import type { Workload } from './workload';

/** What copies add to one node. */
export interface CopyLoad {
  readonly networkBytesPerSecond: number;
  readonly cpuCores: number;
  /** Bytes of partial copies on its disk. */
  readonly partialBytes: number;
}

export interface NodeLoad {
  /** Client traffic wanted, before copies; what a copy must leave room for. */
  readonly clientNetworkBytesPerSecond: number;
  readonly servedShare: number;
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly networkBytesPerSecond: number;
  readonly readsPerSecond: number;
  readonly writesPerSecond: number;
  readonly latencyP99Ms: number;
  readonly keyCount: number;
  readonly connections: number;
}

/** Sums over the shards of each node, by node index. */
export interface ShardSums {
  readonly cpu: Float64Array;
  readonly network: Float64Array;
  readonly reads: Float64Array;
  readonly writes: Float64Array;
  readonly bytes: Float64Array;
  readonly keys: Float64Array;
}

/** What comes of its shards and of the copies at one node. */
export function nodeLoadOf(node: PhantomNode, sums: ShardSums, copies: CopyLoad | null): NodeLoad {
  const { index } = node;
  const clientNetwork = sums.network[index]!;
  const performance = performanceOf({
    cpuCores: sums.cpu[index]! + (copies?.cpuCores ?? 0) + NODE.idleCpuCores,
    networkBytesPerSecond: clientNetwork + (copies?.networkBytesPerSecond ?? 0) + NODE.idleNetworkBytesPerSecond,
    slowFactor: node.slowFactor,
  });
  const bytes = sums.bytes[index]! + (copies?.partialBytes ?? 0);
  const reads = sums.reads[index]! * performance.servedShare;
  const writes = sums.writes[index]! * performance.servedShare;
  return {
    clientNetworkBytesPerSecond: clientNetwork,
    servedShare: performance.servedShare,
    cpuCores: performance.cpuCores,
    memoryBytes: Math.min(NODE.memoryBytes, NODE.idleMemoryBytes + bytes * NODE.cachedShare),
    diskBytes: NODE.idleDiskBytes + bytes,
    networkBytesPerSecond: performance.networkBytesPerSecond,
    readsPerSecond: reads,
    writesPerSecond: writes,
    latencyP99Ms: performance.latencyP99Ms,
    keyCount: sums.keys[index]!,
    connections: 24 + Math.round((reads + writes) / 400),
  };
}

/**
 * What every node's shards ask of it. A primary executes every read and write of its
 * shard; a secondary applies the writes, at SIZING.applyCostShare of their cost and the
 * written share of the network. Nobody asks a node that is not serving, so its shards cost
 * nothing while it is away.
 *
 * O(replicas): some 2 ms for 300,000 of them.
 */
export function shardSumsOf(nodes: readonly PhantomNode[], placement: Placement, workload: Workload, factors: Float64Array): ShardSums {
  const column = () => new Float64Array(nodes.length);
  const sums = { cpu: column(), network: column(), reads: column(), writes: column(), bytes: column(), keys: column() };
  const serving = Uint8Array.from(nodes, (node) => (isServing(node) ? 1 : 0));
  const { rows, width, shardCount } = placement;
  const { base, writeShare, sizeBytes, keyCount } = workload;
  for (let shardId = 0; shardId < shardCount; shardId += 1) {
    const factor = factors[shardId]!;
    const cpu = base.cpu[shardId]! * factor;
    const network = base.network[shardId]! * factor;
    const written = writeShare[shardId]!;
    const start = shardId * width;
    const primary = rows[start]!;
    for (let column = 0; column < width; column += 1) {
      const node = rows[start + column]!;
      sums.bytes[node]! += sizeBytes[shardId]!;
      sums.keys[node]! += keyCount[shardId]!;
      if (column === 0 || serving[node] === 0 || serving[primary] === 0) continue;
      sums.cpu[node]! += cpu * written * SIZING.applyCostShare;
      sums.network[node]! += network * written;
    }
    if (serving[primary] === 0) continue;
    sums.cpu[primary]! += cpu;
    sums.network[primary]! += network;
    sums.reads[primary]! += base.reads[shardId]! * factor;
    sums.writes[primary]! += base.writes[shardId]! * factor;
  }
  return sums;
}
