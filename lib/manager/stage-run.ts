import type { Operation } from '@/lib/contract/operation';
import type { MendResult } from '@/lib/contract/shard-mending';
import type { StepContext } from '@/lib/drivers/driver';
import type { ManagerResources } from './manager-resources';

export interface StageOutcome {
  /** skipped: it could not be done now and holds nothing up. stopped: the manager is closing, was fenced, or the step was called off; the stage stays as it is. */
  readonly status: 'done' | 'failed' | 'skipped' | 'stopped';
  readonly message: string | null;
  /** Of `join`: who joined. */
  readonly nodeId?: string;
  /** Of `mend-shards`: what came of it. */
  readonly mended?: MendResult;
}

export interface StageRun {
  readonly resources: ManagerResources;
  readonly operation: Operation;
  /** Position in `operation.stages`; makes the idempotency key. */
  readonly index: number;
  readonly signal: AbortSignal;
}

/** What the driver is given with a step of this stage: the same key at every try. */
export function stepContextOf({ resources, operation, index, signal }: StageRun): StepContext {
  return {
    idempotencyKey: `${operation.id}/${index}`,
    epoch: resources.model.state.epoch,
    signal,
    bytesPerSecondMax: () => null,
    onProgress: () => { resources.model.touch(); },
  };
}
