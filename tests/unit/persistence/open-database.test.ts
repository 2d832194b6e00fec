import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openDatabase } from '@/lib/persistence/open-database';
import { PinnedLibSql } from '@/lib/persistence/pinned-libsql';
import { systemClock } from '@/lib/platform/system-clock';
import { appendEvent, event, insertCluster, insertOperation, moves } from '../../contract/store-fixtures';
import { makeFolder } from '../../support/temporary-folder';

const open = (path: string) => openDatabase({ url: `file:${path}`, clock: systemClock });

/** Opens a database that is expected to open, and closes it when the test ends. */
async function opened(path: string) {
  const result = await open(path);
  if (!result.ok) throw new Error(result.error.message);
  onTestFinished(() => result.value.close());
  return result.value;
}

// Real files and real syncs: a busy machine takes its time.
vi.setConfig({ testTimeout: 30_000 });

const templateFolder = mkdtempSync(join(tmpdir(), 'phantom-scale-template-'));
beforeAll(async () => {
  const template = await open(join(templateFolder, 'x.db'));
  if (template.ok) await template.value.close();
}, 30_000);
afterAll(() => { rmSync(templateFolder, { recursive: true }); });

/** The path of a migrated, empty database of the test's own. */
function migrated(): string {
  const path = join(makeFolder(), 'x.db');
  copyFileSync(join(templateFolder, 'x.db'), path);
  return path;
}

/** Runs SQL behind the store's back. */
async function tamper(path: string, sql: string) {
  const connection = await new PinnedLibSql(path).connect();
  await connection.executeScript(sql);
  await connection.dispose();
}

