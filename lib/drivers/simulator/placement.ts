import { NO_REPLICA } from '@/lib/contract/shard-table';
import { assert } from '@/lib/platform/assert';

export type Role = 'primary' | 'secondary';

/**
 * Which node holds which replica, by node index; column 0 of a row is the primary. Every
 * change is one row, asserted against P1 and P3 on the spot. Rows are full (every shard
 * has its number of replicas) because a replica is only ever replaced, never dropped.
 */
export class Placement {
  /** Shards x width, row-major. */
  readonly rows: Int16Array;
  /** Counts the changes of ownership of each shard. */
  readonly epochs: Float64Array;
  /** Replicas and primaries per node index. */
  readonly replicaCounts: number[] = [];
  readonly primaryCounts: number[] = [];
  #version = 0;

  constructor(readonly shardCount: number, readonly width: number, rows: Int16Array, epochs: Float64Array) {
    assert(rows.length === shardCount * width && epochs.length === shardCount, 'Placement rows do not fit the shard count');
    this.rows = rows;
    this.epochs = epochs;
    for (let shardId = 0; shardId < shardCount; shardId += 1) {
      this.#assertRow(shardId);
      this.#count(shardId, 1);
    }
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  holders(shardId: number): Int16Array {
    return this.rows.subarray(shardId * this.width, (shardId + 1) * this.width);
  }

  primary(shardId: number): number {
    return this.rows[shardId * this.width]!;
  }

  roleOf(shardId: number, node: number): Role | null {
    const column = this.holders(shardId).indexOf(node);
    if (column < 0) return null;
    return column === 0 ? 'primary' : 'secondary';
  }

  /** The target takes the source's place in the row, role included. */
  replace(shardId: number, source: number, target: number): void {
    const column = this.holders(shardId).indexOf(source);
    assert(column >= 0, `Node ${source} does not hold shard ${shardId}`);
    this.#change(shardId, () => { this.rows[shardId * this.width + column] = target; });
  }

  /** The primary role goes to a node that holds a replica; the former primary becomes a secondary. */
  promote(shardId: number, node: number): void {
    const start = shardId * this.width;
    const column = this.holders(shardId).indexOf(node);
    assert(column > 0, `Node ${node} holds no secondary of shard ${shardId}`);
    this.#change(shardId, () => {
      this.rows[start + column] = this.rows[start]!;
      this.rows[start] = node;
    });
  }

  /** A whole row as it was stored. */
  restoreRow(shardId: number, holders: readonly number[], epoch: number): void {
    assert(holders.length === this.width, `A row has ${this.width} replicas`);
    this.#change(shardId, () => { this.rows.set(holders, shardId * this.width); });
    this.epochs[shardId] = epoch;
  }

  #change(shardId: number, write: () => void): void {
    this.#count(shardId, -1);
    write();
    this.#assertRow(shardId);
    this.#count(shardId, 1);
    this.epochs[shardId]! += 1;
    this.#version += 1;
  }

  #count(shardId: number, by: 1 | -1): void {
    const start = shardId * this.width;
    for (let column = 0; column < this.width; column += 1) {
      const node = this.rows[start + column]!;
      this.replicaCounts[node] = (this.replicaCounts[node] ?? 0) + by;
    }
    const primary = this.rows[start]!;
    this.primaryCounts[primary] = (this.primaryCounts[primary] ?? 0) + by;
  }

  #assertRow(shardId: number): void {
    const start = shardId * this.width;
    for (let column = 0; column < this.width; column += 1) {
      const node = this.rows[start + column]!;
      assert(node > NO_REPLICA, `[P1] shard ${shardId} lost a replica`);
      for (let other = 0; other < column; other += 1) assert(this.rows[start + other] !== node, `[P3] shard ${shardId} is twice on node ${node}`);
    }
  }
}
