import { createRandom, type Random } from '@/lib/platform/random';
import { err, ok, type Result } from '@/lib/platform/result';
import { Annealer } from './annealer';
import type { AssignmentModel } from './assignment-model';
import { checkModel, type ModelFault } from './check-model';
import { Clearing } from './clearing';
import { Cooling } from './cooling';
import { Descent } from './descent';
import { Enumeration } from './enumeration';
import { Incumbent } from './incumbent';
import { Likeness } from './likeness';
import { SearchState } from './search-state';
import { tempers, type Temper } from './tempers';
import { temperatureScale } from './temperature';
import { YieldingRounds } from './yielding-rounds';

export interface OptimiserOptions {
  readonly seed: number;
  /** Evaluations after which the search is to be at its end; `step` may be told otherwise. */
  readonly workUnitsTotal: number;
  /**
   * How much of the cooling is over when annealing begins, 0..1; absent: 0. A good start and a budget of few
   * evaluations per item are better off cool: hot, the search scatters what it has no time to gather again.
   */
  readonly coolingFrom?: number;
  /** How far from the start the search looks; absent: wandering. Two searches that exchange what they find do best with one of each. */
  readonly temper?: Temper;
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
const PILOT_SHARE = 0.06;
const MAIN_UNTIL = 0.9;
/** The preferred temper gives way where it ended higher by more than this share of the fall. */
const CLEARLY_WORSE = 0.02;
/** Share of the main phase that is laid out evenly over all temperatures, whatever the pilot saw. */
const EVEN_SHARE = 0.1;
/** The last temperature in terms of the first. */
const COOLING_RANGE = 3e-7;
/** Length of a round of yielding, if that is no less of the whole than the share, and where the last one ends. */
const YIELDING_PROPOSALS_PER_ITEM = 25_000;
const YIELDING_ROUND_LEAST = 0.06;
const YIELDING_UNTIL = 0.94;
/** The polish begins where so much of the fall is still to come. */
const POLISH_FALL = 0.03;
const COOLING_BATCH = 1_000;
/** Length of a round of polish. */
const POLISH_PROPOSALS_PER_ITEM = 1_000;
/** Attempts at a forced clearing before a round goes on without. */
const KICK_ATTEMPTS_MAX = 20;
/** Attempts at clearing per batch of annealing. */
const CLEARINGS = 3;

export function createOptimiser(model: AssignmentModel, options: OptimiserOptions): Result<Optimiser, ModelFault> {
  const checked = checkModel(model);
  return checked.ok ? ok(new Search(model, options)) : err(checked.error);
}

/**
 * Four phases. The descent takes what is obvious. Once it is known which items are alike, quick annealings, one of each temper, show at
 * which temperatures this model's cost falls, and whether one temper is clearly better here; another
 * shows whether it pays to let limits yield. The main one, or rounds of yielding ones, spend their time
 * accordingly, yielding ones begin again and again from the best of all. The polish goes back to it, clears a bin
 * for some large item by force, and cools from where the last few percent are won: again and
 * again, since what a cold search is caught in is mostly one item.
 */
type Phase = { readonly name: 'descent' } | { readonly name: 'likening' } | Piloting | Annealing | Yielding | Polishing;
interface Cooldown { readonly temper: Temper; readonly cooling: Cooling; readonly from: number; readonly until: number }
interface Piloting extends Cooldown { readonly name: 'pilot'; readonly earlier: Trial | null }
interface Annealing extends Cooldown { readonly name: 'main' }
/** `keeping`: the better of the pilots that kept to every limit. */
interface Yielding { readonly name: 'yielding'; readonly isPilot: boolean; readonly from: number; readonly until: number; readonly keeping: Trial }
interface Polishing { readonly name: 'polish'; readonly cooling: Cooling; proposals: number; isLeaning: boolean }
/** How a pilot ended. */
interface Trial { readonly temper: Temper; readonly cooling: Cooling; readonly cost: number }

class Search implements Optimiser {
  readonly #workUnitsTotal: number;
  readonly #coolingFrom: number;
  readonly #state: SearchState;
  readonly #incumbent: Incumbent;
  readonly #descent: Descent;
  /** In its place where there is little to choose from. */
  readonly #enumeration: Enumeration | null;
  readonly #annealers: Readonly<Record<Temper | 'leaning', Annealer>>;
  readonly #temper: Temper;
  readonly #startCost: number;
  readonly #clearing: Clearing;
  #yielding: YieldingRounds | null = null;
  #likeness: Likeness | null = null;
  readonly #random: Random;
  readonly #movable: Int32Array;
  #temperature: number;
  #phase: Phase = { name: 'descent' };
  #iterations = 0;

