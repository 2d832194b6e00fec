import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pathOfDatabaseUrl } from '@/lib/persistence/database-url';

describe('pathOfDatabaseUrl', () => {
  it.each([
    ['file:data/x.db', resolve('data/x.db')],
    ['file:./data/x.db', resolve('data/x.db')],
    ['file:/var/lib/x.db', '/var/lib/x.db'],
    ['file:///var/lib/x.db', '/var/lib/x.db'],
    ['file:/var/lib/with%20space/x.db', '/var/lib/with space/x.db'],
    ['file:/var/lib/with space/x.db', '/var/lib/with space/x.db'],
  ])('%s names %s', (url, path) => {
    expect(pathOfDatabaseUrl(url)).toEqual({ ok: true, value: path });
  });

  it.each(['', 'x.db', 'file:', 'file::memory:', 'file:x.db?mode=ro', 'file:x.db#y', 'file:%zz', 'file://host.example/x.db', 'libsql://db.example', 'http://127.0.0.1:8080', 'mysql://u:p@h/d'])('refuses %s', (url) => {
    expect(pathOfDatabaseUrl(url)).toMatchObject({ ok: false, error: { code: 'unsupported-url' } });
  });

  it('says plainly that PostgreSQL is not supported, and [X3] does not repeat its password', () => {
    const result = pathOfDatabaseUrl('postgresql://ada:hunter2@db.example/phantom');
    expect(result).toMatchObject({ ok: false, error: { code: 'unsupported-url', message: expect.stringContaining('does not support PostgreSQL') as string } });
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });
});
