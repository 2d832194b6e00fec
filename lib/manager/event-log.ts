/**
 * The one way to storage for a cluster: everything it commits goes through here, one
 * commit at a time, so that event sequences have no gaps and nothing is published
 * before it is stored.
 */
import type { DomainEvent } from '@/lib/contract/events';
import type { Actor } from '@/lib/contract/primitives';
import type { Store, StoreConflict, StoreWrite } from '@/lib/contract/storage';
import type { Clock } from '@/lib/platform/clock';
import type { NextId } from '@/lib/platform/ids';
import { err, ok, type Result } from '@/lib/platform/result';
import type { ManagerLogger } from './manager-logger';
import type { Publisher } from './ports';

/** An event before it has an id, a time and a place in the log. */
export type EventDraft = Pick<DomainEvent, 'type' | 'message'>
  & Partial<Pick<DomainEvent, 'actor' | 'severity' | 'nodeId' | 'shardId' | 'planId' | 'operationId' | 'data'>>;

export const SYSTEM_ACTOR: Actor = { kind: 'system', name: 'manager' };
const BACKLOG_MAX = 1_000;
const BATCH_MAX = 100;
const RETRY_MS = 1_000;
/** Two that write to one log meet again and again only when one of them does nothing else. */
const SEQUENCE_TRIES_MAX = 5;

export interface EventLogOptions {
  readonly clusterId: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly nextId: NextId;
  readonly publisher: Publisher;
  readonly logger: ManagerLogger;
  readonly lastSequence: number;
}

export class EventLog {
  #sequence: number;
  #tail: Promise<unknown> = Promise.resolve();
  #backlog: EventDraft[] = [];
  #dropped = 0;
  #retry: Disposable | null = null;
  #storeFailure: string | null = null;

  constructor(private readonly options: EventLogOptions) {
    this.#sequence = options.lastSequence;
  }

  /** Why the last commit did not reach the database; `null` when it did (D6: no automatic action starts meanwhile). */
  get storeFailure(): string | null {
    return this.#storeFailure;
  }

  /** Stores the writes and the events in one transaction, then publishes the events. */
  commit(writes: readonly StoreWrite[], drafts: readonly EventDraft[] = []): Promise<Result<readonly DomainEvent[], StoreConflict>> {
    const run = this.#tail.then(() => this.#commitNow(writes, drafts));
    this.#tail = run;
    return run;
  }

  /** Facts that nobody waits for: stored soon, in order, and again after a failure; bounded. */
  record(...drafts: readonly EventDraft[]): void {
    this.#backlog.push(...drafts);
    const excess = this.#backlog.length - BACKLOG_MAX;
    if (excess > 0) {
      this.#backlog.splice(0, excess);
      this.#dropped += excess;
    }
    void this.#flush();
  }

  /** Stores what is still waiting, once. */
  async close(): Promise<void> {
    this.#retry?.[Symbol.dispose]();
    await this.#flush();
    await this.#tail;
  }

  async #flush(): Promise<void> {
    if (this.#backlog.length === 0) return;
    const batch = this.#backlog.splice(0, BATCH_MAX);
    const committed = await this.commit([], batch);
    if (!committed.ok) {
      this.#backlog.unshift(...batch);
      this.#retry?.[Symbol.dispose]();
      this.#retry = this.options.clock.after(RETRY_MS, () => void this.#flush());
      return;
    }
    if (this.#dropped > 0) {
      this.options.logger.warn({ clusterId: this.options.clusterId, dropped: this.#dropped }, 'Events were lost while the database was away');
      this.#dropped = 0;
    }
    await this.#flush();
  }

  /** A log that somebody else has written to meanwhile, as a manager that does not know yet that it was fenced, is gone on with where it ends now. */
  async #commitNow(writes: readonly StoreWrite[], drafts: readonly EventDraft[], tries = SEQUENCE_TRIES_MAX): Promise<Result<readonly DomainEvent[], StoreConflict>> {
    const events = drafts.map((draft, index) => this.#eventOf(draft, this.#sequence + 1 + index));
    if (writes.length === 0 && events.length === 0) return ok([]);
    const committed = await this.options.store.commit([...writes, ...events.map((event) => ({ kind: 'append-event' as const, event }))]);
    if (!committed.ok && committed.error.code === 'conflict' && committed.error.writeIndex >= writes.length && tries > 1) {
      const ends = await this.options.store.lastEventSequence(this.options.clusterId).catch(() => null);
      if (ends !== null) {
        this.#sequence = ends;
        return this.#commitNow(writes, drafts, tries - 1);
      }
    }
    this.#storeFailure = committed.ok || committed.error.code !== 'unavailable' ? null : committed.error.message;
    if (!committed.ok) {
      this.options.logger.warn({ clusterId: this.options.clusterId, conflict: committed.error }, 'A commit was not taken');
      return err(committed.error);
    }
    this.#sequence += events.length;
    for (const event of events) this.options.publisher.eventAppended(event);
    return ok(events);
  }

  #eventOf(draft: EventDraft, sequence: number): DomainEvent {
    return {
      id: this.options.nextId('event'),
      clusterId: this.options.clusterId,
      sequence,
      type: draft.type,
      atMs: Math.round(this.options.clock.wallMs()),
      actor: draft.actor ?? SYSTEM_ACTOR,
      severity: draft.severity ?? 'info',
      message: draft.message.slice(0, 1_000),
      nodeId: draft.nodeId ?? null,
      shardId: draft.shardId ?? null,
      planId: draft.planId ?? null,
      operationId: draft.operationId ?? null,
      data: draft.data ?? {},
    };
  }
}
