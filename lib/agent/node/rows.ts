import { createHash } from 'node:crypto';
import * as z from 'zod';

/** One write of a key as a shard keeps it. `version` numbers the writes of a shard, from 1; a deleted key stays as a mark. */
export interface Row {
  readonly key: string;
  readonly version: number;
  readonly deleted: boolean;
  readonly value: Buffer;
}

export const DIGEST_BYTES = 16;
export const EMPTY_DIGEST = '0'.repeat(2 * DIGEST_BYTES);

/** What a row weighs: the unit of sizes, throttles and progress. */
export function rowBytes(row: Row): number {
  return Buffer.byteLength(row.key) + row.value.length;
}

/** Of one row; a length before each part, so that no two rows have the same bytes. */
function digestOfRow(row: Row): Buffer {
  const head = Buffer.from(JSON.stringify([row.key, row.version, row.deleted, row.value.length]));
  return createHash('sha256').update(head).update(row.value).digest().subarray(0, DIGEST_BYTES);
}

/**
 * The digest of a set of rows as the exclusive-or of theirs: adding and taking away is the
 * same operation and costs the same whatever the set holds, so a shard's digest is kept
 * current with every write, and two copies at the same version are compared at once.
 */
export function toggleRow(digest: string, row: Row): string {
  const sum = Buffer.from(digest, 'hex');
  const one = digestOfRow(row);
  for (let index = 0; index < DIGEST_BYTES; index += 1) sum[index]! ^= one[index]!;
  return sum.toString('hex');
}

export function digestOf(rows: readonly Row[]): string {
  return rows.reduce(toggleRow, EMPTY_DIGEST);
}

/** A row on the wire between nodes. */
export const WireRowSchema = z.object({ k: z.string().max(1_024), v: z.number().int().min(1), d: z.boolean(), b: z.string() });
export type WireRow = z.infer<typeof WireRowSchema>;

export function toWire(row: Row): WireRow {
  return { k: row.key, v: row.version, d: row.deleted, b: row.value.toString('base64') };
}

export function fromWire(row: WireRow): Row {
  return { key: row.k, version: row.v, deleted: row.d, value: Buffer.from(row.b, 'base64') };
}
