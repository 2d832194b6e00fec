import type { Mix } from './annealer';
import type { YieldingMix } from './yielding-annealer';

/**
 * homeward: stays near the start; every move has to be worth it, all the way down. Best
 * where moves are what is left to save, and quick. wandering: takes no notice of where
 * things began, and finds what lies behind many moves.
 */
export type Temper = 'homeward' | 'wandering';

interface Settings {
  readonly mix: Mix;
  readonly homePull: number;
}

/**
 * Found by experiment. Going home is offered far more often than leaving it, which pulls home
 * too: so wandering does without. The pull has to make up for how many places there are to be
 * away: about the logarithm of the number of bins, or a search that is hot keeps moves that it never needed.
 * Leaning, for the polish, is homeward with less of it: where moves are cheap, the strong one
 * undoes more than it saves. Where room is used up by arrivals (transient resources), trading
 * arrivals is what works.
 */
export function tempers(hasTransientLimits: boolean): Readonly<Record<Temper | 'leaning', Settings>> {
  const homing: Mix = hasTransientLimits ? { homing: 0.05, swap: 0.35, eject: 0.5 } : { homing: 0.05, swap: 0.55, eject: 0.15 };
  return {
    homeward: { mix: homing, homePull: 5 },
    leaning: { mix: homing, homePull: hasTransientLimits ? 1 : 2 },
    wandering: { mix: hasTransientLimits ? { homing: 0, swap: 0.5, eject: 0.2 } : { homing: 0, swap: 0.75, eject: 0 }, homePull: 0 },
  };
}

/** Found by experiment, like the rest: chains for what transient limits allow, likeness for everything else. */
export function yieldingMix(hasTransientLimits: boolean): YieldingMix {
  return hasTransientLimits
    ? { swap: 0.3, chain: 0.6, alike: 0.3, homing: 0.5 }
    : { swap: 0.9, chain: 0, alike: 0.9, homing: 0 };
}
