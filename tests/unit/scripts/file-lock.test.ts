import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withFileLock } from '../../../scripts/file-lock.mjs';
import { makeFolder } from '../../support/temporary-folder';

function pidThatIsGone(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

describe('the lock on a checkout', () => {
  it('lets one in at a time, and everybody in the end', async () => {
    const path = join(makeFolder(), 'lock');
    let inside = 0;
    let insideMax = 0;
    const work = async (): Promise<string> => {
      inside += 1;
      insideMax = Math.max(insideMax, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      return 'done';
    };
    expect(await Promise.all([1, 2, 3].map(() => withFileLock(path, work)))).toEqual(['done', 'done', 'done']);
    expect(insideMax).toBe(1);
  });

  it('is released when the work fails, and leaves no file behind', async () => {
    const folder = makeFolder();
    const path = join(folder, 'lock');
    await expect(withFileLock(path, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await withFileLock(path, () => Promise.resolve('again'))).toBe('again');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is taken from a process that is gone', async () => {
    const path = join(makeFolder(), 'lock');
    writeFileSync(path, `${pidThatIsGone()} some-token`);
    expect(await withFileLock(path, () => Promise.resolve('mine'))).toBe('mine');
  });

  it('is taken from a holder that stopped touching it, though its process id is in use', async () => {
    const path = join(makeFolder(), 'lock');
    writeFileSync(path, `${process.pid} token-of-a-container-that-is-gone`);
    utimesSync(path, new Date(0), new Date(0));
    expect(await withFileLock(path, () => Promise.resolve('mine'))).toBe('mine');
  });

  it('is waited for while its holder lives, with a word about whom, and not for ever', async () => {
    const path = join(makeFolder(), 'lock');
    writeFileSync(path, `${process.pid} token-of-somebody-alive`);
    const heard: number[] = [];
    const attempt = withFileLock(path, () => Promise.resolve('mine'), { onWait: (pid) => heard.push(pid), waitMsMax: 300 });
    await expect(attempt).rejects.toThrow(`Process ${process.pid}`);
    expect(heard).toEqual([process.pid]);
    expect(existsSync(path)).toBe(true);
  });
});
