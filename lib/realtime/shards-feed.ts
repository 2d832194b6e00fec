import type { WireShardRows } from '@/lib/contract/live';
import type { ShardQuality, ShardTable } from '@/lib/contract/shard-table';
import { readingDemand } from '@/lib/core/load/shard-demand';
import type { ClusterView } from '@/lib/manager/ports';
import { atOnce, ROWS_PER_TURN } from '@/lib/platform/in-turns';
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
  #prepared: PreparedRows | null = null;

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

  *preparing({ shards }: ClusterView, { settle }: { readonly settle: boolean }): Generator<void, void> {
    if (this.#isNoNews(shards, settle) || !sameShape(this.#sent, shards)) return;
    const prepared = yield* this.#choosing(shards, settle);
    // What is sent may take as long again.
    if (shards.shardCount > ROWS_PER_TURN) yield;
    this.#prepared = prepared;
  }

  advance({ shards }: ClusterView, { settle }: { readonly settle: boolean }): FeedChange {
    const prepared = this.#prepared;
    this.#prepared = null;
    if (this.#isNoNews(shards, settle)) return NOTHING;
    if (!sameShape(this.#sent, shards)) {
      this.#seen = shards;
      this.#sent = copyOf(shards);
      this.#unsettled = false;
      return { kind: 'replaced' };
    }
    const isReady = prepared?.sent === this.#sent && prepared.shards === shards && prepared.settle === settle;
    const { placementOnly, chosen: { indexes, more, turn }, rows } = isReady ? prepared : atOnce(this.#choosing(shards, settle));
    this.#seen = shards;
    if (!placementOnly) this.#unsettled = more;
    this.#turn = turn;
    const nodeIds = shards.nodeIds.length === this.#sent.nodeIds.length ? null : shards.nodeIds;
    if (indexes.length === 0 && nodeIds === null) return NOTHING;
    copyRows(shards, this.#sent, indexes);
    this.#sent = { ...this.#sent, nodeIds: shards.nodeIds };
    return { kind: 'delta', body: { view: 'shards', rows: { ...rows, indexes: bytesOf(indexes), nodeIds } } };
  }

  /** The rows that lead from what was sent towards `shards`; nothing of the feed changes by it. */
  *#choosing(shards: ShardTable, settle: boolean): Generator<void, PreparedRows> {
    const placementOnly = this.#isPlacementOnly(shards, settle);
    const sent = this.#sent;
    const differences = yield* comparing(sent, shards, placementOnly);
    if (shards.shardCount > ROWS_PER_TURN) yield;
    const chosen = chooseRows(differences, { turn: this.#turn, settle });
    return { sent, shards, settle, placementOnly, chosen, rows: encodeShardColumns(pickShardRows(shards, chosen.indexes)) };
  }

  #isNoNews(shards: ShardTable, settle: boolean): boolean {
    return shards === this.#seen && !(this.#unsettled && settle);
  }

  /** Where only the placement changed, as it does whenever a shard lands, no number is to be looked at. */
  #isPlacementOnly(shards: ShardTable, settle: boolean): boolean {
    const { load, sizeBytes, keyCount } = this.#seen;
    return !settle && load === shards.load && sizeBytes === shards.sizeBytes && keyCount === shards.keyCount;
  }
}

interface PreparedRows {
  readonly sent: ShardTable;
  readonly shards: ShardTable;
  readonly settle: boolean;
  readonly placementOnly: boolean;
  readonly chosen: Chosen;
  readonly rows: WireShardRows;
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

interface Rows {
  readonly from: number;
  readonly until: number;
}

/**
 * How each row of `next` differs from what was sent, with a rest after so many rows. Column by
 * column: a loop over one kind of array takes a fifth of the time.
 */
function* comparing(sent: ShardTable, next: ShardTable, placementOnly: boolean): Generator<void, Uint8Array> {
  const { shardCount } = next;
  const differences = new Uint8Array(shardCount);
  const { sizes, loads } = placementOnly ? NO_COLUMNS : yield* columnsOf(sent, next);
  for (let from = 0; from < shardCount; from += ROWS_PER_TURN) {
    if (from > 0) yield;
    const rows = { from, until: Math.min(shardCount, from + ROWS_PER_TURN) };
    comparePlacement(differences, sent, next, rows);
    for (const column of sizes) compareSizes(differences, column, rows);
    for (const column of loads) compareLoads(differences, column, rows);
  }
  return differences;
}

function comparePlacement(differences: Uint8Array, { replicas: before, replicaMax }: ShardTable, { replicas: after }: ShardTable, { from, until }: Rows): void {
  for (let row = from, at = from * replicaMax; row < until; row += 1) {
    for (const end = at + replicaMax; at < end; at += 1) if (before[at] !== after[at]) differences[row] = NOTICEABLE;
  }
}

interface Compared<T> {
  readonly before: T;
  readonly after: T;
  readonly floor: number;
}

interface ComparedColumns {
  readonly sizes: readonly Compared<Float64Array>[];
  readonly loads: readonly Compared<Float32Array>[];
}

const NO_COLUMNS: ComparedColumns = { sizes: [], loads: [] };

/** The means are those of the newest numbers: they are known, as the sums of a table are made before it is shown. */
function* columnsOf(sent: ShardTable, next: ShardTable): Generator<void, ComparedColumns> {
  const { bytes, keys, cpu, reads, writes, network } = yield* readingDemand(next);
  const { load: held } = sent;
  const { load } = next;
  return {
    sizes: [
      { before: sent.sizeBytes, after: next.sizeBytes, floor: SIZE_TOLERANCE * bytes.fill },
      { before: sent.keyCount, after: next.keyCount, floor: SIZE_TOLERANCE * keys.fill },
    ],
    loads: [
      { before: held.cpu, after: load.cpu, floor: LOAD_TOLERANCE * cpu.fill },
      { before: held.readsPerSecond, after: load.readsPerSecond, floor: LOAD_TOLERANCE * reads.fill },
      { before: held.writesPerSecond, after: load.writesPerSecond, floor: LOAD_TOLERANCE * writes.fill },
      { before: held.networkBytesPerSecond, after: load.networkBytesPerSecond, floor: LOAD_TOLERANCE * network.fill },
    ],
  };
}

// Two loops in the same words, each of which sees one kind of array.
function compareSizes(differences: Uint8Array, { before, after, floor }: Compared<Float64Array>, { from, until }: Rows): void {
  for (let row = from; row < until; row += 1) {
    if (before[row] !== after[row]) differences[row] = Math.max(differences[row]!, difference(before[row]!, after[row]!, SIZE_TOLERANCE, floor));
  }
}

function compareLoads(differences: Uint8Array, { before, after, floor }: Compared<Float32Array>, { from, until }: Rows): void {
  for (let row = from; row < until; row += 1) {
    if (before[row] !== after[row]) differences[row] = Math.max(differences[row]!, difference(before[row]!, after[row]!, LOAD_TOLERANCE, floor));
  }
}

/** Of two numbers that are not equal, as two unknown ones are not either. */
function difference(held: number, now: number, tolerance: number, floor: number): number {
  if (Number.isNaN(held) || Number.isNaN(now)) return Number.isNaN(held) && Number.isNaN(now) ? SAME : NOTICEABLE;
  return Math.abs(now - held) > Math.max(tolerance * held, floor) ? NOTICEABLE : SLIGHT;
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
