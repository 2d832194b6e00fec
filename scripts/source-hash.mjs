// @ts-check
// Whether something is out of date is decided by content, not by time: a checkout, a copy or a
// container layer sets modification times at will.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * SHA-256 over the names and contents of files and whole folders, in a fixed order.
 * @param {string} root
 * @param {readonly string[]} entries paths relative to root; a missing one counts as missing
 * @param {readonly string[]} [ignored] paths relative to root that are left out with all below them
 */
export function hashSources(root, entries, ignored = []) {
  const hash = createHash('sha256');
  for (const path of entries.flatMap((entry) => listFiles(root, entry, ignored)).sort()) {
    const content = existsSync(join(root, path)) ? readFileSync(join(root, path)) : undefined;
    // Lengths are part of the hash, so that moving bytes from one file to the next changes it.
    hash.update(`${path}\0${content === undefined ? 'missing' : content.length}\0`);
    if (content !== undefined) hash.update(content);
  }
  return hash.digest('hex');
}

/**
 * @param {string} root
 * @param {string} entry
 * @param {readonly string[]} ignored
 * @returns {string[]}
 */
function listFiles(root, entry, ignored) {
  if (ignored.includes(entry)) return [];
  const stats = statSync(join(root, entry), { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return [entry];
  return readdirSync(join(root, entry)).flatMap((name) => listFiles(root, `${entry}/${name}`, ignored));
}
