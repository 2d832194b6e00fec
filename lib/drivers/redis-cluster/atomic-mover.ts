import type { DriverFailure } from '@/lib/contract/operation';
import type { BatchContext, StepOutcome } from '@/lib/drivers/driver';
import { sleep, type Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import { ATOMIC_ENGINES, rangesOf, type AtomicEngine, type AtomicJob, type AtomicKind } from './atomic-engine';
import { failureOf, INTERRUPTED } from './failures';
import { readView } from './node-reading';
import { integerOf, parseFields, quantityOf, textOf } from './replies';
import type { SlotBatch } from './slot-batch';
import { ownerInView } from './topology';

const POLL_MS = { first: 4, most: 40 } as const;
/** A job is a chunk of slots: minutes mean that something is wrong, and the engine would try on. */
const JOB_MS_MAX = 300_000;
const RETRIES_MAX = 3;
/** A stop lets a job end that is nearly there; then it is taken back (M13: safe within 1 s). */
const STOP_GRACE_MS = 300;
/** The target says "done" a moment before the source has heard it on the bus. */
const AGREE_MS_MAX = 5_000;

type Outcome = Result<StepOutcome, DriverFailure>;

/**
 * Moves slots by the servers' own atomic migration: begin, watch, verify on both ends. A
 * job that an earlier manager left is waited for and not begun twice. When a job fails or
 * is taken back the engine itself rolls back, and the slots are the source's as before.
 */
export class AtomicMover {
  readonly #clock: Clock;
  /** One job at a time at each end: both engines would queue or refuse a second one. */
  readonly #tails = new Map<string, Promise<unknown>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async move(kind: AtomicKind, batch: SlotBatch, context: BatchContext): Promise<readonly Outcome[]> {
    return await this.#alone([batch.sourceNodeId, batch.targetNodeId], () => this.#move(ATOMIC_ENGINES[kind], batch, context));
  }

  async #alone<T>(nodeIds: readonly string[], work: () => Promise<T>): Promise<T> {
    const before = Promise.all(nodeIds.flatMap((id) => this.#tails.get(id) ?? []));
    const mine = before.then(work);
    const settled = mine.then(() => undefined, () => undefined);
    for (const id of nodeIds) this.#tails.set(id, settled);
    return await mine;
  }

  async #move(engine: AtomicEngine, batch: SlotBatch, context: BatchContext): Promise<readonly Outcome[]> {
    const all = (failure: DriverFailure) => batch.slots.map((): Outcome => err(failure));
    if (context.signal.aborted) return all(INTERRUPTED);
    const { source, target } = batch.ends;
    const ends = { source, target, targetNodeId: batch.targetNodeId, timeoutMs: batch.timeoutMs };
    const counted = await countKeys(batch);
    for (const { position } of batch.slots) context.onProgress(position, { stage: 'copying', bytesDone: 0, keysDone: 0 });
    const left = await this.#leftByOthers(engine, ends, batch);
    if (left !== null) return all(left);
    const begun = await engine.begin(ends, rangesOf(batch.slots.map(({ slot }) => slot)));
    if (!begun.ok) return all(begun.error);
    const ended = await this.#watch(engine, ends, begun.value, context.signal);
    if (!ended.ok) return all(ended.error);
    for (const { position } of batch.slots) context.onProgress(position, { stage: 'committing', bytesDone: 0, keysDone: 0 });
    const verified = await this.#verify(batch);
    if (verified !== null) return all(verified);
    return batch.slots.map(({ slot }) => {
      const keyCount = counted.keys.get(slot) ?? 0;
      return ok({ bytes: Math.round(keyCount * counted.bytesPerKey), keyCount, nodeId: null });
    });
  }

  /** A running job over any of these slots, of a manager that is gone or of somebody else, is waited for; then everything is looked at anew. */
  async #leftByOthers(engine: AtomicEngine, ends: Parameters<AtomicEngine['jobs']>[0], batch: SlotBatch): Promise<DriverFailure | null> {
    const jobs = await engine.jobs(ends);
    if (!jobs.ok) return jobs.error;
    const slots = new Set(batch.slots.map(({ slot }) => slot));
    const running = jobs.value.find((job) => job.state === 'running' && overlaps(job, slots));
    if (running === undefined) return null;
    return failureOf('topology-changed', `Slots of this batch are on their way already: job ${running.id.slice(0, 12)} to ${running.targetNodeId.slice(0, 12)}`, true);
  }

  async #watch(engine: AtomicEngine, ends: Parameters<AtomicEngine['jobs']>[0], jobId: string, signal: AbortSignal): Promise<Result<void, DriverFailure>> {
    const deadlineMs = this.#clock.monotonicMs() + JOB_MS_MAX;
    let stopMs: number | null = null;
    let isCancelAsked = false;
    for (let pollMs: number = POLL_MS.first; ; pollMs = Math.min(POLL_MS.most, pollMs * 1.5)) {
      const jobs = await engine.jobs(ends);
      const job = jobs.ok ? jobs.value.find(({ id }) => id === jobId) : undefined;
      if (job?.state === 'done') return ok(undefined);
      if (job?.state === 'canceled') return err(INTERRUPTED);
      if (job?.state === 'failed') return err(failureOf('refused-by-engine', `The engine gave up and rolled back: ${job.message}`, true));
      // A node that restarted has forgotten its jobs: what is true is found by the next try.
      if (jobs.ok && job === undefined) return err(failureOf('topology-changed', `Job ${jobId.slice(0, 12)} is forgotten`, true));
      if (!jobs.ok && !jobs.error.retryable) return jobs;
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
    const deadlineMs = this.#clock.monotonicMs() + AGREE_MS_MAX;
    for (;;) {
      const views = await Promise.all([ends.target, ends.source].map((client) => readView(client, timeoutMs)));
      if (views.every((view) => view.ok && slots.every(({ slot }) => ownerInView(view.value, slot) === targetNodeId))) return null;
      if (this.#clock.monotonicMs() > deadlineMs) return failureOf('verification-failed', `The engine calls the slots moved, and after ${AGREE_MS_MAX} ms not both ends agree`, true);
      await sleep(this.#clock, POLL_MS.most);
    }
  }
}

function overlaps(job: AtomicJob, slots: ReadonlySet<number>): boolean {
  return job.ranges.some(({ first, last }) => {
    for (let slot = first; slot <= last; slot += 1) if (slots.has(slot)) return true;
    return false;
  });
}

/** Keys per slot on the source before anything moves, and what one takes on average. */
async function countKeys({ ends, slots, timeoutMs }: SlotBatch): Promise<{ keys: ReadonlyMap<number, number>; bytesPerKey: number }> {
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
