import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { err, ok, type Result } from '@/lib/platform/result';
import type { DatabaseFailure } from './database-failure';

/**
 * The absolute path that a DATABASE_URL names: `file:./data/x.db` (from the working directory),
 * `file:/var/lib/x.db` or `file:///var/lib/x.db`. Fails with `unsupported-url` on everything else;
 * the message never repeats the URL, which may hold a password.
 */
export function pathOfDatabaseUrl(url: string): Result<string, DatabaseFailure> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return unsupported('it has no scheme; write file:/path/to/phantom-scale.db');
  if (scheme === 'postgres' || scheme === 'postgresql') return unsupported('this version keeps its data in SQLite and does not support PostgreSQL; write file:/path/to/phantom-scale.db');
  if (scheme !== 'file') return unsupported(`this version supports file: only, not ${scheme}:`);
  const rest = url.slice('file:'.length);
  if (rest === '' || rest.includes(':memory:')) return unsupported('it must name a file, so that what was committed survives the process');
  if (/[?#]/.test(rest)) return unsupported('parameters after ? or # are not supported');
  try {
    return ok(rest.startsWith('//') ? fileURLToPath(url) : resolve(decodeURIComponent(rest)));
  } catch (error) {
    return unsupported(error instanceof Error ? error.message : 'it is not a valid file URL');
  }
}

function unsupported(reason: string): { readonly ok: false; readonly error: DatabaseFailure } {
  return err<DatabaseFailure>({ code: 'unsupported-url', message: `DATABASE_URL cannot be used: ${reason}.` });
}
