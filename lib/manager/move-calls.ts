/** The driver calls that one execution has under way: begun by batch, stopped by signal, told as outcomes per move. */
import type { DriverFailure } from '@/lib/contract/operation';
import type { ExecutionMove } from '@/lib/core/execution/move-list';
import type { DriverStep, MoveTarget, Pressure, StepOutcome, StepProgress } from '@/lib/drivers/driver';
import { err, type Result } from '@/lib/platform/result';
import type { ManagerResources } from './manager-resources';

export interface Outcome {
  readonly index: number;
  readonly result: Result<StepOutcome, DriverFailure>;
  readonly reverting: boolean;
}

export interface CallHooks {
  readonly progressed: (index: number, progress: StepProgress) => void;
  readonly ended: (outcomes: readonly Outcome[]) => void;
  /** Of all calls together; `null` = no limit. */
  readonly bytesPerSecondMax: () => number | null;
  readonly pressure: () => Pressure | null;
}

export class MoveCalls {
  readonly #calls = new Set<{ readonly controller: AbortController; readonly settling: boolean }>();

  constructor(private readonly resources: ManagerResources, private readonly operationId: string, private readonly hooks: CallHooks) {}

  get size(): number {
    return this.#calls.size;
  }

  /** Moves between the same two nodes; several only where the driver carries them as one. */
  move(moves: readonly ExecutionMove[]): void {
    this.#begin(moves, { settling: false }, (signal) => this.#carry(moves, signal));
  }

  /** Brings a move of a canceled execution to its end: back where the driver can, forward where it cannot. */
  settle(move: ExecutionMove): void {
    this.#begin([move], { settling: true }, async (signal) => {
      const reverting = await this.#mayRevert(move, signal);
      return [{ index: move.index, reverting, result: await this.#alone(move, stepOf(move, reverting), signal) }];
    });
  }

  /** Calls that bring a canceled move to its end are left alone unless asked for: interrupting them would only prolong it. */
  interrupt(which: 'moving' | 'every'): void {
    for (const call of this.#calls) {
      if (which === 'every' || !call.settling) call.controller.abort(new Error('interrupted'));
    }
  }

  #begin(moves: readonly ExecutionMove[], { settling }: { settling: boolean }, work: (signal: AbortSignal) => Promise<readonly Outcome[]>): void {
    const call = { controller: new AbortController(), settling };
    this.#calls.add(call);
    void work(call.controller.signal).catch((error: unknown) => this.#broken(moves, error)).then((outcomes) => {
      this.#calls.delete(call);
      this.hooks.ended(outcomes);
    });
  }

  async #carry(moves: readonly ExecutionMove[], signal: AbortSignal): Promise<readonly Outcome[]> {
    const { batches } = this.resources.driver;
    const [first] = moves;
    const targets = moves.flatMap((move) => targetOf(move) ?? []);
    if (batches === undefined || first === undefined || targets.length < moves.length) {
      return await Promise.all(moves.map(async (move) => ({ index: move.index, reverting: false, result: await this.#alone(move, stepOf(move, false), signal) })));
    }
    const results = await batches.execute(targets, {
      ...this.#context(signal),
      idempotencyKey: `${this.operationId}/${first.index}+${moves.length - 1}`,
      onProgress: (position, progress) => { this.#progressed(moves[position], progress, signal); },
    });
    return moves.map(({ index }, position) => ({ index, reverting: false, result: results[position] ?? err(BROKEN) }));
  }

  async #alone(move: ExecutionMove, step: DriverStep, signal: AbortSignal): Promise<Result<StepOutcome, DriverFailure>> {
    return await this.resources.driver.execute(step, {
      ...this.#context(signal),
      idempotencyKey: `${this.operationId}/${move.index}`,
      onProgress: (progress) => { this.#progressed(move, progress, signal); },
    });
  }

  #context(signal: AbortSignal) {
    const pressure = this.hooks.pressure();
    return {
      epoch: this.resources.model.state.epoch,
      signal,
      // Running calls share the bandwidth evenly.
      bytesPerSecondMax: () => {
        const limit = this.hooks.bytesPerSecondMax();
        return limit === null ? null : limit / Math.max(1, this.#calls.size);
      },
      ...(pressure !== null && { pressure: () => this.hooks.pressure() ?? pressure }),
    };
  }

  #progressed(move: ExecutionMove | undefined, progress: StepProgress, signal: AbortSignal): void {
    if (move !== undefined && !(signal.aborted && this.#calls.size === 0)) this.hooks.progressed(move.index, progress);
  }

  async #mayRevert(move: ExecutionMove, signal: AbortSignal): Promise<boolean> {
    const target = targetOf(move);
    if (target === null) return false;
    const truth = await this.resources.driver.inspectMove(target, signal);
    return truth.ok && (truth.value.state === 'untouched' || (truth.value.state === 'moving' && truth.value.revertible));
  }

  /** The port promises values; a rejection is a bug of the driver and must not hang the operation. */
  #broken(moves: readonly ExecutionMove[], error: unknown): readonly Outcome[] {
    this.resources.logger.error({ clusterId: this.resources.clusterId, index: moves[0]?.index, error: String(error) }, 'The driver broke its contract: execute rejected');
    return moves.map(({ index }) => ({ index, reverting: false, result: err({ ...BROKEN, message: String(error).slice(0, 1_000) }) }));
  }
}

const BROKEN: DriverFailure = { code: 'unexpected', message: 'The driver gave no result for this move', retryable: false };

function targetOf({ step }: ExecutionMove): MoveTarget | null {
  return step.kind === 'move' ? { shardId: step.shardId, role: step.role, sourceNodeId: step.sourceNodeId, targetNodeId: step.targetNodeId } : null;
}

function stepOf(move: ExecutionMove, reverting: boolean): DriverStep {
  const target = targetOf(move);
  if (target !== null) return { kind: reverting ? 'revert-move' : 'move', ...target };
  const { shardId, sourceNodeId, targetNodeId } = move.step;
  return { kind: 'transfer', shardId, sourceNodeId, targetNodeId };
}
