/** The write-ahead log and the file it is brought into, with real syncs: a busy machine takes its time. */
import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Checkpoints } from '@/lib/persistence/checkpoints';
import { openDatabase } from '@/lib/persistence/open-database';
import { PinnedLibSql } from '@/lib/persistence/pinned-libsql';
import { systemClock } from '@/lib/platform/system-clock';
import { insertCluster, plan } from '../../contract/store-fixtures';
import { eventually } from '../../support/eventually';
import { makeFolder } from '../../support/temporary-folder';

const MIB = 1024 ** 2;

async function opened(path: string) {
  const result = await openDatabase({ url: `file:${path}`, clock: systemClock });
  if (!result.ok) throw new Error(result.error.message);
  onTestFinished(() => result.value.close());
  return result.value.store;
}

async function connected(path: string) {
  const connection = await new PinnedLibSql(path).connect();
  onTestFinished(() => connection.dispose());
  await connection.executeScript('CREATE TABLE IF NOT EXISTS t (x INTEGER PRIMARY KEY, y TEXT)');
  return connection;
}

async function commit(connection: Awaited<ReturnType<typeof connected>>, x: number, y: string) {
  const transaction = await connection.startTransaction();
  await transaction.executeRaw({ sql: 'INSERT INTO t VALUES (?, ?)', args: [x, y], argTypes: [{ scalarType: 'int', arity: 'scalar' }, { scalarType: 'string', arity: 'scalar' }] });
  await transaction.commit();
}

describe('checkpoints', { timeout: 60_000 }, () => {
  it('keep the log short while commits follow each other without a pause', async () => {
    const path = join(makeFolder(), 'x.db');
    const store = await opened(path);
    await store.commit([insertCluster()]);
    const text = 'x'.repeat(100_000);
    let longest = 0;
    for (let index = 0; index < 100; index += 1) {
      const refusals = [{ constraint: 'capacity' as const, message: text, nodeId: null, shardId: null, numbers: {}, count: 1 }];
      expect(await store.commit([{ kind: 'insert-plan', plan: { ...plan(), id: `plan-${index}`, refusals } }])).toMatchObject({ ok: true });
      longest = Math.max(longest, statSync(`${path}-wal`).size);
    }
    expect(statSync(path).size).toBeGreaterThan(7 * MIB);
    expect(longest).toBeLessThan(4 * MIB);
  });

  it('bring all of it into the file, where it is whole without its log', async () => {
    const folder = makeFolder();
    const connection = await connected(join(folder, 'x.db'));
    for (let x = 0; x < 65; x += 1) await commit(connection, x, 'y'.repeat(10_000));
    // What came after the last one is in the log alone.
    await eventually('copied', () => rowsWithoutLog(join(folder, 'x.db')), (rows) => rows >= 60);
  });

  it('let no transaction begin while they are behind, and wait for the one that has', async () => {
    const path = join(makeFolder(), 'x.db');
    await connected(path);
    const checkpoints = new Checkpoints(path);
    onTestFinished(() => checkpoints.close());
    await checkpoints.begins();
    for (let due = 0; due < 64; due += 1) checkpoints.committed(0);
    const order: string[] = [];
    const settled = checkpoints.settled().then(() => order.push('settled'));
    const begun = checkpoints.begins().then(() => order.push('begun'));
    // Much longer than both passes take.
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    expect(order).toEqual([]);
    checkpoints.ended();
    await Promise.all([settled, begun]);
    expect([...order].sort()).toEqual(['begun', 'settled']);
  });

  it('are tried again after one that failed, which holds up nobody', async () => {
    const path = join(makeFolder(), 'later', 'x.db');
    const checkpoints = new Checkpoints(path);
    onTestFinished(() => checkpoints.close());
    checkpoints.committed(2 * MIB);
    await checkpoints.settled();
    await checkpoints.begins();
    checkpoints.ended();
    mkdirSync(dirname(path));
    const connection = await connected(path);
    await commit(connection, 1, 'y');
    checkpoints.committed(2 * MIB);
    await checkpoints.settled();
    expect(await rowsWithoutLog(path)).toBe(1);
  });
});

/** Rows that a copy of the file alone has. */
async function rowsWithoutLog(path: string): Promise<number> {
  const copy = join(makeFolder(), 'copy.db');
  copyFileSync(path, copy);
  const connection = await connected(copy);
  const { rows } = await connection.queryRaw({ sql: 'SELECT count(*) FROM t', args: [], argTypes: [] });
  return Number(rows[0]![0]);
}
