/**
 * Threshold + duration, and steps by distance: the two kinds of rule that add a number of
 * nodes instead of tracking a size. History is kept as load (value times what the nodes
 * are worth), so that it stays true when the pool changes its size in between; latency,
 * which is no load, is kept as it is.
 */
import type { StepsRule, ThresholdRule } from '@/lib/contract/scaling-rules';
import type { Measured } from '../measure';
import { Held } from './held';
import { wantedNow } from './nodes-for';
import type { RuleMemory, RuleTick, RuleVerdict } from './rule-memory';

/** A pool that shrank must stay so far below the line that adds nodes. */
const CLEAR_OF_LINE = 0.95;

interface StepSettings {
  readonly line: number;
  readonly durationMs: number;
  /** How many nodes at this distance above the line, a share of it. */
  readonly nodesAt: (distance: number) => number;
  readonly in: { readonly below: number; readonly shortWindowMs: number; readonly longWindowMs: number; readonly nodes: number } | null;
}

export class ThresholdMemory implements RuleMemory {
  readonly outlook = null;
  readonly #settings: StepSettings;
  readonly #above: Held;
  readonly #short: Held;
  readonly #long: Held;
  readonly #perNode: boolean;

  constructor(private readonly rule: ThresholdRule | StepsRule) {
    this.#settings = settingsOf(rule);
    this.#perNode = rule.metric === 'latencyP99Ms';
    this.#above = new Held('above', this.#settings.durationMs);
    this.#short = new Held('below', this.#settings.in?.shortWindowMs ?? 0);
    this.#long = new Held('below', this.#settings.in?.longWindowMs ?? 0);
  }

  evaluate(measured: Measured, tick: RuleTick): RuleVerdict {
    const { rule } = this;
    const settings = this.#settings;
    const now = tick.monotonicMs;
    const history = this.#perNode ? measured.value : measured.load;
    for (const held of [this.#above, this.#short, this.#long]) held.push(now, history);
    const n = tick.nodeCount;
    const worth = this.#perNode ? 1 : Math.max(1, n);
    const grows = this.#above.holds(now, settings.line * worth) === true;
    const distance = history === null ? 0 : history / worth / settings.line - 1;
    const out = grows ? n + settings.nodesAt(distance) : null;
    const { inTo, wanted, growsAgain } = history === null ? { inTo: null, wanted: n, growsAgain: false } : this.#smallest(tick, worth);
    const need = history === null ? null : out ?? Math.min(wanted, n);
    return {
      reading: {
        ruleId: rule.id, kind: rule.kind, metric: rule.metric, aggregate: rule.aggregate, value: measured.value, windowMs: settings.durationMs,
        threshold: settings.line, wanted: wantedNow(need, out, n), wantedOut: out, wantedIn: inTo !== null && inTo < n ? inTo : null,
      },
      forecast: null, need, out, predicted: false, inTo, inToBeforeForecast: inTo, growsAgain, inTolerance: 0,
      unknown: history === null, stuck: measured.stuck, peakLoad: this.#perNode ? null : this.#long.extremeAt(now),
      growsAt: settings.line, shrinksAt: settings.in?.below ?? null,
    };
  }

  /** Without a line for shrinking it only sees to it that the smaller pool stays clear of the line that adds nodes. */
  #smallest(tick: RuleTick, worth: number): { readonly inTo: number | null; readonly wanted: number; readonly growsAgain: boolean } {
    const { in: shrink, line } = this.#settings;
    const now = tick.monotonicMs;
    const n = tick.nodeCount;
    const peak = this.#long.extremeAt(now);
    if (peak === null) return { inTo: null, wanted: n, growsAgain: false };
    // Latency of a smaller pool is not known beforehand: the rule's own line has to be enough.
    const clear = this.#perNode ? (peak < line * CLEAR_OF_LINE ? 1 : n) : Math.max(1, Math.ceil(peak / (line * CLEAR_OF_LINE)));
    if (shrink === null) return { inTo: clear, wanted: clear, growsAgain: false };
    const mean = this.#long.meanAt(now);
    if (this.#short.holds(now, shrink.below * worth) !== true || mean === null || mean >= shrink.below * worth) return { inTo: n, wanted: n, growsAgain: false };
    const wanted = Math.max(1, n - shrink.nodes);
    return { inTo: Math.max(wanted, Math.min(n, clear)), wanted, growsAgain: wanted < n && clear >= n };
  }
}

function settingsOf(rule: ThresholdRule | StepsRule): StepSettings {
  if (rule.kind === 'threshold') return { line: rule.out.above, durationMs: rule.out.durationMs, nodesAt: () => rule.out.nodes, in: rule.in };
  return {
    line: rule.line, durationMs: rule.durationMs,
    nodesAt: (distance) => rule.steps.reduce((nodes, step) => (distance >= step.distance ? step.nodes : nodes), rule.steps[0]!.nodes),
    in: rule.in === null ? null : { below: rule.in.below, shortWindowMs: rule.in.windowMs, longWindowMs: rule.in.windowMs, nodes: rule.in.nodes },
  };
}
