import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/**
 * Lets every other process of the machine go first: the database servers that are looked
 * after may share it, and their clients wait for a processor that we have. One that has
 * the machine to itself is none the slower.
 *
 * Whoever started us with more niceness meant it. On Linux each thread has a niceness of
 * its own, which those that it starts inherit; elsewhere it is the process's.
 *
 * @param niceness 0 to 19
 * @throws when the system does not allow it
 */
export function giveWay(niceness: number): void {
  const ids = process.platform === 'linux' ? readdirSync('/proc/self/task').map(Number) : [process.pid];
  for (const id of ids) {
    try {
      if (getPriority(id) < niceness) setPriority(id, niceness);
    } catch (error) {
      // A thread may have ended since it was listed.
      if ((error as NodeJS.ErrnoException & { info?: { code?: string } }).info?.code !== 'ESRCH') throw error;
    }
  }
}
