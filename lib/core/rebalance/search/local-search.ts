import type { MoveReason } from '@/lib/contract/plan';
import { BalanceModel, type ObjectiveTerm } from '@/lib/core/rebalance/balance-model';
import type { PlanningRun } from '@/lib/core/rebalance/strategies/strategy';
import { Effort } from './effort';
import { exchangePass } from './exchange-pass';
import type { ItemOrder } from './item-order';
import { roleChainPass } from './role-chain-pass';
import { shiftPass, type ShiftPass } from './shift-pass';

export interface LocalSearch {
  readonly run: PlanningRun;
  readonly objective: readonly ObjectiveTerm[];
  readonly order: ItemOrder;
  readonly code: MoveReason['code'];
  /** Goes on until the score is at or below this. */
  readonly target: number;
  /** At or below this only the cheap neighbourhood goes on: what is even enough is not worth a search. */
  readonly evenEnough: number;
}

type Neighbourhood = (pass: Omit<ShiftPass, 'overshoot' | 'lastResort' | 'receiversMax'>) => number;

/** Tried in this order: what moves least first, what searches longest last. */
const NEIGHBOURHOODS: readonly Neighbourhood[] = [
  (pass) => shiftPass({ ...pass, overshoot: false, lastResort: false, receiversMax: 6 }),
  (pass) => shiftPass({ ...pass, overshoot: true, lastResort: false, receiversMax: Infinity }),
  (pass) => shiftPass({ ...pass, overshoot: true, lastResort: true, receiversMax: Infinity }),
  (pass) => roleChainPass({ ...pass, overshoot: true, lastResort: true, receiversMax: Infinity }),
  (pass) => exchangePass({ ...pass, overshoot: true, lastResort: true, receiversMax: Infinity }),
];

/** A bound, not a budget: the energy falls with every pass and real plans take a handful. */
const PASSES_MAX = 1_000;

/**
 * Descends to a placement that no neighbourhood improves, or that is even enough.
 *
 * Each pass begins from exactly summed levels and knows nothing of the passes before it.
 * So the last one, which found nothing, finds nothing again when a later plan starts
 * from where this one ends (P7). Where the effort ends first, it stays as far as it has come.
 */
export function searchLocally(search: LocalSearch): Effort {
  const { run, target } = search;
  const effort = new Effort(run.search, { looksMax: run.search.looksMax });
  for (let pass = 0; pass < PASSES_MAX && !effort.isOver; pass += 1) {
    run.placement.rebuild();
    effort.spend(run.problem.itemRow.length);
    const model = new BalanceModel(run.placement, search.objective);
    const score = model.score();
    if (score <= target) return effort;
    const neighbourhoods = score <= search.evenEnough ? NEIGHBOURHOODS.slice(0, 1) : NEIGHBOURHOODS;
    if (!neighbourhoods.some((neighbourhood) => neighbourhood({ run, model, order: search.order, code: search.code, target, effort }) > 0)) return effort;
  }
  return effort;
}
