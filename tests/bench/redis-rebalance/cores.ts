import { execFileSync } from 'node:child_process';

/** With --apart: who has which core to themselves. */
export const CORES = { servers: 0, mover: 1 } as const;

/** Binds a process, with all its threads, to one core (Linux; taskset of util-linux). What it starts inherits that. */
export function bindTo(core: number, pid: number | undefined): void {
  if (pid === undefined) throw new Error('A process that is to be bound has ended');
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)], { stdio: 'ignore' });
}
