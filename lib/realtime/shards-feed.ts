import type { ShardQuality, ShardTable } from '@/lib/contract/shard-table';
import type { ClusterView } from '@/lib/manager/ports';
import { NOTHING, type FeedChange, type SnapshotBody, type ViewFeed } from './view-feed';
import { bytesOf, encodeShardColumns, pickShardRows, type ShardColumns } from './wire-columns';

/**
 * The shard table, up to a million rows of which nearly every load changes a little with
 * every reading. Sending all of that would make a delta as large as the table, so rows go
 * out in two ways:
 *
 * - At once: the placement changed, a value became known or unknown, or a number moved
 *   noticeably from what clients hold, that is by more than LOAD_TOLERANCE (sizes and key
 *   counts SIZE_TOLERANCE) of itself and of its column's mean. The second keeps the noise
 *   of nearly idle shards off the wire.
 * - In turn: every delta also takes along some rows that moved less, from where the last
 *   one stopped. So no number is off for longer than ROTATION deltas, and when nothing
 *   changes any more the clients end up with exactly the server's table (R1).
 */
export const LOAD_TOLERANCE = 0.05;
const SIZE_TOLERANCE = 0.01;
/** A delta takes along one row in so many that moved within the tolerance. */
const ROTATION = 128;
/** The same when nothing else is going on. */
const ROTATION_SETTLING = 8;

export class ShardsFeed implements ViewFeed {
  #sent: ShardTable;
  /** The table last compared with; the same one again holds no news unless rows were put off. */
  #seen: ShardTable;
  #unsettled = false;
  #turn = 0;

  constructor(view: ClusterView) {
    this.#seen = view.shards;
    this.#sent = copyOf(view.shards);
  }

  get unsettled(): boolean {
    return this.#unsettled;
  }

