/**
 * Which process is ours. A pid alone says nothing: it is given out again. A process is the
 * one that was started for a folder when it has the same pid, was started at the same tick
 * of the same boot, and works in that folder. Read from /proc, so Linux only.
 */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import * as z from 'zod';

export const ProcessIdentitySchema = z.strictObject({
  pid: z.number().int().min(2),
  /** Clock ticks from the machine's start to its own. */
  startTicks: z.string().max(32),
  /** Of this start of the machine. */
  bootId: z.string().max(64),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentitySchema>;

/** The process that has this pid now; `null`: none, or one that has ended and was not collected yet. */
export function identityOf(pid: number): ProcessIdentity | null {
  const stat = readOrNull(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const bootId = readOrNull(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  if (stat === null || bootId === null) return null;
  // The second field is the program's name in brackets, which may hold blanks and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const startTicks = fields[19];
  return startTicks === undefined || state === 'Z' || state === 'X' ? null : { pid, startTicks, bootId };
}

/** Does exactly this process still run, in this folder? */
export function isRunningIn(identity: ProcessIdentity, folder: string): boolean {
  const now = identityOf(identity.pid);
  return now?.startTicks === identity.startTicks && now.bootId === identity.bootId && worksIn(identity.pid, folder);
}

/** A process that works in this folder, whoever has noted its pid or not. */
export function findRunningIn(folder: string): ProcessIdentity | null {
  for (const name of readOrNull(() => readdirSync('/proc')) ?? []) {
    if (!/^\d+$/.test(name)) continue;
    const pid = Number(name);
    if (pid === process.pid || !worksIn(pid, folder)) continue;
    const identity = identityOf(pid);
    if (identity !== null) return identity;
  }
  return null;
}

export function canTellProcesses(): boolean {
  return identityOf(process.pid) !== null;
}

function worksIn(pid: number, folder: string): boolean {
  const cwd = readOrNull(() => readlinkSync(`/proc/${pid}/cwd`));
  return cwd !== null && cwd === readOrNull(() => realpathSync(folder));
}

/** Processes end while they are read, and those of others may not be read. */
function readOrNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
