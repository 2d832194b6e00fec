/**
 * What the reference node keeps on its disk: rows by shard, the records of its shards, and
 * what it must refuse. SQLite (libSQL) in one file with a write-ahead log; every commit is
 * synced before it returns (`synchronous=FULL`), so what was committed survives a kill and,
 * as far as the disk tells the truth, a power cut. Writes that come together share a commit:
 * on a small machine the sync costs some milliseconds, the rows next to nothing.
 */
import Database from 'libsql';
import { PeerSchema } from '@/lib/contract/agent-protocol';
import { err, ok, type Result } from '@/lib/platform/result';
import * as z from 'zod';
import { EMPTY_DIGEST, rowBytes, toggleRow, type Row } from './rows';

const DocumentSchema = z.object({
  role: z.enum(['primary', 'secondary', 'importing', 'leaving']),
  epoch: z.number(),
  /** Of one history of writes: copies of different lineages have nothing in common. */
  lineage: z.string(),
  /** Marks of deleted keys up to this version are gone: a copy older than that cannot catch up. */
  gcFloor: z.number(),
  /** Whom a secondary or an import follows; `null` for a primary. */
  primary: PeerSchema.nullable(),
  secondaries: z.array(z.object({ peer: PeerSchema, inSync: z.boolean() })),
  /** A primary that has stopped serving: to whom, under which epoch, and whether it stays on as a secondary. */
  handover: z.object({ target: PeerSchema, epoch: z.number(), stay: z.boolean() }).nullable(),
  /** Of one that is leaving: who has the shard. */
  successor: PeerSchema.nullable(),
  /** Counts changes of who is in sync, under this epoch. */
  syncGeneration: z.number().default(0),
  /** A secondary fell behind and the manager has not said yet that it knows: nothing is acknowledged meanwhile. */
  unconfirmed: z.boolean().default(false),
  /** Of a primary that took over: copies of that lineage have the same writes up to that version. */
  ancestor: z.object({ lineage: z.string(), version: z.number() }).nullable().default(null),
});

export interface ShardRecord extends z.infer<typeof DocumentSchema> {
  readonly shardId: number;
  readonly version: number;
  readonly keyCount: number;
  readonly sizeBytes: number;
  readonly digest: string;
}

