import { expect } from 'vitest';
import { DriverFailureSchema, type DriverFailure } from '@/lib/contract/operation';
import { ObservationSchema, type Observation } from '@/lib/contract/observation';
import { NO_REPLICA, primaryIndexOf, primaryNodeIdOf, replicaNodeIdsOf, type ShardTable } from '@/lib/contract/shard-table';
import type { DriverStep, MoveTarget, StepContext, StepProgress } from '@/lib/drivers/driver';
import type { Result } from '@/lib/platform/result';
import type { DriverHarness, DriverTraits } from './driver-harness';

export const never = () => new AbortController().signal;

export type FullObservation = Observation & { shards: ShardTable };

/** A reading of everything, parsed as the manager parses it. */
export async function observeFull(harness: DriverHarness, traits: DriverTraits): Promise<FullObservation> {
  const result = await harness.complete(harness.driver.observe({ detail: 'full', signal: never() }), traits.readingMsMax + 1_000);
  const observation = ObservationSchema.parse(valueOf(result));
  if (observation.shards === null) throw new Error('A full reading has shards');
  return { ...observation, shards: observation.shards };
}

export function valueOf<T>(result: Result<T, DriverFailure>): T {
  if (!result.ok) throw new Error(`Failed: ${result.error.code}: ${result.error.message}`);
  return result.value;
}

/** The failure, which every driver gives in the shared form and never as "unexpected". */
export function failureOf(result: Result<unknown, DriverFailure>): DriverFailure {
  if (result.ok) throw new Error('Succeeded where a failure was expected');
  const failure = DriverFailureSchema.parse(result.error);
  expect(failure.code).not.toBe('unexpected');
  return failure;
}

let stepNumber = 0;

/** A context for one step; the epoch is the same for all of a test run unless given. */
export function contextOf(options: Partial<StepContext> = {}): StepContext {
  stepNumber += 1;
  return {
    idempotencyKey: `contract-${stepNumber}`,
    epoch: 1_000,
    signal: never(),
    bytesPerSecondMax: () => null,
    onProgress: () => undefined,
    ...options,
  };
}

/** [P1] every shard has exactly one primary, and no node holds a shard twice. */
export function expectOnePrimaryEach(table: ShardTable): void {
  for (let shardId = 0; shardId < table.shardCount; shardId += 1) {
    const holders = replicaNodeIdsOf(table, shardId);
    if (primaryIndexOf(table, shardId) === NO_REPLICA) throw new Error(`[P1] shard ${shardId} has no primary`);
    if (new Set(holders).size !== holders.length) throw new Error(`[P3] shard ${shardId} is twice on a node: ${holders.join(' ')}`);
  }
}

/** What the largest primaries of non-empty leaders weigh; the suite moves these, so that there is a middle to stop in. */
export function largePrimaries(table: ShardTable, exceptNodeIds: readonly string[]): { shardId: number; sourceNodeId: string; bytes: number }[] {
  const primaries: { shardId: number; sourceNodeId: string; bytes: number }[] = [];
  for (let shardId = 0; shardId < table.shardCount; shardId += 1) {
    const sourceNodeId = primaryNodeIdOf(table, shardId);
    const bytes = table.sizeBytes[shardId]!;
    if (sourceNodeId === null || exceptNodeIds.includes(sourceNodeId) || !(bytes > 0)) continue;
    primaries.push({ shardId, sourceNodeId, bytes });
  }
  return primaries.sort((a, b) => b.bytes - a.bytes || a.shardId - b.shardId);
}

/** A throttle that makes a move of `bytes` last about `seconds`. */
export function paced(bytes: number, seconds: number): () => number {
  return () => Math.max(1, Math.ceil(bytes / seconds));
}

export interface InterruptedMove {
  readonly result: Result<unknown, DriverFailure>;
  readonly msFromAbortToAnswer: number;
  readonly progress: readonly StepProgress[];
}

/** Executes `step` slowly and aborts it once `when` says so of its progress. */
export async function interruptMove(
  harness: DriverHarness, step: DriverStep, options: { bytes: number; when: (progress: StepProgress) => boolean },
): Promise<InterruptedMove> {
  const abort = new AbortController();
  const progress: StepProgress[] = [];
  const abortedAtMs: number[] = [];
  const work = harness.driver.execute(step, contextOf({
    signal: abort.signal,
    bytesPerSecondMax: paced(options.bytes, 6),
    onProgress: (now) => {
      progress.push(now);
      if (abortedAtMs.length > 0 || !options.when(now)) return;
      abortedAtMs.push(harness.nowMs());
      abort.abort(new Error('Interrupted by the test'));
    },
  })).then((result) => ({ result, answeredAtMs: harness.nowMs() }));
  const { result, answeredAtMs } = await harness.complete(work, 60_000);
  const [firstAbortMs] = abortedAtMs;
  if (firstAbortMs === undefined) throw new Error(`The move ended before it could be interrupted; progress: ${JSON.stringify(progress)}`);
  return { result, msFromAbortToAnswer: answeredAtMs - firstAbortMs, progress };
}

export async function inspect(harness: DriverHarness, move: MoveTarget) {
  return valueOf(await harness.complete(harness.driver.inspectMove(move, never()), 10_000));
}
