import type { Effort } from '@/lib/core/rebalance/search/effort';
import type { SearchReport, StrategyRun } from './strategy';

/** A strategy that is one search by hand, which ends by itself unless its effort ends first. */
export function searching(search: () => Effort): StrategyRun {
  let report: SearchReport = { stoppedBy: 'converged', workDone: 0, workMax: 0, reclaims: [] };
  return {
    propose: () => {
      const { stoppedBy, looks, looksMax } = search();
      if (stoppedBy !== null) report = { ...report, stoppedBy, workDone: looks, workMax: looksMax };
    },
    report: () => report,
  };
}
