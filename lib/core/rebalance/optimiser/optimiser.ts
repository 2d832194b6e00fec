import { createRandom } from '@/lib/platform/random';
import { err, ok, type Result } from '@/lib/platform/result';
import { Annealer } from './annealer';
import type { AssignmentModel } from './assignment-model';
import { checkModel, type ModelFault } from './check-model';
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
   * Works for about so many evaluations (a microsecond each, give or take).
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
}

/** The share of the work after which a descent that is still going on makes way. */
const DESCENT_SHARE = 0.3;
const COOLING_BATCH = 1_000;
/** The last temperature in terms of the first. */
const COOLING_RANGE = 1e-6;

export function createOptimiser(model: AssignmentModel, options: OptimiserOptions): Result<Optimiser, ModelFault> {
  const checked = checkModel(model);
  return checked.ok ? ok(new Search(model, options)) : err(checked.error);
}

class Search implements Optimiser {
  readonly #workUnitsTotal: number;
  readonly #coolingFrom: number;
  readonly #state: SearchState;
  readonly #incumbent: Incumbent;
  readonly #descent: Descent;
  readonly #annealer: Annealer;
  readonly #firstTemperature: number;
  readonly #movableCount: number;
  #isDescending = true;
  #annealedFrom = 0;
  #iterations = 0;

  constructor(model: AssignmentModel, { seed, workUnitsTotal, coolingFrom = 0 }: OptimiserOptions) {
    const random = createRandom(seed);
    const movable = model.itemRow.map((_, item) => item).filter((item) => model.pinned[item] === 0);
    this.#workUnitsTotal = workUnitsTotal;
    this.#coolingFrom = coolingFrom;
    this.#movableCount = movable.length;
    this.#state = new SearchState(model);
    this.#incumbent = new Incumbent(this.#state);
    this.#descent = new Descent({ state: this.#state, incumbent: this.#incumbent, pinned: model.pinned });
    this.#annealer = new Annealer({ state: this.#state, incumbent: this.#incumbent, movable, random: random.fork('annealer') });
    this.#firstTemperature = temperatureScale(this.#state, movable, random.fork('temperature'));
  }

  get iterations(): number {
    return this.#iterations;
  }

  best() {
    return { assignment: this.#incumbent.assignment, cost: this.#incumbent.cost };
  }

  step(workUnits: number, progress?: number): 'improving' | 'done' {
    const at = () => progress ?? Math.min(1, this.#iterations / this.#workUnitsTotal);
    if (this.#movableCount === 0 || this.#state.binCount < 2 || at() >= 1) return 'done';
    const until = this.#iterations + workUnits;
    while (this.#isDescending && this.#iterations < until) {
      const { evaluations, isDone } = this.#descent.run(until - this.#iterations);
      this.#iterations += evaluations;
      if (isDone || at() > DESCENT_SHARE) {
        this.#isDescending = false;
        this.#annealedFrom = at();
      }
    }
    while (this.#iterations < until && at() < 1) {
      const share = this.#coolingFrom + (1 - this.#coolingFrom) * ((at() - this.#annealedFrom) / (1 - this.#annealedFrom));
      this.#annealer.run(COOLING_BATCH, this.#firstTemperature * COOLING_RANGE ** share);
      this.#iterations += COOLING_BATCH;
    }
    return at() >= 1 ? 'done' : 'improving';
  }

  adopt(assignment: Int32Array): boolean {
    this.#state.reset(assignment);
    const isBetter = this.#state.cost < this.#incumbent.cost;
    if (isBetter) this.#incumbent.replace(assignment);
    else this.#state.reset(this.#incumbent.assignment);
    return isBetter;
  }
}
