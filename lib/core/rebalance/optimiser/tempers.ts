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
 * too: so wandering does without. Where room is used up by arrivals (transient resources),
 * trading arrivals is what works.
 */
export function tempers(hasTransientLimits: boolean): Readonly<Record<Temper, Settings>> {
  return hasTransientLimits
    ? { homeward: { mix: { homing: 0.05, swap: 0.35, eject: 0.5 }, homePull: 1 }, wandering: { mix: { homing: 0, swap: 0.5, eject: 0.2 }, homePull: 0 } }
    : { homeward: { mix: { homing: 0.05, swap: 0.55, eject: 0.15 }, homePull: 2 }, wandering: { mix: { homing: 0, swap: 0.75, eject: 0 }, homePull: 0 } };
}

/** Found by experiment, like the rest: chains for what transient limits allow, likeness for everything else. */
export function yieldingMix(hasTransientLimits: boolean): YieldingMix {
  return hasTransientLimits
    ? { swap: 0.3, chain: 0.6, alike: 0.3, homing: 0.5 }
    : { swap: 0.9, chain: 0, alike: 0.9, homing: 0 };
}
