import { rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashSources } from '../../../scripts/source-hash.mjs';
import { makeFolder, writeInto } from '../../support/temporary-folder';

describe('the hash of sources', () => {
  const files = { 'lib/a.ts': 'one', 'lib/deep/b.ts': 'two', 'config.json': '{}' };
  const entries = ['lib', 'config.json'];

  it('is the same for the same contents, whatever their times and order of naming', () => {
    const first = makeFolder(files);
    const second = makeFolder(files);
    utimesSync(join(second, 'lib/a.ts'), 0, 0);
    expect(hashSources(first, entries)).toBe(hashSources(second, [...entries].reverse()));
  });

  it('changes with a content, a name, a new file, a missing file', () => {
    const folder = makeFolder(files);
    const seen = new Set([hashSources(folder, entries)]);
    writeInto(folder, 'lib/a.ts', 'One');
    seen.add(hashSources(folder, entries));
    writeInto(folder, 'lib/c.ts', '');
    seen.add(hashSources(folder, entries));
    rmSync(join(folder, 'lib/a.ts'));
    writeInto(folder, 'lib/z.ts', 'One');
    seen.add(hashSources(folder, entries));
    rmSync(join(folder, 'config.json'));
    seen.add(hashSources(folder, entries));
    expect(seen.size).toBe(5);
  });

  it('changes when text moves from the end of one file to the start of the next', () => {
    const first = makeFolder({ 'lib/a': 'xy', 'lib/b': 'z' });
    const second = makeFolder({ 'lib/a': 'x', 'lib/b': 'yz' });
    expect(hashSources(first, ['lib'])).not.toBe(hashSources(second, ['lib']));
  });

  it('leaves out what is ignored', () => {
    const folder = makeFolder(files);
    const before = hashSources(folder, entries, ['lib/generated']);
    writeInto(folder, 'lib/generated/client.ts', 'made from the others');
    expect(hashSources(folder, entries, ['lib/generated'])).toBe(before);
    expect(hashSources(folder, entries)).not.toBe(before);
  });
});
