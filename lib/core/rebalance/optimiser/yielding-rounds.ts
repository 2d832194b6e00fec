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

/** Temperatures in terms of the scale at which a round begins and ends. */
const FROM = 0.1;
const TO = 1e-3;
/** From there on no bin may be short: it is still warm enough to make room. */
const KEEPING_BELOW = 0.01;
/** Share of the bins that may be short at first: two searches that exchange what they find differ in it. */
const SHORT_SHARE = { homeward: 0.3, wandering: 0.2 };
/** Share of a round after which prices are looked at again: what they do takes a while to show. */
const STEERED_EVERY = 1 / 400;
/** Share of a round after which items are drawn as suits the temperature. */
const FAVOURED_EVERY = 1 / 100;
const BATCH = 5_000;

/**
 * When a yielding search is how hot, and how much may be short then. Every round begins where the
 * places of large items are open again, and with prices that let it, from wherever the search
 * is; what two rounds end with differs by far more than a longer one would gain. It ends where the
 * last digits begin, which are better won by keeping to every limit.
 */
export class YieldingRounds {
  readonly #annealer: YieldingAnnealer;
  readonly #scale: number;
  readonly #shortShare: number;
  #steeredAt = 0;
  #favouredAt = -Infinity;

  constructor({ likeness, temper, scale, ...parts }: YieldingRoundsInput) {
    this.#annealer = new YieldingAnnealer({ ...parts, likeness, mix: yieldingMix(parts.state.room.transientCount > 0), scale });
    this.#scale = scale;
    this.#shortShare = SHORT_SHARE[temper];
  }

  /** The least cost in the cool part of the round, while no bin was short: in the end chance may leave one short. */
  get leastKept(): number {
    return this.#annealer.leastKept;
  }

  /** Another round. */
  begin(): void {
    this.#steeredAt = 0;
    this.#favouredAt = -Infinity;
    this.#annealer.restart();
  }

  /** A batch, with `share` of the round over. Returns the evaluations that took. */
  run(share: number): number {
    if (!this.#annealer.canMove) return BATCH;
    const temperature = this.#scale * FROM * (TO / FROM) ** share;
    if (share - this.#steeredAt >= STEERED_EVERY) {
      this.#steeredAt = share;
      const way = Math.log(temperature / (this.#scale * KEEPING_BELOW)) / Math.log(FROM / KEEPING_BELOW);
      this.#annealer.steer(this.#shortShare * Math.max(0, way));
    }
    if (share - this.#favouredAt >= FAVOURED_EVERY) {
      this.#favouredAt = share;
      this.#annealer.favour(temperature);
    }
    this.#annealer.run(BATCH, temperature);
    return BATCH;
  }
}
