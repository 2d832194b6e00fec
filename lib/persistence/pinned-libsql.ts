import { PrismaLibSql } from '@prisma/adapter-libsql';
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { pathToFileURL } from 'node:url';
import { DatabaseFailureError } from './database-failure';
import { StatementsInTurns } from './statements-in-turns';

type Client = ReturnType<PrismaLibSql['createClient']>;
type Transaction = Awaited<ReturnType<Client['transaction']>>;

const BUSY_TIMEOUT_MS = 5_000;

/** Set on every connection, and read back: a setting that did not take fails the opening, not the disaster. */
const SAFETY_SETTINGS = [
  { name: 'journal_mode', set: 'WAL', expected: 'wal' },
  { name: 'synchronous', set: 'FULL', expected: '2' },
  { name: 'busy_timeout', set: String(BUSY_TIMEOUT_MS), expected: String(BUSY_TIMEOUT_MS) },
  { name: 'foreign_keys', set: 'ON', expected: '1' },
] as const;

/**
 * libSQL for Prisma, kept to one connection for life, with its safety settings read back.
 *
 * The client of libSQL gives its connection away with every transaction and opens another one for
 * what follows. `synchronous` and `foreign_keys` belong to a connection, so what was set and read
 * back at boot would hold until the first commit and no longer; and each connection given away
 * stays open until it is collected as garbage. Here BEGIN, COMMIT and ROLLBACK are statements on
 * the one connection. Prisma's adapter already lets nobody else in while a transaction runs.
 *
 * A transaction begins as IMMEDIATE: it holds the write lock before its first read, so that what a
 * compare-and-set has compared cannot change before it sets.
 */
export class PinnedLibSql extends PrismaLibSql {
  constructor(path: string) {
    super({ url: pathToFileURL(path).href });
  }

  override createClient(config: Parameters<PrismaLibSql['createClient']>[0]): Client {
    return pinned(super.createClient(config));
  }

  override async connect(): Promise<SqlDriverAdapter> {
    const connection = await super.connect();
    try {
      for (const setting of SAFETY_SETTINGS) await applySetting(connection, setting);
    } catch (error) {
      await connection.dispose();
      throw error;
    }
    return connection;
  }
}

async function applySetting(connection: SqlDriverAdapter, { name, set, expected }: (typeof SAFETY_SETTINGS)[number]): Promise<void> {
  await connection.executeScript(`PRAGMA ${name} = ${set}`);
  const actual = await readPragma(connection, name);
  if (actual !== expected) {
    throw new DatabaseFailureError({
      code: 'setting-refused',
      message: `The database refused the setting ${name} = ${set}: it is ${actual}. It must lie on a local file system that can lock and sync files.`,
    });
  }
}

/** The first column of the first row that `PRAGMA name` answers, as text. */
export async function readPragma(connection: SqlDriverAdapter, name: string): Promise<string> {
  const { rows } = await connection.queryRaw({ sql: `PRAGMA ${name}`, args: [], argTypes: [] });
  return String(rows[0]?.[0]);
}

function pinned(client: Client): Client {
  const turns = new StatementsInTurns();
  const execute = (...call: [Parameters<Transaction['execute']>[0]]) => turns.run(() => client.execute(...call));
  const begin = async (): Promise<Transaction> => {
    await execute('BEGIN IMMEDIATE');
    let open = true;
    const rollback = async () => {
      if (!open) return;
      open = false;
      await client.execute('ROLLBACK');
    };
    return {
      execute,
      batch: (statements) => client.batch(statements),
      executeMultiple: (sql) => client.executeMultiple(sql),
      commit: async () => {
        try {
          await execute('COMMIT');
          open = false;
        } catch (error) {
          // A commit that failed (disk full, I/O) can leave its transaction open on the connection
          // that everything after it uses. SQLite may also have ended it by itself: then there is
          // nothing left to roll back, and only the commit's own failure matters.
          await rollback().catch(() => undefined);
          throw error;
        }
      },
      rollback,
      close: () => { open = false; },
      get closed() { return !open; },
    };
  };
  return new Proxy(client, {
    get(target, property) {
      if (property === 'transaction') return begin;
      if (property === 'execute') return execute;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
