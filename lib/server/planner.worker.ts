/** The thread that makes plans: one job after the other, as they come. */
import { getPriority, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { planOf, type PlanJob } from '@/lib/manager/planner';
import { buffersOf, packPlan, unpackWish, type PackedPlan, type PackedWish } from './plan-transfer';

export interface PlannerRequest {
  readonly job: Omit<PlanJob, 'wish'> & { readonly wish: PackedWish };
  /** Element 0 is set to 1 when the caller gives up; memory that both threads see. */
  readonly canceled: Int32Array;
  readonly timeMaxMs: number;
}

export type PlannerReply =
  | { readonly kind: 'progress'; readonly share: number }
  | { readonly kind: 'plan'; readonly packed: PackedPlan }
  | { readonly kind: 'failed'; readonly message: string };

/** Added to the server's own; at more than the most a busy machine would hardly let it plan at all. */
const NICENESS = 10;
const NICENESS_MAX = 15;

// The event loop is not to wait for a core that planning has. On Linux threads have a niceness each; elsewhere it would be the whole server's.
if (process.platform === 'linux') setPriority(Math.max(getPriority(), Math.min(NICENESS_MAX, getPriority() + NICENESS)));

const port = parentPort;
port?.on('message', ({ job, canceled, timeMaxMs }: PlannerRequest) => {
  const send = (reply: PlannerReply, buffers: ArrayBuffer[] = []) => { port.postMessage(reply, buffers); };
  const endMs = performance.now() + timeMaxMs;
  try {
    const plan = planOf({ ...job, wish: unpackWish(job.wish) }, {
      interruptedBy: () => (Atomics.load(canceled, 0) === 1 ? 'canceled' : performance.now() > endMs ? 'time' : null),
      onProgress: (share) => { send({ kind: 'progress', share }); },
    });
    const packed = packPlan(plan);
    send({ kind: 'plan', packed }, buffersOf(packed.steps));
  } catch (error) {
    send({ kind: 'failed', message: error instanceof Error ? error.stack ?? error.message : String(error) });
  }
});
