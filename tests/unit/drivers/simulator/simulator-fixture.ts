import { SimulatorConnectionSchema, type SimulatorConnection } from '@/lib/contract/connection';
import type { Observation } from '@/lib/contract/observation';
import type { DriverFailure } from '@/lib/contract/operation';
import { primaryNodeIdOf, replicaNodeIdsOf, type ShardTable } from '@/lib/contract/shard-table';
import { createSimulator, type Simulator } from '@/lib/drivers/simulator/create-simulator';
import type { DriverStep, StepContext } from '@/lib/drivers/driver';
import type { Result } from '@/lib/platform/result';
import { VirtualClock } from '@/lib/platform/virtual-clock';

export interface Bench extends Simulator {
  readonly clock: VirtualClock;
}

export function connectionOf(options: Partial<SimulatorConnection> = {}): SimulatorConnection {
  return SimulatorConnectionSchema.parse({ kind: 'simulator', ...options });
}

export function startSimulator(options: Partial<SimulatorConnection> = {}): Bench {
  const clock = new VirtualClock();
  return { ...createSimulator({ connection: connectionOf(options), clock }), clock };
}

export const anySignal = () => new AbortController().signal;

let keys = 0;
export function contextOf(options: Partial<StepContext> = {}): StepContext {
  keys += 1;
  return { idempotencyKey: `step-${keys}`, epoch: 1, signal: anySignal(), bytesPerSecondMax: () => null, onProgress: () => undefined, ...options };
}

export function valueOf<T>(result: Result<T, DriverFailure>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}

export function codeOf(result: Result<unknown, DriverFailure>): string {
  return result.ok ? 'ok' : result.error.code;
}

export async function observe(bench: Pick<Simulator, 'driver'>): Promise<Observation & { shards: ShardTable }> {
  const observation = valueOf(await bench.driver.observe({ detail: 'full', signal: anySignal() }));
  return { ...observation, shards: observation.shards! };
}

/** Awaits `work` while time passes; tells how long it took by the clock. */
export async function timed<T>(bench: Bench, work: Promise<T>, limitMs = 3_600_000): Promise<{ value: T; ms: number }> {
  const startMs = bench.clock.monotonicMs();
  let over = false;
  const watched = work.then((value) => {
    over = true;
    return { value, ms: bench.clock.monotonicMs() - startMs };
  });
  if (!await bench.clock.advanceUntil(() => over, limitMs)) throw new Error(`Not finished within ${limitMs} ms`);
  return watched;
}

/** A move of the primary of `shardId` to the first node that holds nothing of it; `targetNodeId` when given. */
export function moveOf(table: ShardTable, shardId: number, targetNodeId?: string): Extract<DriverStep, { kind: 'move' }> {
  const holders = replicaNodeIdsOf(table, shardId);
  const target = targetNodeId ?? table.nodeIds.find((id) => !holders.includes(id));
  const sourceNodeId = primaryNodeIdOf(table, shardId);
  if (target === undefined || sourceNodeId === null) throw new Error(`Shard ${shardId} cannot be moved`);
  return { kind: 'move', shardId, role: 'primary', sourceNodeId, targetNodeId: target };
}
