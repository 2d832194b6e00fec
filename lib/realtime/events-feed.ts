import type { DomainEvent } from '@/lib/contract/events';
import { EVENTS_LIVE_MAX } from '@/lib/contract/live';
import { NOTHING, type FeedChange, type SnapshotBody, type ViewFeed } from './view-feed';

/**
 * The newest events. They do not come from the cluster's view but one by one from the log,
 * and those before the feed began are loaded once; the two may overlap, which the
 * sequence numbers sort out.
 */
export class EventsFeed implements ViewFeed {
  /** Newest first. */
  #sent: readonly DomainEvent[] = [];
  #appended: DomainEvent[] = [];

  get unsettled(): boolean {
    return this.#appended.length > 0;
  }

  append(event: DomainEvent): void {
    this.#appended.push(event);
    // Only the newest can ever be sent, so a feed that nobody advances stays small.
    if (this.#appended.length > EVENTS_LIVE_MAX) this.#appended.shift();
  }

  /** Events from the log, newest first; what was appended meanwhile is kept for the next delta. */
  load(stored: readonly DomainEvent[]): void {
    this.#sent = stored.slice(0, EVENTS_LIVE_MAX);
  }

  snapshot(): SnapshotBody {
    return { view: 'events', events: this.#sent };
  }

  advance(): FeedChange {
    const newest = this.#sent[0]?.sequence ?? 0;
    const events = this.#appended.filter((event) => event.sequence > newest).sort((a, b) => b.sequence - a.sequence);
    this.#appended = [];
    if (events.length === 0) return NOTHING;
    this.#sent = [...events, ...this.#sent].slice(0, EVENTS_LIVE_MAX);
    return { kind: 'delta', body: { view: 'events', events } };
  }
}
