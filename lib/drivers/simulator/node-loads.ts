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
  sumUp(sums, new Uint8Array(nodes.length).fill(1), { nodes, placement, workload, factors });
  return sums;
}

/** Sums up anew for some nodes, by node index: to the bit what `shardSumsOf` gives for them, in a quarter of its time where they are few. */
export function renewSums(sums: ShardSums, indexes: Iterable<number>, source: SumSource): void {
  const wanted = new Uint8Array(source.nodes.length);
  for (const index of indexes) {
    wanted[index] = 1;
    for (const column of Object.values(sums) as Float64Array[]) column[index] = 0;
  }
  sumUp(sums, wanted, source);
}

interface SumSource {
  readonly nodes: readonly PhantomNode[];
  readonly placement: Placement;
  readonly workload: Workload;
  readonly factors: Float64Array;
}

/** Adds what the shards of the wanted nodes ask of them. */
function sumUp({ cpu: cpuSum, network: networkSum, reads: readSum, writes: writeSum, bytes: byteSum, keys: keySum }: ShardSums, wanted: Uint8Array, { nodes, placement, workload, factors }: SumSource): void {
  // Plain locals: this is the hottest loop of the simulator.
  const serving = Uint8Array.from(nodes, (node) => (isServing(node) ? 1 : 0));
  const { rows, width, shardCount } = placement;
  const { base, writeShare, sizeBytes, keyCount } = workload;
  const { cpu: baseCpu, network: baseNetwork, reads: baseReads, writes: baseWrites } = base;
  for (let shardId = 0; shardId < shardCount; shardId += 1) {
    const start = shardId * width;
    const primary = rows[start]!;
    let holders = 0;
    for (let column = 0; column < width; column += 1) holders += wanted[rows[start + column]!]!;
    if (holders === 0) continue;
    const served = serving[primary]! * factors[shardId]!;
    const cpu = baseCpu[shardId]! * served;
    const network = baseNetwork[shardId]! * served;
    const bytes = sizeBytes[shardId]!;
    const keys = keyCount[shardId]!;
    if (wanted[primary] === 1) {
      cpuSum[primary]! += cpu;
      networkSum[primary]! += network;
      readSum[primary]! += baseReads[shardId]! * served;
      writeSum[primary]! += baseWrites[shardId]! * served;
      byteSum[primary]! += bytes;
      keySum[primary]! += keys;
    }
    const applyCpu = cpu * writeShare[shardId]! * SIZING.applyCostShare;
    const applyNetwork = network * writeShare[shardId]!;
    for (let column = 1; column < width; column += 1) {
      const node = rows[start + column]!;
      if (wanted[node] === 0) continue;
      byteSum[node]! += bytes;
      keySum[node]! += keys;
      if (serving[node] === 0) continue;
      cpuSum[node]! += applyCpu;
      networkSum[node]! += applyNetwork;
    }
  }
}