  snapshot(): SnapshotBody {
    const { shardCount, replicaMax, nodeIds, quality } = this.#sent;
    return { view: 'shards', table: { shardCount, replicaMax, nodeIds, quality, ...encodeShardColumns(this.#sent) } };
  }

  advance({ shards }: ClusterView, { settle }: { readonly settle: boolean }): FeedChange {
    if (shards === this.#seen && !(this.#unsettled && settle)) return NOTHING;
    const before = this.#seen;
    this.#seen = shards;
    if (!sameShape(this.#sent, shards)) {
      this.#sent = copyOf(shards);
      this.#unsettled = false;
      return { kind: 'replaced' };
    }
    // Where only the placement changed, as it does whenever a shard lands, no number is to be looked at.
    const placementOnly = !settle && before.load === shards.load && before.sizeBytes === shards.sizeBytes && before.keyCount === shards.keyCount;
    const { indexes, more, turn } = chooseRows(differencesBetween(this.#sent, shards, placementOnly), { turn: this.#turn, settle });
    if (!placementOnly) this.#unsettled = more;
    this.#turn = turn;
    const nodeIds = shards.nodeIds.length === this.#sent.nodeIds.length ? null : shards.nodeIds;
    if (indexes.length === 0 && nodeIds === null) return NOTHING;
    copyRows(shards, this.#sent, indexes);
    this.#sent = { ...this.#sent, nodeIds: shards.nodeIds };
    const rows = encodeShardColumns(pickShardRows(shards, indexes));
    return { kind: 'delta', body: { view: 'shards', rows: { ...rows, indexes: bytesOf(indexes), nodeIds } } };
  }
}

/** Is there a delta from one to the other? A dictionary may only have grown. */
function sameShape(sent: ShardTable, next: ShardTable): boolean {
  return sent.shardCount === next.shardCount && sent.replicaMax === next.replicaMax && sameQuality(sent.quality, next.quality)
    && (sent.nodeIds === next.nodeIds || sent.nodeIds.every((nodeId, index) => nodeId === next.nodeIds[index]));
}

/** A few samples more or less are no reason to send a table again. */
function sameQuality(a: ShardQuality, b: ShardQuality): boolean {
  return a.size === b.size && a.load === b.load
    && Math.abs(a.sizeSampleCount - b.sizeSampleCount) <= 0.1 * Math.max(a.sizeSampleCount, b.sizeSampleCount);
}

interface Chosen {
  readonly indexes: Uint32Array;
  /** Rows that differ were left for a later turn. */
  readonly more: boolean;
  readonly turn: number;
}

function chooseRows(differences: Uint8Array, { turn, settle }: { turn: number; settle: boolean }): Chosen {
  const shardCount = differences.length;
  const chosen: number[] = [];
  let room = Math.ceil(shardCount / (settle ? ROTATION_SETTLING : ROTATION));
  let more = false;
  let nextTurn = turn;
  for (let step = 0, row = turn; step < shardCount; step += 1, row += 1) {
    if (row >= shardCount) row -= shardCount;
    const kind = differences[row]!;
    if (kind === SAME) continue;
    if (kind === SLIGHT) {
      if (room === 0) {
        more = true;
        continue;
      }
      room -= 1;
      nextTurn = (row + 1) % shardCount;
    }
    chosen.push(row);
  }
  return { indexes: Uint32Array.from(chosen), more, turn: nextTurn };
}

const SAME = 0;
const SLIGHT = 1;
const NOTICEABLE = 2;
type NumberColumn = Float32Array | Float64Array;

/** How each row of `next` differs from what was sent. Column by column: a loop over one kind of array takes a fifth of the time. */
function differencesBetween(sent: ShardTable, next: ShardTable, placementOnly: boolean): Uint8Array {
  const differences = new Uint8Array(next.shardCount);
  comparePlacement(differences, sent, next);
  if (placementOnly) return differences;
  compareSizes(differences, sent.sizeBytes, next.sizeBytes);
  compareSizes(differences, sent.keyCount, next.keyCount);
  compareLoads(differences, sent.load.cpu, next.load.cpu);
  compareLoads(differences, sent.load.readsPerSecond, next.load.readsPerSecond);
  compareLoads(differences, sent.load.writesPerSecond, next.load.writesPerSecond);
  compareLoads(differences, sent.load.networkBytesPerSecond, next.load.networkBytesPerSecond);
  return differences;
}

function comparePlacement(differences: Uint8Array, { replicas: before, replicaMax }: ShardTable, { replicas: after }: ShardTable): void {
  for (let row = 0, at = 0; row < differences.length; row += 1) {
    for (const end = at + replicaMax; at < end; at += 1) if (before[at] !== after[at]) differences[row] = NOTICEABLE;
  }
}

// Two loops in the same words, each of which sees one kind of array.
function compareSizes(differences: Uint8Array, before: Float64Array, after: Float64Array): void {
  const floor = SIZE_TOLERANCE * meanOf(before);
  for (let row = 0; row < differences.length; row += 1) {
    if (before[row] !== after[row]) differences[row] = Math.max(differences[row]!, difference(before[row]!, after[row]!, SIZE_TOLERANCE, floor));
  }
}

function compareLoads(differences: Uint8Array, before: Float32Array, after: Float32Array): void {
  const floor = LOAD_TOLERANCE * meanOf(before);
  for (let row = 0; row < differences.length; row += 1) {
    if (before[row] !== after[row]) differences[row] = Math.max(differences[row]!, difference(before[row]!, after[row]!, LOAD_TOLERANCE, floor));
  }
}

/** Of two numbers that are not equal, as two unknown ones are not either. */
function difference(held: number, now: number, tolerance: number, floor: number): number {
  if (Number.isNaN(held) || Number.isNaN(now)) return Number.isNaN(held) && Number.isNaN(now) ? SAME : NOTICEABLE;
  return Math.abs(now - held) > Math.max(tolerance * held, floor) ? NOTICEABLE : SLIGHT;
}

/** Over the known values; 0 when there are none. */
function meanOf(column: NumberColumn): number {
  let sum = 0;
  let count = 0;
  for (let row = 0; row < column.length; row += 1) {
    const value = column[row]!;
    if (Number.isNaN(value)) continue;
    sum += value;
    count += 1;
  }
  return count === 0 ? 0 : sum / count;
}

function copyOf(table: ShardTable): ShardTable {
  const { load } = table;
  return {
    ...table,
    replicas: table.replicas.slice(),
    sizeBytes: table.sizeBytes.slice(),
    keyCount: table.keyCount.slice(),
    load: {
      cpu: load.cpu.slice(),
      readsPerSecond: load.readsPerSecond.slice(),
      writesPerSecond: load.writesPerSecond.slice(),
      networkBytesPerSecond: load.networkBytesPerSecond.slice(),
    },
  };
}

/** The one place that writes into a table: the feed's own copy, which nobody else holds. */
function copyRows(from: ShardColumns, to: ShardColumns, indexes: Uint32Array): void {
  const { replicaMax } = from;
  for (let position = 0; position < indexes.length; position += 1) {
    const row = indexes[position]!;
    for (let at = row * replicaMax; at < (row + 1) * replicaMax; at += 1) to.replicas[at] = from.replicas[at]!;
  }
  copyNumbers(from.sizeBytes, to.sizeBytes, indexes);
  copyNumbers(from.keyCount, to.keyCount, indexes);
  copyNumbers(from.load.cpu, to.load.cpu, indexes);
  copyNumbers(from.load.readsPerSecond, to.load.readsPerSecond, indexes);
  copyNumbers(from.load.writesPerSecond, to.load.writesPerSecond, indexes);
  copyNumbers(from.load.networkBytesPerSecond, to.load.networkBytesPerSecond, indexes);
}

function copyNumbers(from: NumberColumn, to: NumberColumn, indexes: Uint32Array): void {
  for (let position = 0; position < indexes.length; position += 1) to[indexes[position]!] = from[indexes[position]!]!;
}
