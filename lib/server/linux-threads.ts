import { readdirSync, readlinkSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import type { ThreadPriorities } from '@/lib/platform/giving-way';

const { ESRCH } = constants.errno;

/** The threads of this process as Linux has them: each with a number and a niceness of its own, which setpriority(2) takes like that of a process. */
export const linuxThreads: ThreadPriorities = {
  mainId: process.pid,
  ids: () => readdirSync('/proc/self/task').map(Number),
  niceness(id) {
    try {
      return getPriority(id);
    } catch (error) {
      if (errnoOf(error) === null) throw error;
      return null;
    }
  },
  setNiceness(id, niceness) {
    try {
      setPriority(id, niceness);
      return 'set';
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === null) throw error;
      return errno === ESRCH ? 'gone' : 'refused';
    }
  },
};

/** The number by which Linux knows the thread that asks; `null` elsewhere. */
export function ownThreadId(): number | null {
  if (process.platform !== 'linux') return null;
  const id = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  return Number.isInteger(id) ? id : null;
}

/** Node reports it negative, in `errno` of its SystemError; `null`: it is another error. */
function errnoOf(error: unknown): number | null {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number' ? Math.abs(error.errno) : null;
}