export function emptyShard(shardId: number, change: Partial<ShardRecord> & Pick<ShardRecord, 'role' | 'epoch' | 'lineage'>): ShardRecord {
  return {
    shardId, version: 0, keyCount: 0, sizeBytes: 0, digest: EMPTY_DIGEST, gcFloor: 0,
    primary: null, secondaries: [], handover: null, successor: null, syncGeneration: 0, unconfirmed: false, ancestor: null, ...change,
  };
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS shards (
  id INTEGER PRIMARY KEY, version INTEGER NOT NULL, key_count INTEGER NOT NULL, size_bytes INTEGER NOT NULL, digest TEXT NOT NULL, document TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS rows (
  shard INTEGER NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, deleted INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (shard, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS rows_by_version ON rows (shard, version);
CREATE TABLE IF NOT EXISTS floors (shard INTEGER PRIMARY KEY, epoch INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;

// One row is read with a Buffer in it, many with ArrayBuffers.
const RowSchema = z.object({ key: z.string(), version: z.number(), deleted: z.number(), value: z.instanceof(Buffer).or(z.instanceof(ArrayBuffer)) });

type Work = { readonly run: (tx: Changes) => unknown; readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void };

/** Changes inside one transaction; records are visible to others after the commit only. */
export interface Changes {
  shard(shardId: number): ShardRecord | null;
  save(record: ShardRecord): void;
  /** Writes the rows that are newer than what is there and keeps version, counts and digest; the record as it is then. */
  write(record: ShardRecord, rows: readonly Row[]): ShardRecord;
  /** Deletes up to `limit` rows of a shard; how many there were. */
  deleteRows(shardId: number, limit: number): number;
  forget(shardId: number): void;
  /** Ownership of the shard below this epoch is refused from now on. */
  raiseFloor(shardId: number, epoch: number): void;
  /** Deletes marks of deleted keys up to a version. */
  purgeMarks(shardId: number, upToVersion: number): void;
  set(name: string, value: string): void;
}

/** Opens the store, or says why it cannot be. */
export function openNodeStore(path: string): Result<NodeStore, string> {
  try {
    return ok(new NodeStore(path));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isBusy = 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
    return err(isBusy ? `Another process uses ${path}: one folder is one node` : `${path} cannot be opened: ${error.message}`);
  }
}

export class NodeStore {
  readonly #db: Database.Database;
  readonly #statements: ReturnType<typeof prepareAll>;
  readonly #shards = new Map<number, ShardRecord>();
  readonly #floors = new Map<number, number>();
  #waiting: Work[] = [];
  #scheduled = false;

  constructor(path: string) {
    this.#db = new Database(path);
    // Exclusive: two processes in one folder would be one node twice.
    this.#db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    this.#db.exec(SCHEMA);
    this.#statements = prepareAll(this.#db);
    for (const row of z.array(z.object({ id: z.number(), version: z.number(), key_count: z.number(), size_bytes: z.number(), digest: z.string(), document: z.string() })).parse(this.#db.prepare('SELECT * FROM shards').all())) {
      const document = DocumentSchema.parse(JSON.parse(row.document));
      this.#shards.set(row.id, { shardId: row.id, version: row.version, keyCount: row.key_count, sizeBytes: row.size_bytes, digest: row.digest, ...document });
    }
    for (const row of z.array(z.object({ shard: z.number(), epoch: z.number() })).parse(this.#db.prepare('SELECT * FROM floors').all())) this.#floors.set(row.shard, row.epoch);
  }

  shard(shardId: number): ShardRecord | null {
    return this.#shards.get(shardId) ?? null;
  }

  shards(): ShardRecord[] {
    return [...this.#shards.values()];
  }

  /** The lowest epoch under which this node may hold the shard. */
  floorOf(shardId: number): number {
    return this.#floors.get(shardId) ?? 0;
  }

  setting(name: string): string | null {
    const row = z.object({ value: z.string() }).optional().parse(this.#statements.setting.get(name));
    return row?.value ?? null;
  }

  get(shardId: number, key: string): Row | null {
    return rowOf(this.#statements.get.get(shardId, key));
  }

  /** Rows with a higher version than `after`, oldest first, up to about `bytesMax` (at least one). */
  changes(shardId: number, after: number, bytesMax: number): Row[] {
    const rows: Row[] = [];
    let bytes = 0;
    let cursor = after;
    while (bytes < bytesMax) {
      const some = this.#statements.changes.all(shardId, cursor).map(rowOf).filter((row) => row !== null);
      if (some.length === 0) break;
      for (const row of some) {
        if (rows.length > 0 && bytes + rowBytes(row) > bytesMax) return rows;
        rows.push(row);
        bytes += rowBytes(row);
        cursor = row.version;
      }
    }
    return rows;
  }

  /** Rows in the order of their keys, for a proof of what is really there. */
  scan(shardId: number, afterKey: string, limit: number): Row[] {
    return this.#statements.scan.all(shardId, afterKey, limit).map(rowOf).filter((row) => row !== null);
  }

  /** Runs the work in a transaction that is on disk when this resolves; works of one turn of the event loop share it. */
  commit<T>(run: (tx: Changes) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ run, resolve: (value) => { resolve(value as T); }, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => { this.#flush(); });
    });
  }

  close(): void {
    this.#flush();
    this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#db.close();
  }

  #flush(): void {
    const works = this.#waiting;
    this.#waiting = [];
    this.#scheduled = false;
    if (works.length === 0) return;
    const staged = new StagedChanges(this.#statements, (shardId) => this.shard(shardId));
    const results: unknown[] = [];
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const work of works) results.push(work.run(staged));
      staged.flush();
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      for (const work of works) work.reject(error);
      return;
    }
    for (const [shardId, record] of staged.records) {
      if (record === null) this.#shards.delete(shardId);
      else this.#shards.set(shardId, record);
    }
    for (const [shardId, epoch] of staged.floors) this.#floors.set(shardId, Math.max(epoch, this.floorOf(shardId)));
    works.forEach((work, index) => { work.resolve(results[index]); });
  }
}

function rowOf(found: unknown): Row | null {
  if (found === undefined) return null;
  const row = RowSchema.parse(found);
  return { ...row, deleted: row.deleted === 1, value: Buffer.isBuffer(row.value) ? row.value : Buffer.from(row.value) };
}

function prepareAll(db: Database.Database) {
  return {
    get: db.prepare('SELECT key, version, deleted, value FROM rows WHERE shard = ? AND key = ?'),
    changes: db.prepare('SELECT key, version, deleted, value FROM rows WHERE shard = ? AND version > ? ORDER BY version LIMIT 256'),
    scan: db.prepare('SELECT key, version, deleted, value FROM rows WHERE shard = ? AND key > ? ORDER BY key LIMIT ?'),
    write: db.prepare('INSERT INTO rows (shard, key, version, deleted, value) VALUES (?, ?, ?, ?, ?) ON CONFLICT (shard, key) DO UPDATE SET version = excluded.version, deleted = excluded.deleted, value = excluded.value'),
    deleteRows: db.prepare('DELETE FROM rows WHERE shard = ? AND key IN (SELECT key FROM rows WHERE shard = ? LIMIT ?)'),
    purge: db.prepare('DELETE FROM rows WHERE shard = ? AND version <= ? AND deleted = 1'),
    saveShard: db.prepare('INSERT INTO shards (id, version, key_count, size_bytes, digest, document) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET version = excluded.version, key_count = excluded.key_count, size_bytes = excluded.size_bytes, digest = excluded.digest, document = excluded.document'),
    forget: db.prepare('DELETE FROM shards WHERE id = ?'),
    floor: db.prepare('INSERT INTO floors (shard, epoch) VALUES (?, ?) ON CONFLICT (shard) DO UPDATE SET epoch = max(epoch, excluded.epoch)'),
    setting: db.prepare('SELECT value FROM settings WHERE name = ?'),
    set: db.prepare('INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value'),
  };
}

class StagedChanges implements Changes {
  readonly records = new Map<number, ShardRecord | null>();
  readonly floors = new Map<number, number>();

  constructor(private readonly statements: ReturnType<typeof prepareAll>, private readonly committed: (shardId: number) => ShardRecord | null) {}

  shard(shardId: number): ShardRecord | null {
    const staged = this.records.get(shardId);
    return staged === undefined ? this.committed(shardId) : staged;
  }

  save(record: ShardRecord): void {
    this.records.set(record.shardId, record);
  }

  write(record: ShardRecord, rows: readonly Row[]): ShardRecord {
    let { version, keyCount, sizeBytes, digest } = record;
    for (const row of rows) {
      const before = rowOf(this.statements.get.get(record.shardId, row.key));
      version = Math.max(version, row.version);
      if (before !== null && before.version >= row.version) continue;
      // Marks count for nothing: they are cleared at different times on different copies.
      if (before !== null && !before.deleted) {
        digest = toggleRow(digest, before);
        keyCount -= 1;
        sizeBytes -= rowBytes(before);
      }
      if (!row.deleted) {
        digest = toggleRow(digest, row);
        keyCount += 1;
        sizeBytes += rowBytes(row);
      }
      this.statements.write.run(record.shardId, row.key, row.version, row.deleted ? 1 : 0, row.value);
    }
    const changed = { ...record, version, keyCount, sizeBytes, digest };
    this.save(changed);
    return changed;
  }

  deleteRows(shardId: number, limit: number): number {
    return this.statements.deleteRows.run(shardId, shardId, limit).changes;
  }

  forget(shardId: number): void {
    this.records.set(shardId, null);
  }

  raiseFloor(shardId: number, epoch: number): void {
    this.floors.set(shardId, Math.max(epoch, this.floors.get(shardId) ?? 0));
    this.statements.floor.run(shardId, epoch);
  }

  purgeMarks(shardId: number, upToVersion: number): void {
    this.statements.purge.run(shardId, upToVersion);
  }

  set(name: string, value: string): void {
    this.statements.set.run(name, value);
  }

  /** Each record that changed, once. */
  flush(): void {
    for (const [shardId, record] of this.records) {
      if (record === null) {
        this.statements.forget.run(shardId);
        continue;
      }
      const { shardId: _id, version, keyCount, sizeBytes, digest, ...document } = record;
      this.statements.saveShard.run(shardId, version, keyCount, sizeBytes, digest, JSON.stringify(document));
    }
  }
}
