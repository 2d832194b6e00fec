import type { DriverFailure } from '@/lib/contract/operation';
import { err, ok, type Result } from '@/lib/platform/result';
import { driverFailure, failureOf } from './failures';
import type { NodeClient } from './node-client';
import { listOf, pairsOf, textOf, type Reply } from './replies';
import type { Command } from './resp';
import type { SlotRange } from './topology';

/** How a server moves slots by itself: snapshot, stream of what was written meanwhile, a short stop of writes, ownership. */
export type AtomicKind = 'valkey' | 'redis';

export interface AtomicJob {
  readonly id: string;
  readonly ranges: readonly SlotRange[];
  readonly sourceNodeId: string;
  readonly targetNodeId: string;
  readonly state: 'running' | 'done' | 'failed' | 'canceled';
  /** The engine's words, for people. */
  readonly message: string;
  /** The engine may try again by itself. */
  readonly retries: number;
}

type Asked = Pick<NodeClient, 'call' | 'address'>;
export interface AtomicEnds {
  readonly source: Asked;
  readonly target: Asked;
  readonly targetNodeId: string;
  readonly timeoutMs: number;
}

/** What one job carries at most, unless a single slot is more. */
export interface JobLimits {
  readonly slotsMax: number;
  readonly keysMax: number;
}

/** The two engines behind one interface: whom to tell, how to ask, how to take it back. A job is known by its id to the node that was told. */
export interface AtomicEngine {
  /** For the console: which command moves slots here. */
  readonly title: string;
  readonly limits: JobLimits;
  /** The target sleeps on the slots that it has taken until something wakes it. */
  readonly isTargetDrowsy: boolean;
  /** Gives the id of the job. The engine refuses slots that are open, not the source's, or on their way already. `known`: jobs that were there before. */
  begin(ends: AtomicEnds, ranges: readonly SlotRange[], known: readonly AtomicJob[]): Promise<Result<string, DriverFailure>>;
  /** Jobs that the node remembers, running and ended. */
  jobs(ends: AtomicEnds): Promise<Result<readonly AtomicJob[], DriverFailure>>;
  /** The one of them by this id; `null` when the node does not know it. */
  job(ends: AtomicEnds, jobId: string): Promise<Result<AtomicJob | null, DriverFailure>>;
  /** The engine rolls back. False: it cannot be taken back without touching the jobs of others. */
  cancel(ends: AtomicEnds, jobId: string): Promise<boolean>;
}

/**
 * Valkey 9: the source is told, and remembers by name (CLUSTER MIGRATESLOTS,
 * GETSLOTMIGRATIONS, CANCELSLOTMIGRATIONS). What its source (cluster_migrateslots.c of
 * 9.1) makes of a job, and what follows for its size:
 * - the snapshot begins at the source's next turn of its cron, ten times a second, and the
 *   child that made the one before is let go by that cron too: a source has one job per
 *   100 ms, whatever is in it;
 * - every write to the source waits, of whatever slot, from the end of the snapshot until
 *   the target has said that the slots are its own;
 * - the target says so in the turn of its event loop after the one that took them. Where no
 *   client keeps it awake that is its next timer, up to 100 ms later: it is woken;
 * - it says so by a connection that collects small packets (Nagle): within 40 ms of another
 *   word to the same node the new one waits, and so do the writes. Hand-overs to the same
 *   target therefore follow each other;
 * - hearing it, the source deletes the keys at once, some thousand and the log lines of 80
 *   slots in a millisecond, and answers nobody meanwhile.
 */
const valkey: AtomicEngine = {
  title: 'CLUSTER MIGRATESLOTS',
  limits: { slotsMax: 700, keysMax: 9_000 },
  isTargetDrowsy: true,
  async begin(ends, ranges, before) {
    // The answer is OK without a name: the job is the one that was not there before.
    const command: Command = ['CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', ...wordsOf(ranges), 'NODE', ends.targetNodeId];
    const told = await ends.source.call(command, { timeoutMs: ends.timeoutMs });
    if (!told.ok) return err(driverFailure(told.error, `${ends.source.address}: CLUSTER MIGRATESLOTS`));
    const after = await this.jobs(ends);
    if (!after.ok) return after;
    const known = new Set(before.map(({ id }) => id));
    const mine = after.value.find((job) => !known.has(job.id) && job.targetNodeId === ends.targetNodeId && isSame(job.ranges, ranges));
    return mine === undefined ? err(failureOf('unexpected', `${ends.source.address} took CLUSTER MIGRATESLOTS and shows no job for it`)) : ok(mine.id);
  },
  async jobs(ends) {
    const list = await exportsOf(ends);
    return list.ok ? ok(list.value.flatMap(exportOf)) : list;
  },
  async job(ends, jobId) {
    // There is no asking for one: the others are not looked into.
    const list = await exportsOf(ends);
    return list.ok ? ok(list.value.filter((fields) => fields.get('name') === jobId).flatMap(exportOf)[0] ?? null) : list;
  },
  async cancel(ends, jobId) {
    const jobs = await this.jobs(ends);
    // It takes back everything that this node exports.
    if (!jobs.ok || jobs.value.some((job) => job.state === 'running' && job.id !== jobId)) return false;
    return (await ends.source.call(['CLUSTER', 'CANCELSLOTMIGRATIONS'], { timeoutMs: ends.timeoutMs })).ok;
  },
};

