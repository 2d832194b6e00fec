import type { PlanStep, PlanVerdict } from '@/lib/contract/plan';
import { boundOnce } from './bounds/bound-once';
import { costModelOf, type CostModel } from './objectives/cost-lines';
import { objectivesOf } from './objectives/objectives';
import type { ObjectiveTerm } from './balance-model';
import type { Change } from './change';
import type { RebalanceRequest } from './check-input';
import type { TargetGuide } from './evacuate';
import { Placement } from './placement';
import type { Problem } from './problem';
import { RefusalTally } from './refusals';
import { strategyOf } from './strategies/registry';
import type { Interruption, PlanningRun, SearchControl, StrategyRun } from './strategies/strategy';

/** One plan in the making: what scopes and strategies work on. */
export interface Planning extends TargetGuide {
  readonly run: PlanningRun;
  readonly strategy: StrategyRun;
  readonly changes: readonly Change[];
  readonly objective: readonly ObjectiveTerm[];
  /** What the plan is held against, whatever its strategy. */
  readonly costs: CostModel;
  readonly refusals: RefusalTally;
  readonly request: RebalanceRequest;
}

/** What a scope brings to the plan besides its changes. */
export interface ScopeResult {
  readonly scoreBefore: number;
  readonly scoreAfter: number;
  readonly changes: readonly Change[];
  readonly zonesGivenUp: readonly number[];
  /** Indexes of changes before which space given back so far must be measured as free. */
  readonly reclaims: readonly number[];
  readonly verdict: (made: { readonly steps: readonly PlanStep[]; readonly bytes: number }) => PlanVerdict;
}

type SearchWish = Omit<SearchControl, 'struck' | 'looksMax'> & Partial<Pick<SearchControl, 'looksMax'>>;

export function beginPlanning(problem: Problem, request: RebalanceRequest, options: { readonly transferPrimary: boolean; readonly search: SearchWish }): Planning {
  const changes: Change[] = [];
  const placement = new Placement(problem);
  const objectives = objectivesOf({ ...request, evacuates: request.scope.kind === 'evacuate' });
  const definition = strategyOf(request.strategy);
  const terms = definition.objective(problem, { transferPrimary: options.transferPrimary, objectives });
  const costs = costModelOf(placement, objectives, terms, request.threshold);
  const run: PlanningRun = {
    problem, placement, objectives, terms, costs,
    bound: boundOnce(problem, costs, options.transferPrimary),
    threshold: request.threshold,
    seed: request.seed,
    transferPrimary: options.transferPrimary,
    search: { looksMax: LOOKS_MAX, ...options.search, ...interruptible(options.search.interruptedBy) },
    commit: (change) => {
      placement.apply(change);
      changes.push(change);
    },
  };
  return { run, changes, strategy: definition.begin(run), objective: terms, costs, refusals: new RefusalTally(), request };
}

/** Who was told once that time is up is told so for good; a cancel still comes through. */
function interruptible(ask: () => Interruption | null): Pick<SearchControl, 'interruptedBy' | 'struck'> {
  let struck: Interruption | null = null;
  return {
    interruptedBy: () => {
      if (struck !== 'canceled') struck = ask() ?? struck;
      return struck;
    },
    struck: () => struck,
  };
}

/**
 * Some ten seconds, with a thousand nodes. Where a threshold cannot be reached, the last passes of a search by hand look at
 * every shard on every node for a hundredth of what the first ones brought, one exchange at a time, for hours.
 */
const LOOKS_MAX = 40_000_000;

const WORK_MIN = 2_000;
const WORK_MAX = 2_000_000;
/** Times every item and every bin. */
const WORK_PER_PAIR = 20;
const THOROUGH_FACTOR = 4;

/** Evaluations for a search of this size: small problems are done long before, large ones end within seconds. */
export function workMaxOf(size: { readonly binCount: number; readonly itemCount: number }, request: Pick<RebalanceRequest, 'preset'>): number {
  const wanted = Math.min(WORK_MAX, Math.max(WORK_MIN, WORK_PER_PAIR * size.itemCount * size.binCount));
  return request.preset === 'thorough' ? wanted * THOROUGH_FACTOR : wanted;
}
