import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findChromium, findHaproxy, findServers, missingPartLine } from '../../../scripts/machine-parts.mjs';
import { makeFolder, writeInto } from '../../support/temporary-folder';

function makeProgram(name: string, script: string): string {
  const folder = makeFolder();
  writeInto(folder, name, `#!/bin/sh\n${script}\n`, 0o755);
  return join(folder, name);
}

const env = { NODE_ENV: 'test' as const };

describe('programs on the machine', () => {
  it('are found by the variable that names them, with their version', () => {
    const redis = makeProgram('my-redis', 'echo "Redis server v=7.4.1 sha=00000000:0 malloc=jemalloc-5.3.0"');
    const valkey = makeProgram('my-valkey', 'echo "Valkey server v=9.0.0 sha=00000000:0"');
    expect(findServers({ ...env, REDIS_SERVER: redis, VALKEY_SERVER: valkey })).toEqual([
      { engine: 'redis', path: redis, version: '7.4.1' },
      { engine: 'valkey', path: valkey, version: '9.0.0' },
    ]);
  });

  it('are asked for their version in the way that each knows', () => {
    const haproxy = makeProgram('my-haproxy', 'test "$1" = -v && echo "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/"');
    expect(findHaproxy({ ...env, HAPROXY: haproxy })).toEqual({ path: haproxy, version: '2.6.12' });
  });

  it('are found on the PATH before the usual folders', () => {
    const chromium = makeProgram('chromium', 'echo "Chromium 150.0.1.2 built on Debian"');
    expect(findChromium({ ...env, PATH: join(chromium, '..') })).toEqual({ path: chromium, version: '150.0.1.2' });
  });

  it('are not replaced by others when a variable names something that is no program', () => {
    expect(() => findServers({ ...env, REDIS_SERVER: '/nowhere/redis-server' })).toThrow('/nowhere/redis-server');
  });

  it('do not count when they cannot run', () => {
    const stub = makeProgram('redis-server', 'echo "install me first"; exit 1');
    expect(findServers({ ...env, REDIS_SERVER: stub }).filter(({ engine }) => engine === 'redis')).toEqual([]);
  });

  it('are asked for in one line that says what to install', () => {
    expect(missingPartLine('server')).toMatch(/^Redis or Valkey server is missing: install redis-server.*\.$/);
    expect(missingPartLine('balancer')).toMatch(/^HAProxy is missing: install HAProxy.*\.$/);
    expect(missingPartLine('browser')).toMatch(/^Chromium is missing: install Chromium.*\.$/);
  });
});
