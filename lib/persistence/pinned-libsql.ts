import { PrismaLibSql } from '@prisma/adapter-libsql';
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { pathToFileURL } from 'node:url';
import { Checkpoints } from './checkpoints';
import { DatabaseFailureError } from './database-failure';
import { StatementsInTurns } from './statements-in-turns';

type Client = ReturnType<PrismaLibSql['createClient']>;
type Transaction = Awaited<ReturnType<Client['transaction']>>;

const BUSY_TIMEOUT_MS = 5_000;
/** Pages of the log at which a commit itself brings it into the file, 16 MiB: only where `Checkpoints` does not come to it. */
const LOG_PAGES_MAX = 4_000;

/** Set on every connection, and read back: a setting that did not take fails the opening, not the disaster. */
const SAFETY_SETTINGS = [
  { name: 'journal_mode', set: 'WAL', expected: 'wal' },
  { name: 'synchronous', set: 'FULL', expected: '2' },
  { name: 'busy_timeout', set: String(BUSY_TIMEOUT_MS), expected: String(BUSY_TIMEOUT_MS) },
  { name: 'foreign_keys', set: 'ON', expected: '1' },
  { name: 'wal_autocheckpoint', set: String(LOG_PAGES_MAX), expected: String(LOG_PAGES_MAX) },
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
 *
 * A second connection does nothing but bring the write-ahead log into the file (`Checkpoints`).
 */
export class PinnedLibSql extends PrismaLibSql {
  readonly #checkpoints: Checkpoints;

  constructor(path: string) {
    super({ url: pathToFileURL(path).href });
    this.#checkpoints = new Checkpoints(path);
  }

  override createClient(config: Parameters<PrismaLibSql['createClient']>[0]): Client {
    return pinned(super.createClient(config), this.#checkpoints);
  }

  override async connect(): Promise<SqlDriverAdapter> {
    const connection = await super.connect();
    const dispose = connection.dispose.bind(connection);
    connection.dispose = async () => {
      await this.#checkpoints.close();
      await dispose();
    };
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

/** Statements that write nothing, as Prisma and this folder word them. */
const READS = /^\s*(SELECT|PRAGMA|BEGIN|SAVEPOINT|ROLLBACK)\b/i;

function pinned(client: Client, checkpoints: Checkpoints): Client {
  const turns = new StatementsInTurns();
  const execute = (...call: [Parameters<Transaction['execute']>[0]]) => turns.run(() => client.execute(...call));
  const begin = async (): Promise<Transaction> => {
    await checkpoints.begins();
    let open = true;
    const end = () => {
      if (!open) return;
      open = false;
      checkpoints.ended();
    };
    try {
      await execute('BEGIN IMMEDIATE');
    } catch (error) {
      end();
      throw error;
    }
    let characters = 0;
    const rollback = async () => {
      if (!open) return;
      end();
      await client.execute('ROLLBACK');
    };
    return {
      execute: (statement: InStatement) => {
        characters += charactersOf(statement);
        return execute(statement);
      },
      batch: (statements) => client.batch(statements),
      executeMultiple: (sql) => client.executeMultiple(sql),
      commit: async () => {
        try {
          await execute('COMMIT');
        } catch (error) {
          // A commit that failed (disk full, I/O) can leave its transaction open on the connection
          // that everything after it uses. SQLite may also have ended it by itself: then there is
          // nothing left to roll back, and only the commit's own failure matters.
          await rollback().catch(() => undefined);
          throw error;
        }
        end();
        checkpoints.committed(characters);
      },
      rollback,
      close: end,
      get closed() { return !open; },
    };
  };
  const executeAlone = async (statement: InStatement) => {
    const answered = await execute(statement);
    if (!READS.test(sqlOf(statement))) checkpoints.committed(charactersOf(statement));
    return answered;
  };
  return new Proxy(client, {
    get(target, property) {
      if (property === 'transaction') return begin;
      if (property === 'execute') return executeAlone;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

type InStatement = Parameters<Transaction['execute']>[0];

function sqlOf(statement: InStatement): string {
  return typeof statement === 'string' ? statement : statement.sql;
}

/** Of the texts that go with the statement: documents are what makes a commit large. */
function charactersOf(statement: InStatement): number {
  if (typeof statement === 'string' || !Array.isArray(statement.args)) return 0;
  return statement.args.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 0), 0);
}
