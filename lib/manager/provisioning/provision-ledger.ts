import type { ProvisionRecord } from '@/lib/contract/provisioner';
import type { StoreWrite } from '@/lib/contract/storage';
import { sleep, type Clock } from '@/lib/platform/clock';
import type { ClusterModel } from '../cluster-model';
import type { EventDraft, EventLog } from '../event-log';

const STORE_RETRY_MS = 1_000;

/** Names the node that is made for this operation, the first, second, ... of it. Fit for a file's name and for any cloud's label. */
export function intentIdOf(operationId: string, ordinal: number): string {
  return `${operationId}-${ordinal}`;
}

/** The operation that an intent was made for, by its name; `null`: it is none of ours. */
export function operationIdOf(intentId: string): string | null {
  return /^(operation_[0-9a-z]+)-\d{1,4}$/.exec(intentId)?.[1] ?? null;
}

/** What was asked for and not returned, stored before it is shown. */
export class ProvisionLedger {
  readonly #records = new Map<string, ProvisionRecord>();

  constructor(private readonly parts: { readonly clusterId: string; readonly clock: Clock; readonly log: EventLog; readonly model: ClusterModel }, stored: readonly ProvisionRecord[]) {
    for (const record of stored) this.#records.set(record.intentId, record);
  }

  get(intentId: string): ProvisionRecord | null {
    return this.#records.get(intentId) ?? null;
  }

  /** Oldest first. */
  all(): readonly ProvisionRecord[] {
    return [...this.#records.values()].sort((a, b) => a.askedAtMs - b.askedAtMs || (a.intentId < b.intentId ? -1 : 1));
  }

  ofNode(nodeId: string): ProvisionRecord | null {
    return this.all().find((record) => record.nodeId === nodeId) ?? null;
  }

  /** As a write, for a commit with other things; call `applied` when it was taken. */
  write(record: ProvisionRecord): StoreWrite {
    return { kind: 'save-provision', provision: record, epoch: this.parts.model.state.epoch };
  }

  applied(record: ProvisionRecord): void {
    this.#records.set(record.intentId, record);
    this.parts.model.touch();
  }

  /** Waits out an absent database. False: the manager closes, or another one has the cluster. */
  async save(records: readonly ProvisionRecord[], drafts: readonly EventDraft[], signal: AbortSignal): Promise<boolean> {
    if (!await this.#commit(records.map((record) => this.write(record)), drafts, signal)) return false;
    for (const record of records) this.applied(record);
    return true;
  }

  async drop(intentId: string, drafts: readonly EventDraft[], signal: AbortSignal): Promise<boolean> {
    if (!await this.#commit([{ kind: 'delete-provision', clusterId: this.parts.clusterId, intentId }], drafts, signal)) return false;
    this.#records.delete(intentId);
    this.parts.model.touch();
    return true;
  }

  async #commit(writes: readonly StoreWrite[], drafts: readonly EventDraft[], signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      const committed = await this.parts.log.commit(writes, drafts);
      if (committed.ok) return true;
      if (committed.error.code !== 'unavailable') return false;
      await sleep(this.parts.clock, STORE_RETRY_MS, signal).catch(() => undefined);
    }
    return false;
  }
}
