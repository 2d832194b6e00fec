import type { ForecastReading } from '@/lib/contract/scaling-record';
import type { RuleReading } from '@/lib/contract/scaling-record';
import type { LoadOutlook } from '../forecast/load-forecast';
import type { Measured } from '../measure';

export interface RuleTick {
  readonly wallMs: number;
  readonly monotonicMs: number;
  readonly nodeCount: number;
  readonly effectiveNodes: number;
}

/** What one rule says at one evaluation. */
export interface RuleVerdict {
  readonly reading: RuleReading;
  readonly forecast: ForecastReading | null;
  /** Nodes it would have now if every size were free to take; `null` = it cannot say. */
  readonly need: number | null;
  /** The size it asks for, above what there is; `null` = it does not. */
  readonly out: number | null;
  /** Because of what is expected, not of what is. */
  readonly predicted: boolean;
  /** The smallest size it permits; `null` = none smaller than now. */
  readonly inTo: number | null;
  /** The smallest size before the forecast had its say. */
  readonly inToBeforeForecast: number | null;
  /** It holds because the smaller pool would ask for its nodes back at once. */
  readonly growsAgain: boolean;
  /** The smaller pool must be this share below the one there is, or it stays. */
  readonly inTolerance: number;
  readonly unknown: boolean;
  readonly stuck: boolean;
  /** The highest load of its window, in nodes' worth times the metric's unit; `null` = unknown. */
  readonly peakLoad: number | null;
  /** The nearest value at which it would grow, and shrink. */
  readonly growsAt: number;
  readonly shrinksAt: number | null;
}

/** One rule with what it has to remember; fed at every evaluation, also while nothing may happen. */
export interface RuleMemory {
  evaluate(measured: Measured, tick: RuleTick): RuleVerdict;
  readonly outlook: LoadOutlook | null;
}
