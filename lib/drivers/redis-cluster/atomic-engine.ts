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

/** The two engines behind one interface: whom to tell, how to ask, how to take it back. A job is known by its id to the node that was told. */
export interface AtomicEngine {
  /** For the console: which command moves slots here. */
  readonly title: string;
  /** Gives the id of the job. The engine refuses slots that are open, not the source's, or on their way already. */
  begin(ends: AtomicEnds, ranges: readonly SlotRange[]): Promise<Result<string, DriverFailure>>;
  /** Jobs that the node remembers, running and ended. */
  jobs(ends: AtomicEnds): Promise<Result<readonly AtomicJob[], DriverFailure>>;
  /** The engine rolls back. False: it cannot be taken back without touching the jobs of others. */
  cancel(ends: AtomicEnds, jobId: string): Promise<boolean>;
}

/** Valkey 9: the source is told, and remembers by name (CLUSTER MIGRATESLOTS, GETSLOTMIGRATIONS, CANCELSLOTMIGRATIONS). */
const valkey: AtomicEngine = {
  title: 'CLUSTER MIGRATESLOTS',
  async begin(ends, ranges) {
    // The answer is OK without a name: the job is the one that was not there before.
    const before = await this.jobs(ends);
    if (!before.ok) return before;
    const command: Command = ['CLUSTER', 'MIGRATESLOTS', 'SLOTSRANGE', ...wordsOf(ranges), 'NODE', ends.targetNodeId];
    const told = await ends.source.call(command, { timeoutMs: ends.timeoutMs });
    if (!told.ok) return err(driverFailure(told.error, `${ends.source.address}: CLUSTER MIGRATESLOTS`));
    const after = await this.jobs(ends);
    if (!after.ok) return after;
    const known = new Set(before.value.map(({ id }) => id));
    const mine = after.value.find((job) => !known.has(job.id) && job.targetNodeId === ends.targetNodeId && isSame(job.ranges, ranges));
    return mine === undefined ? err(failureOf('unexpected', `${ends.source.address} took CLUSTER MIGRATESLOTS and shows no job for it`)) : ok(mine.id);
  },
  async jobs({ source, timeoutMs }) {
    const list = listOf(await source.call(['CLUSTER', 'GETSLOTMIGRATIONS'], { timeoutMs }), 'CLUSTER GETSLOTMIGRATIONS');
    if (!list.ok) return err(driverFailure(list.error, `${source.address}: CLUSTER GETSLOTMIGRATIONS`));
    return ok(list.value.flatMap((entry) => {
      const fields = textsOf(entry);
      if (fields.get('operation') !== 'EXPORT') return [];
      return jobOf({
        id: fields.get('name'), ranges: fields.get('slot_ranges'), source: fields.get('source_node'), target: fields.get('target_node'),
        state: fields.get('state'), message: fields.get('message'), retries: '0',
      }, { success: 'done', failed: 'failed', cancelled: 'canceled' });
    }));
  },
  async cancel(ends, jobId) {
    const jobs = await this.jobs(ends);
    // It takes back everything that this node exports.
    if (!jobs.ok || jobs.value.some((job) => job.state === 'running' && job.id !== jobId)) return false;
    return (await ends.source.call(['CLUSTER', 'CANCELSLOTMIGRATIONS'], { timeoutMs: ends.timeoutMs })).ok;
  },
};

/** Redis 8.4: the target is told, and answers with the id of its task (CLUSTER MIGRATION IMPORT, STATUS, CANCEL). */
const redis: AtomicEngine = {
  title: 'CLUSTER MIGRATION IMPORT',
  async begin({ target, timeoutMs }, ranges) {
    const id = textOf(await target.call(['CLUSTER', 'MIGRATION', 'IMPORT', ...wordsOf(ranges)], { timeoutMs }), 'CLUSTER MIGRATION IMPORT');
    return id.ok ? id : err(driverFailure(id.error, `${target.address}: CLUSTER MIGRATION IMPORT`));
  },
  async jobs({ target, timeoutMs }) {
    const list = listOf(await target.call(['CLUSTER', 'MIGRATION', 'STATUS', 'ALL'], { timeoutMs }), 'CLUSTER MIGRATION STATUS');
    if (!list.ok) return err(driverFailure(list.error, `${target.address}: CLUSTER MIGRATION STATUS`));
    return ok(list.value.flatMap((entry) => {
      const fields = textsOf(entry);
      if (fields.get('operation') !== 'import') return [];
      return jobOf({
        id: fields.get('id'), ranges: fields.get('slots'), source: fields.get('source'), target: fields.get('dest'),
        state: fields.get('state'), message: fields.get('last_error'), retries: fields.get('retries'),
      }, { completed: 'done', failed: 'failed', canceled: 'canceled' });
    }));
  },
  async cancel({ target, timeoutMs }, jobId) {
    return (await target.call(['CLUSTER', 'MIGRATION', 'CANCEL', 'ID', jobId], { timeoutMs })).ok;
  },
};

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