describe('openDatabase', () => {
  it('makes the folder and the file, for the owner alone, also the files beside it', async () => {
    const path = join(makeFolder(), 'deep', 'er', 'x.db');
    const { store, migrationsApplied } = await opened(path);
    await store.commit([insertCluster()]);
    const modes = ['', '-wal', '-shm'].map((suffix) => (statSync(path + suffix).mode & 0o777).toString(8));
    expect(modes).toEqual(['600', '600', '600']);
    expect(migrationsApplied.length).toBeGreaterThan(0);
  });

  it('takes the rights of others away from a database that was there', async () => {
    const path = migrated();
    chmodSync(path, 0o644);
    await opened(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('opens a path with spaces and signs as it is written', async () => {
    const path = join(makeFolder(), 'ä b?#%', 'x y.db');
    const result = await openDatabase({ url: `file:${encodeURIComponent(path).replaceAll('%2F', '/')}`, clock: systemClock });
    expect(result).toMatchObject({ ok: true, value: { path } });
    if (result.ok) await result.value.close();
    expect(statSync(path).size).toBeGreaterThan(0);
  });

  it('finds everything again, and applies no migration twice', async () => {
    const path = migrated();
    const first = await opened(path);
    await first.store.commit([insertCluster(), insertOperation({}, moves(1_100)), appendEvent(1)]);
    await first.close();
    const { store, migrationsApplied } = await opened(path);
    expect(migrationsApplied).toEqual([]);
    expect((await store.clusters()).map((cluster) => cluster.id)).toEqual(['cluster-1']);
    expect((await store.moves('operation-1')).moves).toEqual(moves(1_100));
    expect(await store.lastEventSequence('cluster-1')).toBe(1);
  });

  it('says not-writable when the folder cannot be made or is no folder', async () => {
    const folder = makeFolder({ 'a-file': 'x' });
    mkdirSync(join(folder, 'a-folder'));
    for (const path of [join(folder, 'a-file', 'x.db'), join(folder, 'a-folder')]) {
      expect(await open(path)).toMatchObject({ ok: false, error: { code: 'not-writable', message: expect.stringContaining(path) as string } });
    }
  });

  it('says corrupt when the file is something else, and leaves it as it was', async () => {
    const folder = makeFolder({ 'notes.txt': 'These are my notes, not a database. '.repeat(200) });
    const before = readFileSync(join(folder, 'notes.txt'), 'utf8');
    expect(await open(join(folder, 'notes.txt'))).toMatchObject({ ok: false, error: { code: 'corrupt' } });
    expect(readFileSync(join(folder, 'notes.txt'), 'utf8')).toBe(before);
  });

  it('says corrupt when pages of the database were overwritten', async () => {
    const path = migrated();
    const database = await opened(path);
    await database.store.commit([insertCluster(), insertOperation({}, moves(500))]);
    await database.close();
    const bytes = readFileSync(path);
    expect(bytes.length, 'closing brings the write-ahead log into the file').toBeGreaterThan(4_096 * 20);
    bytes.fill(0xaa, 4_096 * 2, 4_096 * 12);
    writeFileSync(path, bytes);
    expect(await open(path)).toMatchObject({ ok: false, error: { code: 'corrupt' } });
  });

  it('says newer-than-code when the database knows a migration that this version does not', async () => {
    const path = migrated();
    await tamper(path, `INSERT INTO "_prisma_migrations" ("id", "checksum", "finished_at", "migration_name", "started_at", "applied_steps_count")
      VALUES ('1', 'c', '2099-01-01T00:00:00.000+00:00', '20990101000000_from_the_future', '2099-01-01T00:00:00.000+00:00', 1)`);
    expect(await open(path)).toMatchObject({ ok: false, error: { code: 'newer-than-code', message: expect.stringContaining('20990101000000_from_the_future') as string } });
  });

  it('says locked when another process keeps the write lock', async () => {
    const path = join(makeFolder(), 'x.db');
    const connection = await new PinnedLibSql(path).connect();
    onTestFinished(() => connection.dispose());
    const other = await connection.startTransaction();
    await other.executeRaw({ sql: 'CREATE TABLE blocked (x INT)', args: [], argTypes: [] });
    expect(await open(path)).toMatchObject({ ok: false, error: { code: 'locked' } });
    await other.rollback();
  });
});

describe('the connection', () => {
  it('[D1] keeps its safety settings through transactions, refused ones too', async () => {
    const path = migrated();
    const connection = await new PinnedLibSql(path).connect();
    onTestFinished(() => connection.dispose());
    await (await connection.startTransaction()).commit();
    await (await connection.startTransaction()).rollback();
    const pragma = async (name: string) => (await connection.queryRaw({ sql: `PRAGMA ${name}`, args: [], argTypes: [] })).rows[0]?.[0];
    expect(await pragma('journal_mode')).toBe('wal');
    expect(await pragma('synchronous')).toBe(2);
    expect(await pragma('foreign_keys')).toBe(1);
    expect(await pragma('busy_timeout')).toBe(5_000);
  });

  it('can go on after a commit that failed', async () => {
    const path = migrated();
    const connection = await new PinnedLibSql(path).connect();
    onTestFinished(() => connection.dispose());
    const transaction = await connection.startTransaction();
    // A foreign key that is checked at the end makes COMMIT itself fail.
    await transaction.executeRaw({ sql: 'PRAGMA defer_foreign_keys = ON', args: [], argTypes: [] });
    await transaction.executeRaw({ sql: `INSERT INTO "Settings" VALUES ('nobody', 1, '{}')`, args: [], argTypes: [] });
    await expect(transaction.commit()).rejects.toMatchObject({ rawCode: 787 });
    await (await connection.startTransaction()).commit();
    expect((await connection.queryRaw({ sql: 'SELECT count(*) FROM "Settings"', args: [], argTypes: [] })).rows).toEqual([[0]]);
  });
});

describe('a database that fails', () => {
  it('[D6] makes commit answer unavailable, never throw, and say no secret', async () => {
    const path = migrated();
    const { store } = await opened(path);
    await tamper(path, 'DROP TABLE "Settings"');
    const result = await store.commit([insertCluster()]);
    expect(result).toMatchObject({ ok: false, error: { code: 'unavailable', writeIndex: -1 } });
    expect(JSON.stringify(result)).not.toContain('hunter2');
    expect(await store.clusters()).toEqual([]);
  });

  it('[D6] lets reads go on, and commits again, when what failed has come back', async () => {
    const path = migrated();
    const { store } = await opened(path);
    await store.commit([insertCluster()]);
    await tamper(path, 'ALTER TABLE "Event" RENAME TO "Away"');
    expect(await store.commit([appendEvent(1)])).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    expect(await store.clusters()).toHaveLength(1);
    await tamper(path, 'ALTER TABLE "Away" RENAME TO "Event"');
    expect(await store.commit([appendEvent(1)])).toMatchObject({ ok: true });
  });

  it('[X3] names a row that cannot be read, but not what is in it', async () => {
    const path = migrated();
    const { store } = await opened(path);
    await store.commit([insertCluster()]);
    await tamper(path, `UPDATE "Cluster" SET "document" = replace("document", '"seeds"', '"sows"')`);
    const error = await store.clusters().then(() => null, (reason: unknown) => reason as Error);
    expect(error).toMatchObject({ code: 'unreadable-row', message: expect.stringContaining('cluster-1') as string });
    expect(error?.message).not.toContain('hunter2');
    await tamper(path, `UPDATE "Cluster" SET "document" = 'hunter2'`);
    await expect(store.clusters()).rejects.toThrow('not JSON');
  });
});

describe('verifyEventChain', () => {
  const log = async () => {
    const path = migrated();
    const { store } = await opened(path);
    await store.commit([insertCluster(), ...Array.from({ length: 1_200 }, (_, index) => appendEvent(index + 1))]);
    return { path, store };
  };

  it.each([
    ['an event was altered', `UPDATE "Event" SET "document" = replace("document", 'Event 700', 'Event 007') WHERE "sequence" = 700`, 700],
    ['an event was removed', 'DELETE FROM "Event" WHERE "sequence" = 800', 800],
    ['a filter column was altered', `UPDATE "Event" SET "severity" = 'critical' WHERE "sequence" = 3`, 3],
    ['the newest events were removed', 'DELETE FROM "Event" WHERE "sequence" > 1100', 1_101],
    ['the oldest events were removed', 'DELETE FROM "Event" WHERE "sequence" < 10', 1],
    ['an event was added behind the back of the log', `INSERT INTO "Event" SELECT "clusterId", 1201, "type", "severity", "nodeId", "operationId", "at", "document", "hash" FROM "Event" WHERE "sequence" = 1200`, 1_201],
    ['the head names another hash', `UPDATE "EventLog" SET "lastHash" = 'x'`, 1_200],
  ])('[D2] finds that %s', async (_what, sql, sequence) => {
    const { path, store } = await log();
    expect(await store.verifyEventChain('cluster-1')).toMatchObject({ ok: true, value: { eventCount: 1_200 } });
    await tamper(path, sql);
    expect(await store.verifyEventChain('cluster-1')).toMatchObject({ ok: false, error: { code: 'broken-chain', sequence } });
  });

  it('[D2] holds while events are being appended', async () => {
    const { store } = await log();
    const verifying = store.verifyEventChain('cluster-1');
    await store.commit([{ kind: 'append-event', event: event(1_201) }]);
    expect(await verifying).toMatchObject({ ok: true });
  });
});
