import type { Operation } from '@/lib/contract/operation';
import type { ManagerResources } from './manager-resources';

export interface StageOutcome {
  /** skipped: it could not be done now and holds nothing up. stopped: the manager is closing, was fenced, or the step was called off; the stage stays as it is. */
  readonly status: 'done' | 'failed' | 'skipped' | 'stopped';
  readonly message: string | null;
  /** Of `join`: who joined. */
  readonly nodeId?: string;
}

export interface StageRun {
  readonly resources: ManagerResources;
  readonly operation: Operation;
  /** Position in `operation.stages`; makes the idempotency key. */
  readonly index: number;
  readonly signal: AbortSignal;
}
