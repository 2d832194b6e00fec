/**
 * How many nodes should a pool have? Recommend -> stabilize -> limit rate -> clamp ->
 * guard, and a record of every step, also when nothing happens.
 *
 * One object per pool and policy version. It remembers windows and forecasts, is told
 * every reading, and asked at every interval; it knows no clock, and the same readings
 * give the same records. The live manager, the backtest and a shadow policy use this same
 * class. Combination of rules: any may grow the pool, all must agree to shrink it.
 */
import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import type { DecisionRecord } from '@/lib/contract/scaling-record';
import { measuredBy, type ScalingRule } from '@/lib/contract/scaling-rules';
import { assertNever } from '@/lib/platform/assert';
import { Chain } from './chain';
import { nearestCounterfactual } from './counterfactual';
import { holdsIn, holdsOut, skewVerdict, type GuardInput, type Held } from './guards';
import { Measure } from './measure';
import type { PoolReading } from './pool-reading';
import { limitRate } from './rate-limit';
import { nodesFor } from './rules/nodes-for';
import { ProjectionMemory } from './rules/projection-memory';
import type { RuleMemory, RuleTick, RuleVerdict } from './rules/rule-memory';
import { TargetMemory } from './rules/target-memory';
import { ThresholdMemory } from './rules/threshold-memory';
import { nextOrder, scheduleBounds, type ScheduleBounds } from './schedule-bounds';
import type { PoolSituation } from './situation';
import { SlidingExtreme } from './sliding-window';

export interface PoolScalerOptions {
  readonly pool: string;
  readonly generation: number;
  /** How far apart readings are; forecasts gather them in buckets of at least five minutes. */
  readonly readingIntervalMs: number;
  /** From the order of a node to its share of the data, as this pool's history tells. */
  readonly leadTimeMs: number;
  /** Readings come from reporters, which can hang and repeat themselves; a recorded series cannot. */
  readonly live: boolean;
}

const BUCKET_MIN_MS = 300_000;

export class PoolScaler {
  readonly #rules: readonly { readonly measure: Measure; readonly memory: RuleMemory }[];
  readonly #outs: SlidingExtreme;

