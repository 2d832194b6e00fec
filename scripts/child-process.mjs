// @ts-check
// Children that a signal reaches whenever it reaches us, and that are gone before we are.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

const GRACE_MS = 10_000;
const DRAIN_MS_MAX = 1_000;
/** @type {readonly NodeJS.Signals[]} */
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** @type {Map<ChildProcess, number | undefined>} each with what `kill` takes to reach it */
const running = new Map();
/** @type {NodeJS.Signals | undefined} */
let interruptedBy;

/**
 * @typedef {object} ChildResult
 * @property {number} exitCode 128 + n when signal n ended it, as shells report it
 * @property {string} output stdout and stderr in the order they came, when captured
 * @property {boolean} timedOut
 */

/**
 * @param {readonly string[]} command program and arguments; no shell is involved
 * @param {object} [options]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {boolean} [options.capture] collect the output instead of showing it
 * @param {number} [options.timeoutMs]
 * @param {boolean} [options.ownGroup] run it in a process group of its own, so that whatever it starts
 *   and leaves behind is ended with it; the price is that a kill of our whole group misses it
 * @param {boolean} [options.leads] we only wrap this child: after a signal its exit code is ours,
 *   where otherwise the signal ends us once the children are gone
 * @returns {Promise<ChildResult>}
 */
export function runChild([program = '', ...args], { env = process.env, capture = false, timeoutMs, ownGroup = false, leads = false } = {}) {
  // We are about to exit; a caller that would start the next child waits for that.
  if (interruptedBy !== undefined) return new Promise(() => undefined);

  const output = capture ? 'pipe' : 'inherit';
  const child = spawn(program, args, { env, detached: ownGroup, stdio: ['ignore', output, output] });
  const target = child.pid === undefined ? undefined : ownGroup ? -child.pid : child.pid;
  if (running.size === 0) for (const signal of FORWARDED_SIGNALS) process.on(signal, interrupt);
  running.set(child, target);

  /** @type {Buffer[]} */
  const chunks = [];
  child.stdout?.on('data', (/** @type {Buffer} */ chunk) => chunks.push(chunk));
  child.stderr?.on('data', (/** @type {Buffer} */ chunk) => chunks.push(chunk));
  let timedOut = false;
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => {
    timedOut = true;
    end(child, 'SIGTERM');
  }, timeoutMs);

  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      clearTimeout(timer);
      forget(child, leads);
      reject(error);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      if (ownGroup) send(target, 'SIGKILL');
      const finish = () => {
        clearTimeout(drainTimer);
        child.off('close', finish);
        forget(child, leads);
        const exitCode = code ?? exitCodeOf(signal ?? 'SIGKILL');
        resolve({ exitCode, output: Buffer.concat(chunks).toString('utf8'), timedOut });
      };
      // `close` comes when the pipes are read to their end, or never, when a process that outlives
      // the child still holds one.
      const drainTimer = setTimeout(finish, DRAIN_MS_MAX);
      child.once('close', finish);
    });
  });
}

/** @param {ChildProcess} child @param {boolean} leads */
function forget(child, leads) {
  running.delete(child);
  if (running.size > 0) return;
  for (const signal of FORWARDED_SIGNALS) process.off(signal, interrupt);
  // Only now: whoever waits for our exit code must find the children gone.
  if (interruptedBy !== undefined && !leads) process.exit(exitCodeOf(interruptedBy));
}

/** @param {NodeJS.Signals} signal */
function interrupt(signal) {
  if (interruptedBy !== undefined) return;
  interruptedBy = signal;
  for (const child of running.keys()) end(child, signal);
}

/** @param {ChildProcess} child @param {NodeJS.Signals} signal */
function end(child, signal) {
  send(running.get(child), signal);
  // Once it has left the map, its process id may be somebody else's.
  setTimeout(() => {
    send(running.get(child), 'SIGKILL');
  }, GRACE_MS).unref();
}

/** @param {number | undefined} target @param {NodeJS.Signals} signal */
function send(target, signal) {
  if (target === undefined) return;
  try {
    process.kill(target, signal);
  } catch (error) {
    const everybodyIsGone = error instanceof Error && 'code' in error && error.code === 'ESRCH';
    if (!everybodyIsGone) throw error;
  }
}

/** @param {NodeJS.Signals} signal */
function exitCodeOf(signal) {
  return 128 + constants.signals[signal];
}
