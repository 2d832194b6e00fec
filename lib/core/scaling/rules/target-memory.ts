/**
 * Target tracking over a pool whose capacity arrives with its data. The size it needs is
 * load / target, by what is measured, or what the forecast's upper band needs to stay
 * under the line, whichever is more. Growing looks at now and at the lead time; shrinking
 * looks back over the stabilization window and ahead until the moves have paid.
 */
import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import type { TargetRule } from '@/lib/contract/scaling-rules';
import { LoadForecast, type LoadOutlook } from '../forecast/load-forecast';
import type { Measured } from '../measure';
import { SlidingExtreme, SlidingMean } from '../sliding-window';
import { lineOf } from './line-of';
import { nodesFor, wantedNow } from './nodes-for';
import type { RuleMemory, RuleTick, RuleVerdict } from './rule-memory';

export class TargetMemory implements RuleMemory {
  readonly #forecast: LoadForecast | null;
  readonly #needs: SlidingExtreme;
  readonly #loads: SlidingExtreme;
  readonly #lineLoad: number;
  /** Only to know that the window is filled with known values. */
  readonly #known: SlidingMean;

  constructor(private readonly rule: TargetRule, private readonly policy: PolicyDocument, options: { readonly bucketMs: number; readonly leadMs: number }) {
    const { prediction } = policy;
    this.#forecast = prediction.enabled ? new LoadForecast({ ...options, sizeAheadMs: prediction.sizeAheadMs, paybackMs: policy.in.paybackMs, quantile: prediction.quantile, coverageMin: prediction.coverageMin }) : null;
    this.#needs = new SlidingExtreme(Math.max(1, policy.in.stabilizationMs), 'max');
    this.#loads = new SlidingExtreme(Math.max(1, policy.in.stabilizationMs), 'max');
    this.#known = new SlidingMean(Math.max(1, policy.in.stabilizationMs));
    this.#lineLoad = lineOf(rule, policy);
  }

  get outlook(): LoadOutlook | null {
    return this.#forecast?.outlook ?? null;
  }

  evaluate(measured: Measured, tick: RuleTick): RuleVerdict {
    const { rule } = this;
    const { load } = measured;
    this.#forecast?.observe({ wallMs: tick.wallMs, monotonicMs: tick.monotonicMs, load });
    const outlook = this.outlook;
    const upper = outlook?.state === 'predictive' ? (outlook.upper ?? 0) / this.#lineLoad : 0;
    this.#known.push(tick.monotonicMs, load);
    const needNow = load === null ? null : load / rule.target;
    const need = needNow === null ? null : Math.max(needNow, upper);
    if (need !== null && load !== null) {
      this.#needs.push(tick.monotonicMs, need);
      this.#loads.push(tick.monotonicMs, load);
    }
    const growsAt = rule.target * (1 + rule.outTolerance);
    const n = tick.nodeCount;
    const reacts = load !== null && load > growsAt * n;
    const predicted = !reacts && upper > n * (1 + this.policy.prediction.outTolerance);
    const ahead = outlook?.state === 'predictive' ? (outlook.ahead ?? 0) / rule.target : 0;
    const asked = reacts || predicted ? nodesFor(Math.max(need ?? 0, upper, ahead)) : null;
    const out = asked !== null && asked > n ? asked : null;
    // Not before the window is filled with values that are known.
    const stable = load === null || this.#known.at(tick.monotonicMs) === null ? null : this.#needs.at(tick.monotonicMs);
    const untilPayback = outlook === null || outlook.state === 'learning' ? 0 : (outlook.untilPayback ?? 0) / rule.target;
    const before = stable === null ? null : nodesFor(stable);
    const inTo = before === null ? null : Math.max(before, nodesFor(untilPayback));
    return {
      reading: {
        ruleId: rule.id, kind: 'target', metric: rule.metric, aggregate: rule.aggregate, value: measured.value, windowMs: this.policy.in.stabilizationMs,
        threshold: growsAt, wanted: wantedNow(need, out, n), wantedOut: out, wantedIn: inTo !== null && inTo < n ? inTo : null,
      },
      forecast: outlook === null ? null : {
        ruleId: rule.id, state: outlook.state, horizonMs: this.#forecast!.horizonMs, coverage: outlook.coverage, model: outlook.model,
        expected: outlook.expected, upper: outlook.upper,
      },
      need, out, predicted,
      inTo, inToBeforeForecast: before, growsAgain: false, inTolerance: rule.inTolerance,
      unknown: load === null, stuck: measured.stuck, peakLoad: this.#loads.at(tick.monotonicMs),
      growsAt, shrinksAt: n <= 1 ? null : rule.target * (1 - rule.inTolerance),
    };
  }
}
