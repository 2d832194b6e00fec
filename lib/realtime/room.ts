import type { LiveDelta, LiveSnapshot, LiveView } from '@/lib/contract/live';
import type { ClusterView } from '@/lib/manager/ports';
import type { Clock } from '@/lib/platform/clock';
import type { ViewFeed } from './view-feed';

/** Deltas of a room are at least so far apart: 4 Hz. */
export const FLUSH_INTERVAL_MS = 250;
/** After so long without a change, what a feed put off is sent as well. */
export const SETTLE_AFTER_MS = 5_000;
const NODES_AT_ONCE_MAX = 32;

/** One client in a room. */
export interface Subscriber {
  /** So much is queued for it that it gets no more deltas. */
  isCongested(): boolean;
  /** Little enough is queued that a snapshot may be added. */
  hasRoomForSnapshot(): boolean;
}

export interface RoomOptions<S extends Subscriber> {
  readonly clusterId: string;
  readonly view: LiveView;
  readonly clock: Clock;
  /** The newest picture; null once the cluster is gone. */
  readonly readView: () => ClusterView | null;
  readonly createFeed: (view: ClusterView) => ViewFeed;
  readonly revisions: Revisions;
  /** Carries out what has come due, soon. */
  readonly inTurn: (work: () => void) => void;
  /** Sends to all of them, encoded once and before it returns: the bytes of a snapshot are not kept. */
  readonly send: (subscribers: readonly S[], message: RoomMessage) => void;
}

export type RoomMessage = { readonly kind: 'snapshot'; readonly message: LiveSnapshot } | { readonly kind: 'delta'; readonly message: LiveDelta };

/**
 * The next revision of each view, which outlives its rooms: (epoch, revision) strictly
 * increases for a client (R1) also when the room was empty and closed in between. A
 * revision is at least the cluster's own, and one more than the last whenever something goes
 * out without one (progress of an operation, rows that were put off, a room opened again).
 */
export class Revisions {
  readonly #last = new Map<string, number>();

