import type { Interruption, SearchControl } from '@/lib/core/rebalance/strategies/strategy';

export interface EffortLimits {
  /** Looks in all; absent: as many as it takes. */
  readonly looksMax?: number;
  /** Looks that are left once time is up, for work without which there would be no plan. */
  readonly graceLooks?: number;
}

/** Looks between two questions to the clock and to who cancels: milliseconds. */
const LOOKS_PER_QUESTION = 10_000;

/**
 * What one search may still look at: a look is one candidate judged, so that a search ends
 * at the same place wherever it runs (P6). Between looks the clock is asked, and whoever may cancel;
 * what has come that far is a sound plan.
 */
export class Effort {
  readonly looksMax: number;
  #looks = 0;
  #askedAt = 0;
  #endsAt: number;
  #stoppedBy: Interruption | null = null;

  constructor(private readonly search: Pick<SearchControl, 'interruptedBy'>, private readonly limits: EffortLimits = {}) {
    this.looksMax = limits.looksMax ?? Infinity;
    this.#endsAt = this.looksMax;
    this.#ask();
  }

  get looks(): number {
    return this.#looks;
  }

  /** Why the work ends before it is done; `null` = it goes on. */
  get stoppedBy(): 'work-budget' | Interruption | null {
    return this.isOver ? this.#stoppedBy ?? 'work-budget' : null;
  }

  get isOver(): boolean {
    return this.#looks >= this.#endsAt;
  }

  /** Counts looks that were made. */
  spend(looks: number): void {
    this.#looks += looks;
    if (this.#looks - this.#askedAt >= LOOKS_PER_QUESTION) this.#ask();
  }

  #ask(): void {
    this.#askedAt = this.#looks;
    const interruptedBy = this.search.interruptedBy();
    if (interruptedBy === null || interruptedBy === this.#stoppedBy) return;
    this.#stoppedBy = interruptedBy;
    this.#endsAt = Math.min(this.#endsAt, this.#looks + (interruptedBy === 'time' ? this.limits.graceLooks ?? 0 : 0));
  }
}
