import { createRandom, type Random } from '@/lib/platform/random';
import { err, ok, type Result } from '@/lib/platform/result';
import { Annealer, type Mix } from './annealer';
import type { AssignmentModel } from './assignment-model';
import { checkModel, type ModelFault } from './check-model';
import { Clearing } from './clearing';
import { Cooling } from './cooling';
import { Descent } from './descent';
import { Incumbent } from './incumbent';
import { SearchState } from './search-state';
import { temperatureScale } from './temperature';

export interface OptimiserOptions {
  readonly seed: number;
  /** Evaluations after which the search is to be at its end; `step` may be told otherwise. */
  readonly workUnitsTotal: number;
  /**
   * How much of the cooling is over when annealing begins, 0..1; absent: 0. A good start and a budget of few
   * evaluations per item are better off cool: hot, the search scatters what it has no time to gather again.
   */
  readonly coolingFrom?: number;
}

/**
 * An anytime search that is driven from outside: `step` works for a bounded number of
 * evaluations and returns; who calls it decides on time, progress, cancel and exchange.
 * The same model, options and calls give the same result (P6).
 */
export interface Optimiser {
  /**
   * Works for about so many evaluations (a fraction of a microsecond each).
   * `progress`, 0..1, is how much of the whole is over, where that is known better than by
   * the work done, such as by a clock.
   */
  step(workUnits: number, progress?: number): 'improving' | 'done';
  /** The best so far, never worse than the start. The array is the search's own: copy it before the next step. */
  best(): { readonly assignment: Int32Array; readonly cost: number };
  /** Evaluations so far. */
  readonly iterations: number;
  /** Goes on from an assignment found elsewhere, which must be feasible, if it is better than the best here. */
  adopt(assignment: Int32Array): boolean;
  /** Takes over as the best what another search on the same model has found, if it is; the search itself goes on from it only when it next begins afresh. */
  offer(found: { readonly assignment: Int32Array; readonly cost: number }): boolean;
}

/** Shares of the whole at which one phase makes way for the next. */
const DESCENT_UNTIL = 0.25;
const PILOT_UNTIL = 0.1;
const MAIN_UNTIL = 0.85;
/** Share of the main phase that is laid out evenly over all temperatures, whatever the pilot saw. */
const EVEN_SHARE = 0.2;
/** The last temperature in terms of the first. */
const COOLING_RANGE = 3e-7;
/** The polish begins where so much of the fall is still to come. */
const POLISH_FALL = 0.03;
const COOLING_BATCH = 1_000;
/** Attempts at clearing per batch of annealing. */
const CLEARINGS = 3;

const MIX_STEADY: Mix = { homing: 0.05, swap: 0.55, eject: 0.15 };
/** Where room is used up by arrivals, trading arrivals is what works. */
const MIX_TRANSIENT: Mix = { homing: 0.1, swap: 0.2, eject: 0.5 };

export function createOptimiser(model: AssignmentModel, options: OptimiserOptions): Result<Optimiser, ModelFault> {
  const checked = checkModel(model);
  return checked.ok ? ok(new Search(model, options)) : err(checked.error);
}

/**
 * Four phases. The descent takes what is obvious. A quick annealing shows at which temperatures
 * this model's cost falls. The main one spends its time there. The polish goes back to the
 * best of all and cools it again from where the last few percent are won.
 */
type Phase =
  | { readonly name: 'descent' }
  | { readonly name: 'pilot' | 'main' | 'polish'; readonly cooling: Cooling; readonly from: number; readonly until: number };

class Search implements Optimiser {
  readonly #workUnitsTotal: number;
  readonly #coolingFrom: number;
  readonly #state: SearchState;
  readonly #incumbent: Incumbent;
  readonly #descent: Descent;
  readonly #annealer: Annealer;
  readonly #clearing: Clearing;
  readonly #random: Random;
  readonly #movable: Int32Array;
  #temperature: number;
  #phase: Phase = { name: 'descent' };
  #iterations = 0;

