import { SIZING } from './cluster-parameters';
import { isServing, type PhantomNode } from './phantom-node';
import type { Placement } from './placement';
import type { Workload } from './workload';

export interface SumSource {
  readonly nodes: readonly PhantomNode[];
  readonly placement: Placement;
  readonly workload: Workload;
  /** Load of every shard as a multiple of its base. */
  readonly factors: Float64Array;
}

/** Adding and taking away one of these rounds a number to a multiple of its 2^-52nd part, two thirds of it. */
const CPU_GRAIN = 1.5 * 2 ** 22;
const OPERATIONS_GRAIN = 1.5 * 2 ** 36;
const NETWORK_GRAIN = 1.5 * 2 ** 44;

/**
 * What every node's shards ask of it, by node index. A primary executes every read and write
 * of its shard; a secondary applies the writes, at SIZING.applyCostShare of their cost and
 * the written share of the network. Nobody asks a node that is not serving, so its shards
 * cost nothing while it is away.
 *
 * To sum up all replicas whenever a shard lands would hold the event loop where there are
 * hundreds of thousands, so a shard that changed is taken out as it was added and added as
 * it is now. That floating point would drift with it, and the course of the cluster depend on
 * how often somebody looked, is ruled out by grains: what a shard asks is rounded to multiples
 * of 2^-30 cores, 2^-16 operations and 2^-8 bytes a second, of which doubles hold sums exactly up
 * to eight million cores a node, so that the sums are the same to the bit in whichever order.
 */
export class ShardSums {
  cpu: Float64Array;
  network: Float64Array;
  reads: Float64Array;
  writes: Float64Array;
  bytes: Float64Array;
  keys: Float64Array;
  /** Of every shard as it was added: where its replicas were, and what it asked. */
  readonly #added: { readonly rows: Int16Array; readonly factors: Float64Array; readonly sizeBytes: Float64Array; readonly keyCount: Float64Array };
  /** Of every node, as its shards were added. */
  #serving: Uint8Array;

  /** All shards: O(replicas), some milliseconds for 300,000 of them. */
  constructor(private readonly source: SumSource) {
    const { nodes, placement, workload, factors } = source;
    const column = () => new Float64Array(nodes.length);
    [this.cpu, this.network, this.reads, this.writes, this.bytes, this.keys] = [column(), column(), column(), column(), column(), column()];
    this.#serving = servingOf(nodes);
    this.#added = { rows: placement.rows.slice(), factors: factors.slice(), sizeBytes: workload.sizeBytes.slice(), keyCount: workload.keyCount.slice() };
    this.#sum('all', 1);
  }

  /** These shards are held or asked for otherwise than when they were added: O(their replicas). */
  renew(shardIds: Int32Array): void {
    const { rows, factors, sizeBytes, keyCount } = this.#added;
    const { placement, workload, factors: asked } = this.source;
    const { width } = placement;
    this.#sum(shardIds, -1);
    for (const shardId of shardIds) {
      for (let at = shardId * width; at < (shardId + 1) * width; at += 1) rows[at] = placement.rows[at]!;
      factors[shardId] = asked[shardId]!;
      sizeBytes[shardId] = workload.sizeBytes[shardId]!;
      keyCount[shardId] = workload.keyCount[shardId]!;
    }
    this.#sum(shardIds, 1);
  }

  /** Nodes came, or serve where they did not: makes room for them, and renews the shards that nodes hold which are asked otherwise. O(replicas) to look, and little more. */
  renewNodes(): void {
    const { nodes, placement: { width } } = this.source;
    const [before, serving] = [this.#serving, servingOf(nodes)];
    if (nodes.length > before.length) this.#widen(nodes.length);
    const changed = before.map((was, index) => (serving[index] === was ? 0 : 1));
    const shards = changed.includes(1) ? this.#shardsOn(changed, width) : new Int32Array(0);
    this.#sum(shards, -1);
    this.#serving = serving;
    this.#sum(shards, 1);
  }

  /** Shards of which a replica was on one of the marked nodes when they were added. */
  #shardsOn(marks: Uint8Array, width: number): Int32Array {
    const { rows } = this.#added;
    const shards = new Int32Array(rows.length / width);
    let count = 0;
    for (let start = 0; start < rows.length; start += width) {
      let isOn = false;
      for (let at = start; at < start + width; at += 1) isOn ||= marks[rows[at]!] === 1;
      if (isOn) shards[count++] = start / width;
    }
    return shards.subarray(0, count);
  }

