import { chmod, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Store } from '@/lib/contract/storage';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import { PrismaClient } from '@/prisma/generated/client';
import { DatabaseFailureError, databaseFailureOf, type DatabaseFailure } from './database-failure';
import { pathOfDatabaseUrl } from './database-url';
import { applyMigrations } from './migrations';
import { PinnedLibSql, readPragma } from './pinned-libsql';
import { PrismaStore } from './prisma-store';

/** Read and write for the owner alone: the connections of the clusters are in it, with their passwords. */
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
/** Larger files are not read through at every start: the check takes about a second per GiB. */
const CHECKED_BYTES_MAX = 256 * 1024 * 1024;

export interface OpenDatabase {
  readonly store: Store;
  /** Absolute path of the file. */
  readonly path: string;
  /** Names of the migrations that opening it has applied. */
  readonly migrationsApplied: readonly string[];
  /** Ends the connection; the same as `store.close()`. Idempotent. */
  close(): Promise<void>;
}

/**
 * Opens the database that `url` names (`file:...`), makes it when there is none, checks it, brings
 * it up to the newest migration and gives the store over it. Whatever is wrong is a DatabaseFailure
 * with a message for the operator; nothing is left open then.
 */
export async function openDatabase(options: { readonly url: string; readonly clock: Clock }): Promise<Result<OpenDatabase, DatabaseFailure>> {
  const located = pathOfDatabaseUrl(options.url);
  if (!located.ok) return located;
  const path = located.value;
  try {
    await prepareFile(path);
    await checkIntegrity(path);
    const migrationsApplied = await applyMigrations(path);
    const prisma = new PrismaClient({ adapter: new PinnedLibSql(path), errorFormat: 'minimal' });
    // The connection is made now, so that settings that do not take fail here and not at the first commit.
    await prisma.$connect();
    const store = new PrismaStore(prisma, options.clock);
    return ok({ store, path, migrationsApplied, close: () => store.close() });
  } catch (error) {
    return err(databaseFailureOf(error, path));
  }
}

/** SQLite gives its -wal and -shm files the rights of the database file, so that one is made first, with the right ones. */
async function prepareFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: PRIVATE_FOLDER });
  const file = await open(path, 'a', PRIVATE_FILE);
  await file.close();
  if (((await stat(path)).mode & 0o777) !== PRIVATE_FILE) await chmod(path, PRIVATE_FILE);
}

async function checkIntegrity(path: string): Promise<void> {
  const connection = await new PinnedLibSql(path).connect();
  try {
    if ((await stat(path)).size > CHECKED_BYTES_MAX) return;
    const finding = await readPragma(connection, 'quick_check(1)');
    if (finding !== 'ok') {
      throw new DatabaseFailureError({ code: 'corrupt', message: `${path} is damaged (${finding.split('\n')[0] ?? finding}). Restore it from a backup, or move it away to start empty.` });
    }
  } finally {
    await connection.dispose();
  }
}
