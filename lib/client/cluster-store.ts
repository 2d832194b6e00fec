import type { LiveView } from '@/lib/contract/live';
import { LIVE_VIEWS } from '@/lib/contract/vocabulary';
import type { Unsubscribe } from '@/lib/platform/disposable';
import { createLiveState, reduceLive, type LiveMessage, type LiveState } from './live-state';

/** How long a view may wait for a snapshot before it is asked for again: a resync can be lost like any message. */
export const SNAPSHOT_OVERDUE_MS = 5_000;

/** One cluster's live state with its listeners: what `useSyncExternalStore` wants. */
export class ClusterStore {
  #state: LiveState;
  readonly #listeners = new Set<() => void>();
  readonly #waitingSinceMs = new Map<LiveView, number>();

  constructor(readonly clusterId: string) {
    this.#state = createLiveState(clusterId);
  }

  readonly getState = (): LiveState => this.#state;

  readonly subscribe = (listener: () => void): Unsubscribe => {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  };

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  /** Takes a message in; answers the view whose snapshot must be asked for. */
  apply(message: LiveMessage, nowMs: number): LiveView | null {
    const { state, resync } = reduceLive(this.#state, message);
    if (state !== this.#state) {
      this.#state = state;
      this.#noteWaiting(nowMs);
      for (const listener of [...this.#listeners]) listener();
    }
    return resync;
  }

  /** Of `views`, those that have waited too long; each starts waiting anew. */
  overdueViews(views: readonly LiveView[], nowMs: number): LiveView[] {
    return views.filter((view) => {
      if (this.#state.heads[view].status === 'current' || this.#state.gone) return false;
      const sinceMs = this.#waitingSinceMs.get(view);
      if (sinceMs !== undefined && nowMs - sinceMs < SNAPSHOT_OVERDUE_MS) return false;
      this.#waitingSinceMs.set(view, nowMs);
      return sinceMs !== undefined;
    });
  }

  #noteWaiting(nowMs: number): void {
    for (const view of LIVE_VIEWS) {
      if (this.#state.heads[view].status === 'current') this.#waitingSinceMs.delete(view);
      else if (!this.#waitingSinceMs.has(view)) this.#waitingSinceMs.set(view, nowMs);
    }
  }
}
