import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { DatabaseFailureError, firstLineOf } from './database-failure';
import { PinnedLibSql } from './pinned-libsql';
import { startSchemaEngine } from './schema-engine';

const LOCK_FILE = 'migration_lock.toml';
const JOURNAL = '_prisma_migrations';

interface Migration {
  readonly name: string;
  readonly sql: string;
}

interface JournalRow {
  readonly name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

/**
 * Brings the database up to the newest migration of `prisma/migrations` and returns the names it
 * applied; none when it is up to date, which costs two small reads and starts no schema engine.
 *
 * Every migration is one transaction together with its entry in Prisma's journal: killed in the
 * middle, it has not happened, and the next start applies it again.
 *
 * Throws DatabaseFailureError: `newer-than-code` when the database knows a migration that this code
 * does not, `migration-failed` when one cannot be applied or is not the one that was applied.
 */
export async function applyMigrations(path: string, folder = findMigrationsFolder()): Promise<readonly string[]> {
  const migrations = await readMigrations(folder);
  const factory = new MigratingLibSql(path);
  const connection = await factory.connect();
  try {
    const pending = pendingMigrations(path, migrations, await readJournal(connection));
    if (pending.length === 0) return [];
    await forgetUnfinished(connection);
  } finally {
    await connection.dispose();
  }
  const engine = await startSchemaEngine(factory);
  try {
    const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList: await migrationsListOf(folder), filters: { externalTables: [], externalEnums: [] } });
    return appliedMigrationNames;
  } catch (error) {
    // The engine's own report is a page of text; what went wrong is in what the database said.
    throw new DatabaseFailureError({ code: 'migration-failed', message: `A migration of ${path} failed and changed nothing: ${firstLineOf(factory.scriptFailure ?? error)}` }, { cause: error });
  } finally {
    engine.free();
    await factory.disposeAll();
  }
}

/** `prisma/migrations` beside or above this file: it runs from the sources and from the server's bundle. */
export function findMigrationsFolder(from = import.meta.dirname): string {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'prisma', 'migrations');
    if (existsSync(join(candidate, LOCK_FILE))) return candidate;
  }
  throw new DatabaseFailureError({ code: 'migration-failed', message: `The folder prisma/migrations is missing above ${from}: the installation is incomplete.` });
}

/** The folder in the form that Prisma's schema engine takes. */
export async function migrationsListOf(folder: string) {
  const migrations = await readMigrations(folder);
  return {
    baseDir: folder,
    lockfile: { path: LOCK_FILE, content: await readFile(join(folder, LOCK_FILE), 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories: migrations.map(({ name, sql }) => ({ path: name, migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: sql } } })),
  };
}

async function readMigrations(folder: string): Promise<readonly Migration[]> {
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
  return Promise.all(names.map(async (name) => ({ name, sql: await readFile(join(folder, name, 'migration.sql'), 'utf8') })));
}

async function readJournal(connection: SqlDriverAdapter): Promise<readonly JournalRow[]> {
  const tables = await connection.queryRaw({ sql: `SELECT name FROM sqlite_master WHERE type = 'table' AND name = '${JOURNAL}'`, args: [], argTypes: [] });
  if (tables.rows.length === 0) return [];
  const { rows } = await connection.queryRaw({
    sql: `SELECT migration_name, checksum, finished_at IS NOT NULL FROM "${JOURNAL}" WHERE rolled_back_at IS NULL ORDER BY migration_name`,
    args: [], argTypes: [],
  });
  return rows.map(([name, checksum, finished]) => ({ name: String(name), checksum: String(checksum), finished: Number(finished) === 1 }));
}

function pendingMigrations(path: string, migrations: readonly Migration[], journal: readonly JournalRow[]): readonly Migration[] {
  const finished = new Map(journal.filter((row) => row.finished).map((row) => [row.name, row]));
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { name, checksum } of finished.values()) {
    const migration = known.get(name);
    if (migration === undefined) {
      throw new DatabaseFailureError({
        code: 'newer-than-code',
        message: `${path} was migrated by a newer version of PhantomScale (it has "${name}", which this version does not know). Start the newer version, or restore the backup made before the upgrade.`,
      });
    }
    if (createHash('sha256').update(migration.sql).digest('hex') !== checksum) {
      throw new DatabaseFailureError({ code: 'migration-failed', message: `The migration "${name}" was changed after it was applied to ${path}. An applied migration is never edited: restore the file and add a new migration.` });
    }
  }
  return migrations.filter((migration) => !finished.has(migration.name));
}

/**
 * An entry without an end is of a migration that was killed and so, being one transaction, never
 * was. Takes the write lock even when there is none, so that a database which another process holds
 * is reported as locked here and not as a migration that failed.
 */
async function forgetUnfinished(connection: SqlDriverAdapter): Promise<void> {
  const unfinished = (await readJournal(connection)).some((row) => !row.finished);
  const transaction = await connection.startTransaction();
  if (unfinished) await transaction.executeRaw({ sql: `DELETE FROM "${JOURNAL}" WHERE finished_at IS NULL AND rolled_back_at IS NULL`, args: [], argTypes: [] });
  await transaction.commit();
}

/** The engine journals the beginning of a migration before its script and the end after it; this brings the end into the script. */
const MARK_FINISHED = `UPDATE "${JOURNAL}" SET finished_at = strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now') WHERE finished_at IS NULL AND rolled_back_at IS NULL;`;

/** Runs each script of the schema engine as one transaction that also marks its migration as finished. */
class MigratingLibSql extends PinnedLibSql {
  readonly #open = new Set<SqlDriverAdapter>();
  #scriptFailure: unknown = null;

  /** What the database said to the script that failed; `null` while none has. */
  get scriptFailure(): unknown {
    return this.#scriptFailure;
  }

  override async connect(): Promise<SqlDriverAdapter> {
    const connection = await super.connect();
    this.#open.add(connection);
    // Prisma redefines a table by copying and dropping it, which under enforced foreign keys would
    // delete what refers to it; and inside a transaction enforcement can no longer be switched off.
    await connection.executeScript('PRAGMA foreign_keys = OFF');
    const executeScript = connection.executeScript.bind(connection);
    connection.executeScript = async (script) => {
      try {
        await executeScript(['BEGIN IMMEDIATE;', script, ';', MARK_FINISHED, 'COMMIT;'].join('\n'));
      } catch (error) {
        this.#scriptFailure = error;
        throw error;
      }
    };
    return connection;
  }

  async disposeAll(): Promise<void> {
    for (const connection of this.#open) await connection.dispose();
    this.#open.clear();
  }
}
