// @ts-check
// One installer or builder at a time in one checkout. The lock is a file that its holder keeps
// touching. A holder that was killed leaves a file whose process is gone; one on a machine or in a
// container that is gone (where its process id may now be another program's) leaves a file that
// nobody touches. Either is taken over.
import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from './project.mjs';

const POLL_INTERVAL_MS = 250;
const TOUCH_INTERVAL_MS = 2_000;
const UNTOUCHED_MS_MAX = 30_000;
const WAIT_MS_MAX = 20 * 60_000;

/**
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @param {{ onWait?: (holderPid: number) => void, waitMsMax?: number }} [options]
 * @returns {Promise<T>}
 */
export async function withFileLock(path, work, { onWait, waitMsMax = WAIT_MS_MAX } = {}) {
  const token = `${process.pid} ${randomUUID()}`;
  const giveUpAtMs = Date.now() + waitMsMax;
  let announced = false;
  while (!tryAcquire(path, token)) {
    const holder = readHolder(path);
    if (holder === undefined) continue;
    if (isAbandoned(path, holder)) {
      removeIfHeldBy(path, holder);
      continue;
    }
    if (Date.now() > giveUpAtMs) {
      throw new SetupError(`Process ${pidOf(holder)} has been setting up this checkout for too long; end it, or delete ${path}.`);
    }
    if (!announced) onWait?.(pidOf(holder));
    announced = true;
    await sleep(POLL_INTERVAL_MS);
  }
  const touch = setInterval(() => {
    if (existsSync(path)) utimesSync(path, new Date(), new Date());
  }, TOUCH_INTERVAL_MS);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    removeIfHeldBy(path, token);
  }
}

/** @param {string} path @param {string} token */
function tryAcquire(path, token) {
  // Linking a finished file is atomic and never shows a lock without its holder's name in it.
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, token);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** @param {string} path */
function readHolder(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** @param {string} path @param {string} holder */
function isAbandoned(path, holder) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  return Date.now() - stats.mtimeMs > UNTOUCHED_MS_MAX || !processExists(pidOf(holder));
}

/**
 * Renames first and looks second: of several that judged the same holder gone, one gets the file,
 * and whoever catches a newer holder's file by mistake puts it back.
 * @param {string} path
 * @param {string} holder
 */
function removeIfHeldBy(path, holder) {
  const caught = `${path}.${process.pid}.caught`;
  try {
    renameSync(path, caught);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if (readFileSync(caught, 'utf8') === holder) rmSync(caught);
  else renameSync(caught, path);
}

/** @param {number} pid */
function processExists(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** @param {string} holder */
function pidOf(holder) {
  return Number.parseInt(holder, 10);
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
