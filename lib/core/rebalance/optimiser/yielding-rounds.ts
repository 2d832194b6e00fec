import type { AnnealingParts } from './draws';
import type { Likeness } from './likeness';
import { yieldingMix, type Temper } from './tempers';
import { YieldingAnnealer } from './yielding-annealer';

interface YieldingRoundsInput extends AnnealingParts {
  readonly likeness: Likeness;
  readonly temper: Temper;
  /** The temperature scale of the model. */
  readonly scale: number;
}

/** Temperatures in terms of the scale: at the start, at the start of a round from the best on, and at the end of either. */
const FROM = 0.1;
const AGAIN_FROM = 0.03;
const TO = 4e-4;
/** From there on no bin may be short. */
const KEEPING_BELOW = 3e-3;
/** Share of the bins that may be short at first: two searches that exchange what they find differ in it. */
const SHORT_SHARE = { homeward: 0.3, wandering: 0.2 };
/** Share of a round after which prices are looked at again: what they do takes a while to show. */
const STEERED_EVERY = 1 / 400;
const BATCH = 5_000;

/**
 * When a yielding search is how hot, and how much may be short then: the first round from where
 * everything is open, the later ones from the best on. It ends where the last digits begin, which
 * are better won by keeping to every limit.
 */
export class YieldingRounds {
  readonly #annealer: YieldingAnnealer;
  readonly #scale: number;
  readonly #shortShare: number;
  #from = FROM;
  #steeredAt = 0;

  constructor({ likeness, temper, scale, ...parts }: YieldingRoundsInput) {
    this.#annealer = new YieldingAnnealer({ ...parts, likeness, mix: yieldingMix(parts.state.room.transientCount > 0), scale });
    this.#scale = scale;
    this.#shortShare = SHORT_SHARE[temper];
  }

  /** The pilot is over: round 0 is the first one. A later one keeps what limits cost in the end. */
  begin(round: number): void {
    this.#steeredAt = 0;
    this.#from = round === 0 ? FROM : AGAIN_FROM;
    if (round === 0) this.#annealer.restart();
  }

  /** A batch, with `share` of the round over. Returns the evaluations that took. */
  run(share: number): number {
    const temperature = this.#scale * this.#from * (TO / this.#from) ** share;
    if (share - this.#steeredAt >= STEERED_EVERY) {
      this.#steeredAt = share;
      const way = Math.log(temperature / (this.#scale * KEEPING_BELOW)) / Math.log(FROM / KEEPING_BELOW);
      this.#annealer.steer(this.#shortShare * Math.max(0, way));
    }
    this.#annealer.run(BATCH, temperature);
    return BATCH;
  }
}
