import { readFileSync } from 'node:fs';

/**
 * Does the process run? One that has ended and waits to be reaped (Z; for long in a container
 * without an init), or is being reaped (X), does not: Linux tells, elsewhere it counts as running.
 */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    // ESRCH, ENOENT: gone before, or in between.
    if (error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'ENOENT')) return false;
    throw error;
  }
}
