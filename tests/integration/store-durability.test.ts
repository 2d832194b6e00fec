import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '@/lib/persistence/open-database';
import { createRandom } from '@/lib/platform/random';
import { systemClock } from '@/lib/platform/system-clock';
import { makeFolder } from '../support/temporary-folder';

/** Runs the committing process until `isEnough` says so, kills it, and gives every line it printed. */
async function runUntilKilled(path: string, isEnough: (line: string) => Promise<boolean> | boolean): Promise<string[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'tests/support/commit-until-killed.ts', path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => { child.kill('SIGKILL'); });
  const exit = once(child, 'exit');
  const lines: string[] = [];
  let isKilled = false;
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    // What is still in the pipe after the kill was printed before it, and is read to the end.
    if (!isKilled && await isEnough(line)) isKilled = child.kill('SIGKILL');
  }
  expect((await exit)[1]).toBe('SIGKILL');
  return lines;
}

async function open(path: string) {
  const opened = await openDatabase({ url: `file:${path}`, clock: systemClock });
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value.store;
}

describe('kill -9', () => {
  it('[D1] loses nothing that was acknowledged, and leaves no commit in part', async () => {
    const path = join(makeFolder(), 'x.db');
    const seed = Date.now();
    const random = createRandom(seed);
    let acknowledged = 0;
    for (let round = 0; round < 3; round += 1) {
      const stopAt = acknowledged + 1 + random.integer(60);
      const lines = await runUntilKilled(path, (line) => Number(line) >= stopAt);
      acknowledged = Number(lines.at(-1));
      const store = await open(path);
      const stored = await store.lastEventSequence('cluster-1');
      // One commit may have been taken and killed before it was told.
      expect([acknowledged, acknowledged + 1], `seed ${seed}`).toContain(stored);
      expect((await store.operation('operation-1'))?.version, `seed ${seed}`).toBe(stored);
      expect(new Set((await store.moves('operation-1')).moves.map((record) => record.attempt)), `seed ${seed}`).toEqual(new Set([stored]));
      for (let number = 1; number <= stored; number += 1) expect(await store.answer(`answer-${number}`), `seed ${seed}`).not.toBeNull();
      expect(await store.answer(`answer-${stored + 1}`), `seed ${seed}`).toBeNull();
      expect(await store.verifyEventChain('cluster-1'), `seed ${seed}`).toMatchObject({ ok: true, value: { eventCount: stored } });
      await store.close();
    }
  });

  it('[D1] in the middle of the first migration leaves a database that opens', async () => {
    const seed = Date.now();
    const random = createRandom(seed);
    for (let round = 0; round < 4; round += 1) {
      const path = join(makeFolder(), 'x.db');
      const lines = await runUntilKilled(path, async (line) => {
        if (line !== 'opening') return true;
        await wait(random.integer(400));
        return true;
      });
      expect(lines[0]).toBe('opening');
      const store = await open(path);
      expect(await store.clusters(), `seed ${seed}`).toEqual(lines.some((line) => Number(line) > 0) ? [expect.anything()] : expect.any(Array));
      await store.close();
    }
  });
});
