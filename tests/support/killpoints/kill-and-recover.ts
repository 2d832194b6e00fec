import { isTerminal, type Operation } from '@/lib/contract/operation';
import type { KillOrder, KillPoint } from './kill-point';

/** [M9] From the return of what was killed to the end of the operation. */
const RECOVERED_MS_MAX = 30_000;
const DOWN_MS = 700;
const STRIKE_MS_MAX = 60_000;
const LOOK_EVERY_MS = 50;

/** What was asked of a manager has no answer, for it died. */
export class ManagerGoneError extends Error {
  constructor(options?: ErrorOptions) { super('The manager is gone', options); }
}

/** A manager in a process of its own, which may have orders to kill. */
export interface MortalManager {
  readonly isRunning: boolean;
  readonly stderr: string;
  /** The victim was killed, as the process says itself; a process that kills itself says nothing. */
  readonly struck: Promise<void>;
  readonly exited: Promise<unknown>;
  operation(operationId: string): Promise<Operation>;
  /** The id of the operation that was stored last. */
  newest(): Promise<string | null>;
}

export interface MortalNode {
  readonly pid: number | undefined;
  kill(): Promise<void>;
  /** Again, on the same data. */
  start(): Promise<void>;
}

export interface Killing<M extends MortalManager> {
  readonly point: KillPoint;
  /** `null`: the manager itself. */
  readonly victim: MortalNode | null;
  /** A manager with these orders in the place of the one before. */
  readonly begin: (order: KillOrder | null) => Promise<M>;
  readonly work: (manager: M) => Promise<Operation>;
}

export interface CaseOutcome {
  readonly operation: Operation;
  readonly recoveredMs: number;
}

/** Work under a manager that kills where it is told to; whoever died comes back, and the operation has to end by itself. */
export async function killAndRecover<M extends MortalManager>({ point, victim, begin, work }: Killing<M>): Promise<CaseOutcome> {
  const first = await begin({ ...point, victimPid: victim?.pid ?? 0 });
  // A manager that dies before its answer leaves nothing to ask for but what is stored.
  const begun = work(first).catch((error: unknown) => {
    if (first.isRunning && !(error instanceof ManagerGoneError)) throw error;
    return null;
  });
  await within(STRIKE_MS_MAX, `${JSON.stringify(point)} was never reached: ${first.stderr}`, Promise.race([first.exited, first.struck, failsOf(begun)]));
  let manager = first;
  if (victim === null) {
    await first.exited;
    manager = await begin(null);
  } else {
    // The process that was killed is still ours: its end is taken note of, and it comes back on the same data.
    await victim.kill();
    await new Promise((resolve) => setTimeout(resolve, DOWN_MS));
    await victim.start();
  }
  const operationId = (await begun)?.id ?? await manager.newest();
  if (operationId === null) throw new Error('Nothing was stored');
  return await untilEnded(manager, operationId, performance.now());
}

export async function untilEnded(manager: MortalManager, operationId: string, returnedAtMs: number): Promise<CaseOutcome> {
  for (;;) {
    const operation = await manager.operation(operationId);
    const recoveredMs = performance.now() - returnedAtMs;
    if (isTerminal(operation.status)) return { operation, recoveredMs };
    if (recoveredMs > RECOVERED_MS_MAX) throw new Error(`Not recovered ${RECOVERED_MS_MAX} ms later: ${JSON.stringify({ ...operation, stages: operation.stages.map(({ kind, status }) => `${kind} ${status}`) })}\n${manager.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Rejects when the promise does; a value says nothing. */
async function failsOf(promise: Promise<unknown>): Promise<never> {
  await promise;
  return await new Promise(() => { /* Only a failure counts. */ });
}

async function within<T>(limitMs: number, otherwise: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([promise, new Promise<never>((_, reject) => { timer = setTimeout(() => { reject(new Error(otherwise)); }, limitMs); })]);
  } finally {
    clearTimeout(timer);
  }
}