  constructor(model: AssignmentModel, { seed, workUnitsTotal, coolingFrom = 0 }: OptimiserOptions) {
    const random = createRandom(seed);
    const movable = model.itemRow.map((_, item) => item).filter((item) => model.pinned[item] === 0);
    this.#workUnitsTotal = workUnitsTotal;
    this.#coolingFrom = coolingFrom;
    this.#movable = movable;
    this.#random = random;
    const state = new SearchState(model);
    const incumbent = new Incumbent(state);
    this.#state = state;
    this.#incumbent = incumbent;
    this.#descent = new Descent({ state, incumbent, pinned: model.pinned });
    this.#annealer = new Annealer({ state, incumbent, movable, random: random.fork('annealer'), mix: state.hasTransientLimits ? MIX_TRANSIENT : MIX_STEADY });
    this.#clearing = new Clearing({ state, incumbent, movable, random: random.fork('clearing') });
    this.#temperature = temperatureScale(state, movable, random.fork('temperature'));
  }

  get iterations(): number {
    return this.#iterations;
  }

  best() {
    return { assignment: this.#incumbent.assignment, cost: this.#incumbent.cost };
  }

  step(workUnits: number, progress?: number): 'improving' | 'done' {
    const at = () => progress ?? Math.min(1, this.#iterations / this.#workUnitsTotal);
    if (this.#movable.length === 0 || this.#state.binCount < 2) return 'done';
    const until = this.#iterations + workUnits;
    while (this.#iterations < until && at() < 1) {
      if (this.#phase.name === 'descent') this.#descend(until - this.#iterations, at());
      else if (at() < this.#phase.until) this.#anneal(this.#phase, at());
      else this.#phase = this.#phaseAfter(this.#phase);
    }
    return at() >= 1 ? 'done' : 'improving';
  }

  adopt(assignment: Int32Array): boolean {
    this.#state.reset(assignment);
    const isBetter = this.#incumbent.replace(assignment, this.#state.cost);
    this.#incumbent.restore();
    // Where everything is on one bin hardly any change costs: what a usual worsening is shows only from a better start.
    if (isBetter && this.#phase.name === 'descent') this.#temperature = temperatureScale(this.#state, this.#movable, this.#random.fork('temperature'));
    return isBetter;
  }

  offer({ assignment, cost }: { readonly assignment: Int32Array; readonly cost: number }): boolean {
    return this.#incumbent.replace(assignment, cost);
  }

  #descend(workUnits: number, at: number): void {
    const { evaluations, isDone } = this.#descent.run(workUnits);
    this.#iterations += evaluations;
    if (!isDone && at < DESCENT_UNTIL) return;
    const coldest = this.#temperature * COOLING_RANGE;
    if (this.#coolingFrom > 0) {
      this.#phase = { name: 'polish', cooling: new Cooling(this.#temperature * COOLING_RANGE ** this.#coolingFrom, coldest), from: at, until: 1 };
      return;
    }
    this.#phase = { name: 'pilot', cooling: new Cooling(this.#temperature, coldest), from: at, until: at + PILOT_UNTIL * (1 - at) };
  }

  #anneal({ cooling, from, until }: Exclude<Phase, { name: 'descent' }>, at: number): void {
    const share = Math.min(1, (at - from) / (until - from));
    const temperature = cooling.temperature(share);
    this.#annealer.run(COOLING_BATCH, temperature);
    this.#iterations += COOLING_BATCH;
    for (let attempt = 0; attempt < CLEARINGS; attempt += 1) this.#iterations += this.#clearing.attempt(temperature);
    cooling.observe(share, this.#state.cost);
  }

  #phaseAfter({ name, cooling, until }: Exclude<Phase, { name: 'descent' }>): Phase {
    switch (name) {
      case 'pilot':
        return { name: 'main', cooling: cooling.replanned(EVEN_SHARE), from: until, until: until + (1 - until) * MAIN_UNTIL };
      case 'main':
      case 'polish':
        this.#incumbent.restore();
        return { name: 'polish', cooling: cooling.from(POLISH_FALL), from: until, until: 1 };
    }
  }
}