  #widen(length: number): void {
    const widened = (column: Float64Array) => {
      const wide = new Float64Array(length);
      wide.set(column);
      return wide;
    };
    [this.cpu, this.network, this.reads] = [widened(this.cpu), widened(this.network), widened(this.reads)];
    [this.writes, this.bytes, this.keys] = [widened(this.writes), widened(this.bytes), widened(this.keys)];
  }

  /** Time has passed: renews those of which the load or the size is another now, which is a small share of them. */
  renewAsked(): void {
    const { factors, sizeBytes } = this.#added;
    const { workload: { sizeBytes: sizes }, factors: asked } = this.source;
    const shards = new Int32Array(asked.length);
    let count = 0;
    for (let shardId = 0; shardId < asked.length; shardId += 1) {
      if (asked[shardId] !== factors[shardId] || sizes[shardId] !== sizeBytes[shardId]) shards[count++] = shardId;
    }
    this.renew(shards.subarray(0, count));
  }

  /** Adds shards as they are noted in `#added`, or takes them out. Plain locals: it is the hottest loop of the simulator. */
  #sum(shardIds: Int32Array | 'all', sign: 1 | -1): void {
    const { cpu: cpuSum, network: networkSum, reads: readSum, writes: writeSum, bytes: byteSum, keys: keySum } = this;
    const { rows, factors, sizeBytes, keyCount } = this.#added;
    const serving = this.#serving;
    const { placement: { width }, workload: { base, writeShare } } = this.source;
    const { cpu: baseCpu, network: baseNetwork, reads: baseReads, writes: baseWrites } = base;
    const ids = shardIds === 'all' ? null : shardIds;
    const count = ids?.length ?? factors.length;
    for (let at = 0; at < count; at += 1) {
      const shardId = ids === null ? at : ids[at]!;
      const start = shardId * width;
      const primary = rows[start]!;
      const served = serving[primary]! * factors[shardId]!;
      const cpu = baseCpu[shardId]! * served;
      const network = baseNetwork[shardId]! * served;
      const bytes = sign * sizeBytes[shardId]!;
      const keys = sign * keyCount[shardId]!;
      cpuSum[primary]! += sign * (cpu + CPU_GRAIN - CPU_GRAIN);
      networkSum[primary]! += sign * (network + NETWORK_GRAIN - NETWORK_GRAIN);
      readSum[primary]! += sign * (baseReads[shardId]! * served + OPERATIONS_GRAIN - OPERATIONS_GRAIN);
      writeSum[primary]! += sign * (baseWrites[shardId]! * served + OPERATIONS_GRAIN - OPERATIONS_GRAIN);
      byteSum[primary]! += bytes;
      keySum[primary]! += keys;
      const applyCpu = sign * (cpu * writeShare[shardId]! * SIZING.applyCostShare + CPU_GRAIN - CPU_GRAIN);
      const applyNetwork = sign * (network * writeShare[shardId]! + NETWORK_GRAIN - NETWORK_GRAIN);
      for (let column = 1; column < width; column += 1) {
        const node = rows[start + column]!;
        byteSum[node]! += bytes;
        keySum[node]! += keys;
        cpuSum[node]! += serving[node]! * applyCpu;
        networkSum[node]! += serving[node]! * applyNetwork;
      }
    }
  }
}

function servingOf(nodes: readonly PhantomNode[]): Uint8Array {
  return Uint8Array.from(nodes, (node) => (isServing(node) ? 1 : 0));
}
