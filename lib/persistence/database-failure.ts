/** Why a database cannot be opened. The message is for the operator: what is wrong, where, and what to do. */
export interface DatabaseFailure {
  readonly code:
    /** DATABASE_URL is not a file: URL, or not one that names a file. */
    | 'unsupported-url'
    /** The file or its folder cannot be made, read or written. */
    | 'not-writable'
    /** Not an SQLite database, or a damaged one. */
    | 'corrupt'
    /** Another process holds it locked. */
    | 'locked'
    /** It was migrated by a newer version of the program. */
    | 'newer-than-code'
    /** A migration could not be applied, or differs from the one that was. */
    | 'migration-failed'
    /** A safety setting did not take. */
    | 'setting-refused'
    | 'unexpected';
  readonly message: string;
}

/** Carries a DatabaseFailure out of callbacks that can only throw; never leaves this folder. */
export class DatabaseFailureError extends Error {
  override readonly name = 'DatabaseFailureError';

  constructor(readonly failure: DatabaseFailure, options?: ErrorOptions) {
    super(failure.message, options);
  }
}

const SQLITE_PERM = 3;
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_READONLY = 8;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;
const PRIMARY_CODE_MASK = 0xff;

/** Translates what libSQL, Prisma's adapter or the file system threw while `path` was being opened. */
export function databaseFailureOf(error: unknown, path: string): DatabaseFailure {
  if (error instanceof DatabaseFailureError) return error.failure;
  const detail = firstLineOf(error);
  const systemCode = textProperty(error, 'code');
  const resultCode = resultCodeOf(error);
  if (resultCode === SQLITE_NOTADB || resultCode === SQLITE_CORRUPT) {
    return { code: 'corrupt', message: `${path} is damaged or is not an SQLite database (${detail}). Restore it from a backup, or move it away to start empty.` };
  }
  if (resultCode === SQLITE_BUSY || resultCode === SQLITE_LOCKED) {
    return { code: 'locked', message: `${path} is locked by another process (${detail}). Stop the other server that uses it.` };
  }
  const isDenied = resultCode !== null && [SQLITE_PERM, SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_FULL].includes(resultCode);
  if (isDenied || (systemCode !== null && /^(EACCES|EPERM|EROFS|ENOTDIR|EISDIR|ENOENT|EEXIST|ENOSPC)$/.test(systemCode))) {
    return { code: 'not-writable', message: `${path} cannot be written (${detail}). The server needs a folder of its own that it may write to: see DATA_DIR and DATABASE_URL.` };
  }
  return { code: 'unexpected', message: `The database ${path} could not be opened: ${detail}` };
}

/** One line that says what failed, without the statement's arguments: those may hold secrets. */
export function firstLineOf(error: unknown): string {
  const cause = causeOf(error);
  const text = textProperty(cause, 'originalMessage') ?? textProperty(cause, 'message') ?? textProperty(error, 'message') ?? String(error);
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  return (lines.at(-1) ?? 'no message').slice(0, 300);
}

/** SQLite's primary result code, wherever the layers above put it; `null` when it is not SQLite's error. */
function resultCodeOf(error: unknown): number | null {
  for (const candidate of [error, causeOf(error)]) {
    const code = numberProperty(candidate, 'rawCode') ?? numberProperty(candidate, 'extendedCode') ?? Number(textProperty(candidate, 'originalCode') ?? NaN);
    if (Number.isInteger(code)) return code & PRIMARY_CODE_MASK;
  }
  return null;
}

function causeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
}

function textProperty(value: unknown, name: string): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const property: unknown = Reflect.get(value, name);
  return typeof property === 'string' ? property : null;
}

function numberProperty(value: unknown, name: string): number | null {
  if (typeof value !== 'object' || value === null) return null;
  const property: unknown = Reflect.get(value, name);
  return typeof property === 'number' ? property : null;
}
