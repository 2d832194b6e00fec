import { NODE } from './cluster-parameters';
import { performanceOf } from './performance-model';
import type { PhantomNode } from './phantom-node';
import type { ShardSums } from './shard-sums';

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

/** What comes of its shards, of the copies and of the clients that are connected at one node. */
export function nodeLoadOf(node: PhantomNode, sums: ShardSums, { copies, sessions }: { readonly copies: CopyLoad | null; readonly sessions: number }): NodeLoad {
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
    // Those who connected to it, and those whom it served when others sent them on.
    connections: sessions + Math.round((reads + writes) / 400),
  };
}
