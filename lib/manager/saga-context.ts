import type { Operation } from '@/lib/contract/operation';
import { sleep } from '@/lib/platform/clock';
import { ok } from '@/lib/platform/result';
import type { ManagerResources } from './manager-resources';
import type { Observer } from './observer';
import type { OperationPlans } from './operation-plans';
import type { Decide, OperationChange, OperationRecords } from './operation-records';

const STORE_RETRY_MS = 1_000;

export interface SagaParts {
  readonly resources: ManagerResources;
  readonly records: OperationRecords;
  readonly observer: Observer;
  readonly plans: OperationPlans;
  /** Aborted when the manager closes. */
  readonly closing: AbortSignal;
}

/** What the parts of one operation's run share: its record, and storage that may be away for a while. */
export class SagaContext {
  constructor(readonly parts: SagaParts, readonly operationId: string) {}

  get resources(): ManagerResources {
    return this.parts.resources;
  }

  /** The newest record; undefined once it has ended. */
  get operation(): Operation | undefined {
    return this.parts.records.get(this.operationId);
  }

  /** The manager closes or was fenced: nothing more may be begun. */
  stopping(): boolean {
    return this.parts.closing.aborted || this.parts.records.isFenced();
  }

  get nowMs(): number {
    return Math.round(this.resources.clock.wallMs());
  }

  /** Waits out an absent database. @returns false when it will not be stored any more. */
  async persist(decide: Decide): Promise<boolean> {
    const stored = await this.parts.records.persist(this.operationId, decide);
    return stored?.ok === true;
  }

  change(change: Partial<Operation>, more: Omit<OperationChange, 'change'> = {}): Promise<boolean> {
    return this.persist(() => ok({ change, ...more }));
  }

  /** Reads from storage, as often as it takes. `null`: the manager closes. */
  async read<T>(read: () => Promise<T>): Promise<T | null> {
    const { clock, logger, clusterId } = this.resources;
    while (!this.stopping()) {
      try {
        return await read();
      } catch (error) {
        logger.warn({ clusterId, operationId: this.operationId, error: String(error) }, 'Storage cannot be read; the operation waits for it');
        await sleep(clock, STORE_RETRY_MS, this.parts.closing).catch(() => undefined);
      }
    }
    return null;
  }
}