  constructor(readonly policy: PolicyDocument, private readonly options: PoolScalerOptions) {
    const timing = { bucketMs: Math.max(BUCKET_MIN_MS, options.readingIntervalMs), leadMs: Math.max(options.leadTimeMs, policy.prediction.horizonMs) };
    this.#rules = policy.rules.map((rule) => {
      const { metric, aggregate } = measuredBy(rule);
      return { measure: new Measure(metric, aggregate, options.live), memory: memoryOf(rule, policy, timing) };
    });
    this.#outs = new SlidingExtreme(Math.max(1, policy.out.stabilizationMs), 'min');
  }

  /** A reading that is fresh. What is not read is not guessed: a missing metric is unknown at the next evaluation. */
  observe(reading: PoolReading): void {
    for (const { measure } of this.#rules) measure.add(reading);
  }

  evaluate(tick: RuleTick, situation: PoolSituation): DecisionRecord {
    const verdicts = this.#rules.map(({ measure, memory }) => memory.evaluate(measure.take(tick.monotonicMs), tick));
    const bounds = scheduleBounds(situation.occurrences, { wallMs: tick.wallMs, leadTimeMs: situation.leadTimeMs, paybackMs: this.policy.in.paybackMs });
    const overridden = situation.override !== null && situation.override.expiresAtMs > tick.wallMs;
    const chain = new Chain(tick.nodeCount);
    if (overridden) chain.note('recommend', 'override', situation.override.nodeCount, { untilMs: situation.override.expiresAtMs });
    else if (this.policy.mode === 'scheduled') chain.to('recommend', 'schedules-only', Math.max(this.policy.bounds.nodeCountMin, bounds.floor ?? 0) + bounds.reserve);
    else this.#recommend(chain, verdicts, tick, bounds);
    const raw = chain.size;
    if (!overridden && this.policy.mode !== 'scheduled') this.#stabilize(chain, verdicts, tick, bounds);
    limitRate(chain, { policy: this.policy, tick, changes: situation.changes, overridden });
    this.#clamp(chain, tick, bounds, overridden);
    return this.#conclude({ chain, raw, verdicts, situation, tick, overridden });
  }

  #recommend(chain: Chain, verdicts: readonly RuleVerdict[], tick: RuleTick, { reserve }: ScheduleBounds): void {
    const n = tick.nodeCount;
    let need = 0;
    let out = 0;
    let predicted = true;
    for (const verdict of verdicts) {
      need = Math.max(need, verdict.need ?? 0);
      if (verdict.out === null) continue;
      out = Math.max(out, verdict.out);
      if (!verdict.predicted) predicted = false;
    }
    if (out > n) chain.to('recommend', predicted ? 'prediction' : 'rules', out);
    else if (verdicts.length > 0 && verdicts.every((verdict) => verdict.need !== null)) chain.to('recommend', 'rules', Math.min(n, nodesFor(need)));
    if (reserve > 0) {
      const reserved = (out > n ? out : Math.ceil(need - 1e-9)) + reserve;
      if (reserved > chain.size) chain.to('recommend', 'schedule-reserve', out > n || reserved > n ? reserved : Math.min(n, reserved), { numbers: { reserve } });
    }
  }

  #stabilize(chain: Chain, verdicts: readonly RuleVerdict[], tick: RuleTick, { reserve }: ScheduleBounds): void {
    const n = tick.nodeCount;
    this.#outs.push(tick.monotonicMs, Math.max(n, chain.size));
    if (chain.size > n) {
      const steady = this.#outs.at(tick.monotonicMs) ?? n;
      if (steady < chain.size) chain.to('stabilize', 'out-stabilization', steady, { numbers: { windowMs: this.policy.out.stabilizationMs } });
      return;
    }
    if (chain.size === n) return;
    let stable = 1;
    let forecast = 1;
    let tolerance = 0;
    let growsAgain = false;
    for (const verdict of verdicts) {
      stable = Math.max(stable, verdict.inToBeforeForecast ?? n);
      if ((verdict.inTo ?? n) > forecast) {
        forecast = verdict.inTo ?? n;
        tolerance = verdict.inTolerance;
      }
      growsAgain ||= verdict.growsAgain;
    }
    if (stable + reserve > chain.size) chain.to('stabilize', growsAgain ? 'would-grow-again' : 'in-stabilization', Math.min(n, stable + reserve), { numbers: { windowMs: this.policy.in.stabilizationMs } });
    if (forecast + reserve > chain.size) chain.to('stabilize', 'forecast-need', Math.min(n, forecast + reserve), { numbers: { withinMs: this.policy.in.paybackMs } });
    if (chain.size < n && chain.size > n * (1 - tolerance)) chain.to('stabilize', 'in-tolerance', n, { numbers: { tolerance } });
  }

  #clamp(chain: Chain, tick: RuleTick, schedule: ScheduleBounds, overridden: boolean): void {
    const { nodeCountMin, nodeCountMax, multipleOf } = this.policy.bounds;
    if (!overridden) {
      if (schedule.floor !== null && chain.size < schedule.floor) chain.to('clamp', 'schedule-floor', schedule.floor, { untilMs: schedule.floorUntilMs });
      // Nodes that a schedule needs again before their leaving would have paid stay.
      const kept = Math.min(tick.nodeCount, schedule.floorAhead ?? 0);
      if (chain.size < kept) chain.to('clamp', 'schedule-floor', kept);
      if (schedule.ceiling !== null && chain.size > schedule.ceiling) chain.to('clamp', 'schedule-ceiling', schedule.ceiling, { untilMs: schedule.ceilingUntilMs });
    }
    if (chain.size < nodeCountMin) chain.to('clamp', 'minimum', nodeCountMin);
    if (chain.size > nodeCountMax) chain.to('clamp', 'maximum', nodeCountMax);
    if (chain.size === tick.nodeCount || multipleOf === 1) return;
    const up = Math.ceil(chain.size / multipleOf) * multipleOf;
    // Growing rounds up, shrinking too: a pool that is uneven already is only made even by growing.
    const even = up <= nodeCountMax ? up : Math.floor(nodeCountMax / multipleOf) * multipleOf;
    chain.to('clamp', 'zone-multiple', chain.size < tick.nodeCount ? Math.min(even, tick.nodeCount) : Math.max(even, tick.nodeCount), { numbers: { multipleOf } });
  }

  #conclude({ chain, raw, verdicts, situation, tick, overridden }: Omit<GuardInput, 'policy' | 'size'> & { readonly chain: Chain; readonly raw: number }): DecisionRecord {
    const n = tick.nodeCount;
    const wanted = chain.size;
    const input: GuardInput = { policy: this.policy, situation, tick, verdicts, size: wanted, overridden };
    const held = wanted > n ? holdsOut(input) : wanted < n ? holdsIn(input) : this.#idle(input, raw);
    let action: DecisionRecord['action'] = wanted > n ? 'scale-out' : wanted < n ? 'scale-in' : 'hold';
    let victims: readonly string[] = [];
    if (held !== null) {
      chain.note('guard', held.code, n, { untilMs: held.untilMonotonicMs === undefined ? null : tick.wallMs + held.untilMonotonicMs - tick.monotonicMs, ...(held.numbers !== undefined && { numbers: held.numbers }) });
      action = held.action ?? 'hold';
    } else if (wanted < n) {
      const trial = situation.trial(wanted);
      if (trial.ok) victims = trial.victims;
      else {
        chain.note('guard', trial.code, n, { numbers: trial.numbers });
        action = 'hold';
      }
    }
    const outcome = this.#outcome(chain, action, n);
    return {
      atMs: Math.max(0, Math.round(tick.wallMs)), pool: this.options.pool, generation: this.options.generation, mode: this.policy.mode,
      nodeCount: n, effectiveNodes: tick.effectiveNodes,
      rules: verdicts.map((verdict) => verdict.reading),
      forecasts: verdicts.flatMap((verdict) => (verdict.forecast === null ? [] : [verdict.forecast])),
      chain: chain.links, raw, decided: chain.size, action, outcome, bindingCode: chain.binding,
      // More is wanted already: what would be wanted otherwise is beside the point.
      counterfactual: raw > n ? null : nearestCounterfactual(verdicts), victims: [...victims], leadTimeMs: situation.leadTimeMs,
      nextOrder: nextOrder(situation.occurrences, { wallMs: tick.wallMs, leadTimeMs: situation.leadTimeMs, nodeCount: n }),
    };
  }

  /** Nothing is to change; but something may be wrong all the same. */
  #idle(input: GuardInput, raw: number): Held | null {
    const { situation, verdicts } = input;
    if (situation.stale) return { code: 'stale' };
    const unknown = verdicts.filter((verdict) => verdict.unknown).length;
    if (unknown > 0) return { code: 'metrics-unknown', numbers: { unknown } };
    if (situation.failedNodes > 0) return { code: 'failed-node', action: 'repair', numbers: { failedNodes: situation.failedNodes } };
    return raw <= input.tick.nodeCount ? skewVerdict(input) : null;
  }

  #outcome(chain: Chain, action: DecisionRecord['action'], n: number): DecisionRecord['outcome'] {
    if (action === 'hold') return 'none';
    if (action !== 'scale-out' && action !== 'scale-in') return 'advise';
    const { mode, approval } = this.policy;
    if (mode === 'shadow' || mode === 'manual') {
      chain.note('guard', mode, chain.size);
      return 'advise';
    }
    const { fromNodes } = action === 'scale-out' ? approval.out : approval.in;
    if (fromNodes === null || Math.abs(chain.size - n) < fromNodes) return 'act';
    chain.note('guard', 'approval', chain.size, { numbers: { fromNodes } });
    return 'propose';
  }
}

function memoryOf(rule: ScalingRule, policy: PolicyDocument, timing: { readonly bucketMs: number; readonly leadMs: number }): RuleMemory {
  switch (rule.kind) {
    case 'target': return new TargetMemory(rule, policy, timing);
    case 'threshold':
    case 'steps': return new ThresholdMemory(rule);
    case 'disk-projection': return new ProjectionMemory(rule);
    default: return assertNever(rule);
  }
}
