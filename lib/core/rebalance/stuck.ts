import { BalanceModel, type ObjectiveTerm } from './balance-model';
import { refusalOfPlacement } from './constraints/registry';
import { explainStay, mayLeave } from './constraints/source';
import type { RefusalTally } from './refusals';
import { ItemsByBin } from './search/items-by-bin';
import { donorsOf } from './search/shift-pass';
import type { PlanningRun } from './strategies/strategy';

const DONORS_MAX = 4;
const ITEMS_MAX = 32;
const CANDIDATES_MAX = 20_000;

/**
 * What stands in the way when a search ended above the threshold: for the worst nodes'
 * heaviest shards, which constraint turned down which node that has less, counted per
 * constraint and node. Returns how many candidates were turned down; 0 means that shards
 * are simply not divisible enough.
 */
export function tallyStuck(run: PlanningRun, objective: readonly ObjectiveTerm[], refusals: RefusalTally): number {
  const { problem, placement } = run;
  const model = new BalanceModel(placement, objective);
  const items = new ItemsByBin(placement);
  let looked = 0;
  let turnedDown = 0;
  for (const donor of donorsOf(model, run.threshold).slice(0, DONORS_MAX)) {
    const term = model.worstTerm(donor);
    if (term === null) continue;
    const weight = (item: number) => term.requirement[problem.itemRow[item]!]!;
    const heaviest = [...items.of(donor)].filter((item) => weight(item) > 0).sort((a, b) => weight(b) - weight(a) || a - b).slice(0, ITEMS_MAX);
    for (const item of heaviest) {
      if (!mayLeave(placement, item)) {
        turnedDown += 1;
        const stays = explainStay(placement, item);
        refusals.add(`${stays.constraint}/${stays.nodeId ?? ''}`, () => stays);
        continue;
      }
      for (let bin = 0; bin < problem.binIds.length && looked < CANDIDATES_MAX; bin += 1) {
        if (problem.open[bin] === 0 || model.energyDelta(donor, bin, problem.itemRow[item]!, -1) >= 0) continue;
        looked += 1;
        const found = refusalOfPlacement(placement, item, bin);
        if (found === null) continue;
        turnedDown += 1;
        refusals.add(`${found.constraint}/${found.nodeId ?? ''}`, () => found);
      }
    }
  }
  return turnedDown;
}