  next(clusterId: string, view: LiveView, atLeast: number): number {
    const revision = Math.max((this.#last.get(keyOf(clusterId, view)) ?? 0) + 1, atLeast);
    this.#last.set(keyOf(clusterId, view), revision);
    return revision;
  }

  forget(clusterId: string): void {
    for (const key of [...this.#last.keys()]) if (key.startsWith(`${clusterId}/`)) this.#last.delete(key);
  }
}

function keyOf(clusterId: string, view: LiveView): string {
  return `${clusterId}/${view}`;
}

/**
 * All clients of one view of one cluster. A member is `current` when it has been sent
 * everything, and `waiting` when its next message must be a snapshot: it has just come,
 * it asked again, or it was congested. A congested member is left out of deltas, which
 * costs the others nothing, and has one snapshot coming however much it missed.
 */
export class Room<S extends Subscriber> {
  readonly #members = new Map<S, 'current' | 'waiting'>();
  #feed: ViewFeed | null = null;
  #epoch = 0;
  #revision = 0;
  #flushedMs = -Infinity;
  #timer: Disposable | null = null;
  #timerIsFor: 'change' | 'settling' = 'settling';
  #held = false;
  #preparing = false;
  #changedSince = false;

  constructor(private readonly options: RoomOptions<S>) {}

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  get members(): readonly S[] {
    return [...this.#members.keys()];
  }

  /** Nothing is sent while held: the feed is still being filled. */
  hold(held: boolean): void {
    this.#held = held;
    if (held) return;
    this.serveWaiting();
    this.changed();
  }

  /** Adds the member, or starts it over when it is one already. */
  join(subscriber: S): void {
    this.#members.set(subscriber, 'waiting');
    this.serveWaiting();
  }

  leave(subscriber: S): void {
    this.#members.delete(subscriber);
    if (this.isEmpty) this.close();
  }

  /** The cluster's picture changed: a delta goes out now, or when the interval since the last one is over. */
  changed(): void {
    if (this.#timer !== null && this.#timerIsFor === 'change') return;
    this.#schedule('change', Math.max(0, this.#flushedMs + FLUSH_INTERVAL_MS - this.options.clock.monotonicMs()));
  }

  /** Sends the snapshot to every waiting member whose queue has room. */
  serveWaiting(): void {
    if (this.#held) return;
    const ready = this.#membersThatAre('waiting').filter((member) => member.hasRoomForSnapshot());
    const feed = ready.length === 0 ? null : this.#open();
    if (feed === null) return;
    for (const member of ready) this.#members.set(member, 'current');
    this.#sendSnapshot(ready, feed);
    // A feed may begin with something it has not sent: it follows even when nothing else happens.
    if (feed.unsettled && this.#timer === null) this.#schedule('settling', SETTLE_AFTER_MS);
  }

  close(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = null;
    this.#feed = null;
    this.#preparing = false;
    this.#changedSince = false;
    this.#members.clear();
  }

  /**
   * The feed starts with the first snapshot that somebody needs, under a revision of its own:
   * what it starts from may differ from what was last sent, and a client that lost its
   * snapshot must not take the next delta for one that connects.
   */
  #open(): ViewFeed | null {
    if (this.#feed !== null) return this.#feed;
    const view = this.options.readView();
    return view === null ? null : this.#start(view);
  }

  #start(view: ClusterView): ViewFeed {
    const { clusterId, view: name, revisions } = this.options;
    this.#feed = this.options.createFeed(view);
    this.#epoch = view.summary.epoch;
    this.#revision = revisions.next(clusterId, name, view.summary.revision);
    return this.#feed;
  }

  #membersThatAre(state: 'current' | 'waiting'): S[] {
    return [...this.#members].filter(([, own]) => own === state).map(([member]) => member);
  }

  #schedule(kind: 'change' | 'settling', delayMs: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timerIsFor = kind;
    const timer = this.options.clock.after(delayMs, () => {
      this.options.inTurn(() => {
        // Closed since, or another one has taken its place.
        if (this.#timer !== timer) return;
        this.#timer = null;
        this.#flush(kind === 'settling');
      });
    });
    this.#timer = timer;
  }

  /** What takes long is prepared in turns, while the picture stays as it is; then it goes on, and out, in one. */
  #flush(settle: boolean): void {
    const feed = this.#feed;
    const view = this.options.readView();
    if (view === null || this.#held || feed === null) return;
    // The one under way ends with what it began with; what changed since comes after it.
    if (this.#preparing) {
      this.#changedSince = true;
      return;
    }
    this.#flushedMs = this.options.clock.monotonicMs();
    const preparing = view.summary.epoch === this.#epoch ? feed.preparing?.(view, { settle }) : undefined;
    const goOn = () => {
      if (this.#feed !== feed) return;
      this.#preparing = preparing?.next().done === false;
      if (this.#preparing) this.options.inTurn(goOn);
      else this.#sendChange(view, feed, settle);
    };
    // To put the picture of so many nodes together was a turn's work.
    if (view.nodes.length > NODES_AT_ONCE_MAX) {
      this.#preparing = true;
      this.options.inTurn(goOn);
    } else goOn();
  }

  #sendChange(view: ClusterView, feed: ViewFeed, settle: boolean): void {
    for (const member of this.#membersThatAre('current')) {
      if (member.isCongested()) this.#members.set(member, 'waiting');
    }
    const current = this.#membersThatAre('current');
    if (view.summary.epoch === this.#epoch) this.#advance(view, feed, { settle, current });
    else this.#sendSnapshot(current, this.#start(view));
    this.serveWaiting();
    const again = this.#changedSince;
    this.#changedSince = false;
    if (again) this.changed();
    else if (this.#feed?.unsettled === true && this.#timer === null) this.#schedule('settling', settle ? FLUSH_INTERVAL_MS : SETTLE_AFTER_MS);
  }

  #advance(view: ClusterView, feed: ViewFeed, { settle, current }: { settle: boolean; current: readonly S[] }): void {
    const { clusterId, view: name, clock, revisions, send } = this.options;
    const change = feed.advance(view, { settle });
    if (change.kind === 'nothing') return;
    const fromRevision = this.#revision;
    this.#revision = revisions.next(clusterId, name, view.summary.revision);
    if (change.kind === 'replaced') {
      this.#sendSnapshot(current, feed);
      return;
    }
    if (current.length === 0) return;
    const head = { clusterId, epoch: this.#epoch, fromRevision, toRevision: this.#revision, sentAtMs: clock.wallMs() };
    send(current, { kind: 'delta', message: { ...head, ...change.body } });
  }

  #sendSnapshot(members: readonly S[], feed: ViewFeed): void {
    const { clusterId, clock, send } = this.options;
    if (members.length === 0) return;
    const head = { clusterId, epoch: this.#epoch, revision: this.#revision, sentAtMs: clock.wallMs() };
    send(members, { kind: 'snapshot', message: { ...head, ...feed.snapshot() } });
  }
}
