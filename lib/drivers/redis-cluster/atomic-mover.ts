import type { DriverFailure } from '@/lib/contract/operation';
import type { BatchContext, StepOutcome } from '@/lib/drivers/driver';
import { sleep, type Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import { ATOMIC_ENGINES, rangesOf, type AtomicEnds, type AtomicEngine, type AtomicJob, type AtomicKind, type JobLimits } from './atomic-engine';
import { failureOf, INTERRUPTED } from './failures';
import { keepAwake } from './keep-awake';
import type { NodeClient } from './node-client';
import { readView } from './node-reading';
import { OneRole } from './one-role';
import { integerOf, parseFields, quantityOf, textOf } from './replies';
import type { SlotBatch, SlotOrder } from './slot-batch';
import { ownerInView } from './topology';

const POLL_MS = { first: 4, most: 20 } as const;
/** A job is a chunk of slots: minutes mean that something is wrong, and the engine would try on. */
const JOB_MS_MAX = 300_000;
const RETRIES_MAX = 3;
/** A stop lets a job end that is nearly there; then it is taken back (M13: safe within 1 s). */
const STOP_GRACE_MS = 300;
/** The target says "done" a moment before the source has heard it on the bus, where its writes wait for that. */
const AGREE_MS = { poll: 4, most: 5_000 } as const;
/** How long a target that has taken slots may sleep on it while the source's writes wait. */
const WAKE_EVERY_MS = 2;

/** Jobs of a batch may differ by so much in their keys before one more of them is made. */
const EVEN_ENOUGH = 1.25;

type Outcome = Result<StepOutcome, DriverFailure>;

/**
 * Moves slots by the servers' own atomic migration: begin, watch, verify on both ends. A
 * batch goes in jobs of a size that its clients can bear, one after the other at each end.
 * A job that an earlier manager left is waited for and not begun twice. When a job fails or is taken back
 * the engine itself rolls back, and the slots are the source's as before.
 */
export class AtomicMover {
  readonly #clock: Clock;
  readonly #limits: Partial<JobLimits>;
  /** One job at a time at each end: both engines would queue or refuse a second one, or hold its clients up for longer. */
  readonly #turns = new OneRole({ perSourceMax: 1, perTargetMax: 1 });

  /** `limits`: other sizes than the engine's own, for measuring what they cost. */
  constructor(clock: Clock, limits: Partial<JobLimits> = {}) {
    this.#clock = clock;
    this.#limits = limits;
  }

  async move(kind: AtomicKind, batch: SlotBatch, context: BatchContext): Promise<readonly Outcome[]> {
    const engine = ATOMIC_ENGINES[kind];
    const counted = await countKeys(batch);
    const outcomes = new Map<SlotOrder, Outcome>();
    for (const slots of jobsOf(batch.slots, counted.keys, { ...engine.limits, ...this.#limits })) {
      const failure = await this.#turns.run(batch, () => this.#job(engine, { ...batch, slots }, context));
      for (const order of slots) {
        const amount = amountOf(order, counted);
        outcomes.set(order, failure === null ? ok(amount) : err(failure));
        // The batch may go on for a while with its other jobs.
        if (failure === null) context.onProgress(order.position, { stage: 'committing', bytesDone: amount.bytes, keysDone: amount.keyCount });
      }
    }
    return batch.slots.map((order) => outcomes.get(order)!);
  }

  /** One job to its end, verified. */
  async #job(engine: AtomicEngine, batch: SlotBatch, context: BatchContext): Promise<DriverFailure | null> {
    const failure = await this.#carry(engine, batch, context);
    if (failure !== null) return failure;
    for (const { position } of batch.slots) context.onProgress(position, { stage: 'committing', bytesDone: 0, keysDone: 0 });
    return await this.#verify(batch);
  }

  async #carry(engine: AtomicEngine, batch: SlotBatch, context: BatchContext): Promise<DriverFailure | null> {
    if (context.signal.aborted) return INTERRUPTED;
    const { source, target } = batch.ends;
    const ends = { source, target, targetNodeId: batch.targetNodeId, timeoutMs: batch.timeoutMs };
    for (const { position } of batch.slots) context.onProgress(position, { stage: 'copying', bytesDone: 0, keysDone: 0 });
    const known = await engine.jobs(ends);
    if (!known.ok) return known.error;
    const left = leftByOthers(known.value, batch);
    if (left !== null) return left;
    const begun = await engine.begin(ends, rangesOf(batch.slots.map(({ slot }) => slot)), known.value);
    if (!begun.ok) return begun.error;
    const awake = engine.isTargetDrowsy ? keepAwake(this.#clock, target, { everyMs: WAKE_EVERY_MS, timeoutMs: batch.timeoutMs }) : null;
    try {
      const ended = await this.#watch(engine, ends, begun.value, context.signal);
      return ended.ok ? null : ended.error;
    } finally {
      awake?.[Symbol.dispose]();
    }
  }

  async #watch(engine: AtomicEngine, ends: AtomicEnds, jobId: string, signal: AbortSignal): Promise<Result<void, DriverFailure>> {
    const deadlineMs = this.#clock.monotonicMs() + JOB_MS_MAX;
    let stopMs: number | null = null;
    let isCancelAsked = false;
    for (let pollMs: number = POLL_MS.first; ; pollMs = Math.min(POLL_MS.most, pollMs * 1.5)) {
      const asked = await engine.job(ends, jobId);
      const job = asked.ok ? asked.value : undefined;
      if (job?.state === 'done') return ok(undefined);
      if (job?.state === 'canceled') return err(INTERRUPTED);
      if (job?.state === 'failed') return err(failureOf('refused-by-engine', `The engine gave up and rolled back: ${job.message}`, true));
      // A node that restarted has forgotten its jobs: what is true is found by the next try.
      if (job === null) return err(failureOf('topology-changed', `Job ${jobId.slice(0, 12)} is forgotten`, true));
      if (!asked.ok && !asked.error.retryable) return asked;
      const nowMs = this.#clock.monotonicMs();
      if (signal.aborted) stopMs ??= nowMs;
      const isOver = nowMs > deadlineMs || (job?.retries ?? 0) > RETRIES_MAX;
      if (!isCancelAsked && (isOver || (stopMs !== null && nowMs - stopMs > STOP_GRACE_MS))) {
        isCancelAsked = true;
        await engine.cancel(ends, jobId);
        if (isOver) return err(failureOf('refused-by-engine', `The engine does not get on with it (${job?.retries ?? 0} retries): ${job?.message ?? ''}`, true));
      }
      await sleep(this.#clock, pollMs);
    }
  }

  /** Both ends must say so themselves (M7). */
  async #verify({ ends, slots, timeoutMs, targetNodeId }: SlotBatch): Promise<DriverFailure | null> {
    const deadlineMs = this.#clock.monotonicMs() + AGREE_MS.most;
    let silent: readonly NodeClient[] = [ends.target, ends.source];
    for (;;) {
      const views = await Promise.all(silent.map((client) => readView(client, timeoutMs)));
      silent = silent.filter((_, index) => {
        const view = views[index]!;
        return !view.ok || slots.some(({ slot }) => ownerInView(view.value, slot) !== targetNodeId);
      });
      if (silent.length === 0) return null;
      if (this.#clock.monotonicMs() > deadlineMs) return failureOf('verification-failed', `The engine calls the slots moved, and after ${AGREE_MS.most} ms not both ends agree`, true);
      await sleep(this.#clock, AGREE_MS.poll);
    }
  }
}

/** A running job over any of these slots, of a manager that is gone or of somebody else, is waited for; then everything is looked at anew. */
function leftByOthers(known: readonly AtomicJob[], batch: SlotBatch): DriverFailure | null {
  const slots = new Set(batch.slots.map(({ slot }) => slot));
  const running = known.find((job) => job.state === 'running' && overlaps(job, slots));
  if (running === undefined) return null;
  return failureOf('topology-changed', `Slots of this batch are on their way already: job ${running.id.slice(0, 12)} to ${running.targetNodeId.slice(0, 12)}`, true);
}

/**
 * In the order of the slots, since neighbours are one range, and cut evenly so that none
 * carries more than it may; a slot that is more by itself goes alone.
 */
function jobsOf(slots: readonly SlotOrder[], keysOf: ReadonlyMap<number, number>, { slotsMax, keysMax }: JobLimits): SlotOrder[][] {
  const keysIn = ({ slot }: SlotOrder) => keysOf.get(slot) ?? 0;
  const keysAll = slots.reduce((sum, order) => sum + keysIn(order), 0);
  const count = Math.max(1, Math.ceil(slots.length / slotsMax), Math.ceil(keysAll / keysMax));
  const even = { slots: Math.ceil(slots.length / count), keys: Math.min(keysMax, (keysAll / count) * EVEN_ENOUGH) };
  const jobs: SlotOrder[][] = [];
  let keys = 0;
  for (const order of [...slots].sort((a, b) => a.slot - b.slot)) {
    const open = jobs.at(-1);
    if (open !== undefined && open.length < even.slots && keys + keysIn(order) <= even.keys) {
      open.push(order);
      keys += keysIn(order);
    } else {
      jobs.push([order]);
      keys = keysIn(order);
    }
  }
  return jobs;
}

function overlaps(job: AtomicJob, slots: ReadonlySet<number>): boolean {
  return job.ranges.some(({ first, last }) => {
    for (let slot = first; slot <= last; slot += 1) if (slots.has(slot)) return true;
    return false;
  });
}

interface Counted {
  readonly keys: ReadonlyMap<number, number>;
  readonly bytesPerKey: number;
}

function amountOf({ slot }: SlotOrder, { keys, bytesPerKey }: Counted): StepOutcome {
  const keyCount = keys.get(slot) ?? 0;
  return { bytes: Math.round(keyCount * bytesPerKey), keyCount, nodeId: null };
}

/** Keys per slot on the source before anything moves, and what one takes on average. */
async function countKeys({ ends, slots, timeoutMs }: SlotBatch): Promise<Counted> {
  const replies = await ends.source.pipeline([...slots.map(({ slot }) => ['CLUSTER', 'COUNTKEYSINSLOT', slot] as const), ['INFO', 'memory'], ['DBSIZE']], { timeoutMs });
  const keys = new Map(slots.map(({ slot }, index) => {
    const count = integerOf(replies[index], 'CLUSTER COUNTKEYSINSLOT');
    return [slot, count.ok ? count.value : 0];
  }));
  const info = textOf(replies[slots.length], 'INFO');
  const total = integerOf(replies[slots.length + 1], 'DBSIZE');
  const dataset = info.ok ? quantityOf(parseFields(info.value), 'used_memory_dataset') ?? 0 : 0;
  return { keys, bytesPerKey: total.ok && total.value > 0 ? dataset / total.value : 0 };
}