async function exportsOf({ source, timeoutMs }: AtomicEnds): Promise<Result<Map<string, string>[], DriverFailure>> {
  const list = listOf(await source.call(['CLUSTER', 'GETSLOTMIGRATIONS'], { timeoutMs }), 'CLUSTER GETSLOTMIGRATIONS');
  if (!list.ok) return err(driverFailure(list.error, `${source.address}: CLUSTER GETSLOTMIGRATIONS`));
  return ok(list.value.map(textsOf).filter((fields) => fields.get('operation') === 'EXPORT'));
}

function exportOf(fields: ReadonlyMap<string, string>): AtomicJob[] {
  return jobOf({
    id: fields.get('name'), ranges: fields.get('slot_ranges'), source: fields.get('source_node'), target: fields.get('target_node'),
    state: fields.get('state'), message: fields.get('message'), retries: '0',
  }, { success: 'done', failed: 'failed', cancelled: 'canceled' });
}

/**
 * Redis 8.4: the target is told, and answers with the id of its task (CLUSTER MIGRATION
 * IMPORT, STATUS, CANCEL). A node has one task at a time, as target or as source
 * (cluster_asm.c); it begins at once, its keys are dropped by a thread of their own, and
 * the writes of the source wait for some milliseconds whatever it carries.
 */
const redis: AtomicEngine = {
  title: 'CLUSTER MIGRATION IMPORT',
  limits: { slotsMax: 1_024, keysMax: Infinity },
  isTargetDrowsy: false,
  async begin({ target, timeoutMs }, ranges) {
    const id = textOf(await target.call(['CLUSTER', 'MIGRATION', 'IMPORT', ...wordsOf(ranges)], { timeoutMs }), 'CLUSTER MIGRATION IMPORT');
    return id.ok ? id : err(driverFailure(id.error, `${target.address}: CLUSTER MIGRATION IMPORT`));
  },
  jobs: (ends) => importsOf(ends, ['ALL']),
  async job(ends, jobId) {
    const list = await importsOf(ends, ['ID', jobId]);
    return list.ok ? ok(list.value[0] ?? null) : list;
  },
  async cancel({ target, timeoutMs }, jobId) {
    return (await target.call(['CLUSTER', 'MIGRATION', 'CANCEL', 'ID', jobId], { timeoutMs })).ok;
  },
};

async function importsOf({ target, timeoutMs }: AtomicEnds, which: readonly string[]): Promise<Result<AtomicJob[], DriverFailure>> {
  const list = listOf(await target.call(['CLUSTER', 'MIGRATION', 'STATUS', ...which], { timeoutMs }), 'CLUSTER MIGRATION STATUS');
  if (!list.ok) return err(driverFailure(list.error, `${target.address}: CLUSTER MIGRATION STATUS`));
  return ok(list.value.flatMap((entry) => {
    const fields = textsOf(entry);
    if (fields.get('operation') !== 'import') return [];
    return jobOf({
      id: fields.get('id'), ranges: fields.get('slots'), source: fields.get('source'), target: fields.get('dest'),
      state: fields.get('state'), message: fields.get('last_error'), retries: fields.get('retries'),
    }, { completed: 'done', failed: 'failed', canceled: 'canceled' });
  }));
}

export const ATOMIC_ENGINES: Readonly<Record<AtomicKind, AtomicEngine>> = { valkey, redis };

/** Subcommand by which a server shows that it can; lower case, as COMMAND LIST has it. */
export const ATOMIC_COMMANDS: Readonly<Record<AtomicKind, string>> = { valkey: 'cluster|migrateslots', redis: 'cluster|migration' };

/** Ascending slots as ranges. */
export function rangesOf(slots: readonly number[]): SlotRange[] {
  const ranges: { first: number; last: number }[] = [];
  for (const slot of [...slots].sort((a, b) => a - b)) {
    const open = ranges.at(-1);
    if (open?.last === slot - 1) open.last = slot;
    else ranges.push({ first: slot, last: slot });
  }
  return ranges;
}

function wordsOf(ranges: readonly SlotRange[]): number[] {
  return ranges.flatMap(({ first, last }) => [first, last]);
}

function isSame(a: readonly SlotRange[], b: readonly SlotRange[]): boolean {
  return wordsOf(a).join() === wordsOf(b).join();
}

function textsOf(entry: Reply): Map<string, string> {
  return new Map([...pairsOf(entry)].flatMap(([name, value]) => typeof value === 'string' || typeof value === 'number' ? [[name, String(value)] as const] : []));
}

/** A job of unknown shape is left out: nothing is concluded from it. Every state that is no end is running. */
function jobOf(
  fields: Readonly<Record<'id' | 'ranges' | 'source' | 'target' | 'state' | 'message' | 'retries', string | undefined>>,
  ends: Readonly<Record<string, 'done' | 'failed' | 'canceled'>>,
): AtomicJob[] {
  const { id, ranges, source, target, state } = fields;
  if (id === undefined || ranges === undefined || source === undefined || target === undefined || state === undefined) return [];
  const parsed = [...ranges.matchAll(/(\d+)(?:-(\d+))?/g)].map(([, first, last]) => ({ first: Number(first), last: Number(last ?? first) }));
  return [{ id, ranges: parsed, sourceNodeId: source, targetNodeId: target, state: ends[state] ?? 'running', message: fields.message ?? '', retries: Number(fields.retries ?? 0) }];
}