  constructor(model: AssignmentModel, { seed, workUnitsTotal, coolingFrom = 0, temper = 'wandering' }: OptimiserOptions) {
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
    this.#enumeration = Enumeration.of({ state, incumbent, movable, workUnits: workUnitsTotal });
    const of = tempers(state.room.transientCount > 0);
    this.#annealers = {
      homeward: new Annealer({ state, incumbent, movable, random: random.fork('homeward'), ...of.homeward }),
      leaning: new Annealer({ state, incumbent, movable, random: random.fork('leaning'), ...of.leaning }),
      wandering: new Annealer({ state, incumbent, movable, random: random.fork('wandering'), ...of.wandering }),
    };
    this.#temper = temper;
    this.#startCost = state.cost;
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
    if (this.#enumeration !== null) {
      const { evaluations, isDone } = this.#enumeration.run(workUnits);
      this.#iterations += evaluations;
      return isDone ? 'done' : 'improving';
    }
    while (this.#iterations < until && at() < 1) {
      if (this.#phase.name === 'descent') this.#descend(until - this.#iterations, at());
      else if (this.#phase.name === 'polish') this.#polish(this.#phase);
      else if (this.#phase.name === 'likening') {
        // No evaluations of the assignment, so none are counted; but as much work, so that the step is over.
        if (!this.#alike().build(until - this.#iterations)) break;
        this.#phase = this.#pilot(this.#temper, at(), null);
      } else if (at() >= this.#phase.until) this.#phase = this.#phaseAfter(this.#phase);
      else if (this.#phase.name === 'yielding') this.#yield(this.#phase, at());
      else this.#cool(this.#phase, at());
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
    if (this.#coolingFrom === 0) {
      this.#phase = { name: 'likening' };
      return;
    }
    const cooling = new Cooling(this.#temperature * COOLING_RANGE ** this.#coolingFrom, this.#temperature * COOLING_RANGE);
    this.#phase = { name: 'main', temper: this.#temper, cooling, from: at, until: 1 };
  }

  #pilot(temper: Temper, at: number, earlier: Trial | null): Piloting {
    const cooling = new Cooling(this.#temperature, this.#temperature * COOLING_RANGE);
    this.#annealers[temper].prefer(this.#alike());
    this.#annealers.leaning.prefer(this.#alike());
    return { name: 'pilot', temper, cooling, from: at, until: at + PILOT_SHARE * (1 - at), earlier };
  }

  #cool({ temper, cooling, from, until }: Cooldown, at: number): void {
    const share = Math.min(1, (at - from) / (until - from));
    this.#anneal(temper, cooling.temperature(share));
    cooling.observe(share, this.#state.cost);
  }

  #yield({ from, until }: Yielding, at: number): void {
    this.#yielding ??= new YieldingRounds({ state: this.#state, incumbent: this.#incumbent, movable: this.#movable, random: this.#random.fork('yielding'), likeness: this.#alike(), temper: this.#temper, scale: this.#temperature });
    this.#iterations += this.#yielding.run(Math.min(1, (at - from) / (until - from)));
  }

  #alike(): Likeness {
    this.#likeness ??= new Likeness(this.#state, this.#random.fork('likeness'));
    return this.#likeness;
  }

  #polish(phase: Polishing): void {
    const roundProposals = POLISH_PROPOSALS_PER_ITEM * this.#movable.length;
    if (phase.proposals >= roundProposals) {
      phase.proposals = 0;
      phase.isLeaning = !phase.isLeaning;
      this.#incumbent.restore();
      const before = this.#state.cost;
      for (let attempt = 0; attempt < KICK_ATTEMPTS_MAX && this.#state.cost === before; attempt += 1) {
        this.#iterations += this.#clearing.attempt(this.#temperature);
      }
    }
    // So close to the end every move has to be worth it; how much, is tried both ways.
    this.#anneal(phase.isLeaning ? 'leaning' : 'homeward', phase.cooling.temperature(phase.proposals / roundProposals));
    phase.proposals += COOLING_BATCH;
  }

  #anneal(temper: Temper | 'leaning', temperature: number): void {
    this.#annealers[temper].run(COOLING_BATCH, temperature);
    this.#iterations += COOLING_BATCH;
    for (let attempt = 0; attempt < CLEARINGS; attempt += 1) this.#iterations += this.#clearing.attempt(temperature);
  }

  #phaseAfter(phase: Piloting | Annealing | Yielding): Phase {
    if (phase.name === 'yielding') return this.#phaseAfterYielding(phase);
    const { temper, cooling, until } = phase;
    if (phase.name === 'main') return this.#polishFrom(cooling);
    const trial: Trial = { temper, cooling, cost: this.#state.cost };
    if (phase.earlier === null) return this.#pilot(temper === 'homeward' ? 'wandering' : 'homeward', until, trial);
    const chosen = this.#isClearlyBetter(trial.cost, phase.earlier.cost) ? trial : phase.earlier;
    if (this.#state.room.limitCount === 0) return mainOf(chosen, until);
    return { name: 'yielding', isPilot: true, from: until, until: until + PILOT_SHARE * (1 - until), keeping: chosen };
  }

  #phaseAfterYielding({ isPilot, until, keeping }: Yielding): Phase {
    const cost = this.#yielding?.leastKept ?? Infinity;
    this.#incumbent.restore();
    if (isPilot && !this.#isYielding(cost, keeping.cost)) return mainOf(keeping, until);
    const left = YIELDING_UNTIL - until;
    if (left < YIELDING_ROUND_LEAST) return this.#polishFrom(keeping.cooling);
    this.#yielding?.begin();
    const share = (YIELDING_PROPOSALS_PER_ITEM * this.#movable.length * until) / this.#iterations;
    const rounds = Math.max(1, Math.floor(left / Math.max(YIELDING_ROUND_LEAST, share)));
    return { name: 'yielding', isPilot: false, from: until, until: until + left / rounds, keeping };
  }

  /** Where neither is clearly better, which shows late and by little, one of two searches that exchange what they find does either. */
  #isYielding(yielding: number, keeping: number): boolean {
    return this.#temper === 'wandering' ? !this.#isClearlyBetter(keeping, yielding) : this.#isClearlyBetter(yielding, keeping);
  }

  #polishFrom(cooling: Cooling): Polishing {
    this.#incumbent.restore();
    return { name: 'polish', cooling: cooling.from(POLISH_FALL, EVEN_SHARE), proposals: 0, isLeaning: true };
  }

  /** Lower by a good part of all that has been won. */
  #isClearlyBetter(cost: number, than: number): boolean {
    return than - cost > CLEARLY_WORSE * (this.#startCost - Math.min(cost, than));
  }
}

function mainOf({ temper, cooling }: Trial, at: number): Annealing {
  return { name: 'main', temper, cooling: cooling.replanned(EVEN_SHARE), from: at, until: at + (1 - at) * MAIN_UNTIL };
}
