/**
 * What can hold back a change of size after it was recommended, stabilized, limited and
 * clamped. Each guard answers `null`, or its code with its numbers and, where it is known,
 * the time at which it stops holding. Growing has few guards, shrinking has many: a node
 * too many costs money, a node too few costs the data.
 */
import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import type { ChainCode } from '@/lib/contract/scaling-record';
import { UTILIZATION_METRICS } from '@/lib/contract/scaling-rules';
import { allowedNow } from './allowed-hours';
import type { RuleTick, RuleVerdict } from './rules/rule-memory';
import type { PoolSituation, SizeChange } from './situation';

export interface Held {
  readonly code: ChainCode;
  readonly untilMonotonicMs?: number;
  readonly numbers?: Readonly<Record<string, number>>;
  readonly action?: 'rebalance' | 'repair' | 'split';
}

export interface GuardInput {
  readonly policy: PolicyDocument;
  readonly situation: PoolSituation;
  readonly tick: RuleTick;
  readonly verdicts: readonly RuleVerdict[];
  /** The size after the limits and clamps. */
  readonly size: number;
  readonly overridden: boolean;
}

export const DAY_MS = 86_400_000;

/** What holds every change alike. */
function holdsAny({ situation, policy }: GuardInput): Held | null {
  if (policy.mode === 'off') return { code: 'off' };
  if (situation.stale) return { code: 'stale' };
  if (situation.frozen) return { code: 'frozen' };
  if (situation.operation.running) return { code: 'operation-running' };
  return null;
}

export function holdsOut(input: GuardInput): Held | null {
  const { situation, tick, verdicts, policy } = input;
  const any = holdsAny(input);
  if (any !== null) return any;
  if (!input.overridden) {
    // With the failed node back there would be enough: more nodes would only hide the failure.
    const need = Math.max(0, ...verdicts.map((verdict) => verdict.need ?? 0));
    if (situation.failedNodes > 0 && need <= tick.nodeCount) return { code: 'failed-node', action: 'repair', numbers: { failedNodes: situation.failedNodes } };
    const skew = skewVerdict(input);
    if (skew !== null) return skew;
  }
  const last = situation.changes.at(-1);
  const cooledMs = last === undefined || last.to > last.from ? -Infinity : last.monotonicMs + policy.in.cooldownMs;
  // S5: one change of direction per cooldown, unless the pool is above its line already.
  if (!input.overridden && tick.monotonicMs < cooledMs && !aboveLine(input)) return { code: 'direction-cooldown', untilMonotonicMs: cooledMs };
  return null;
}

export function holdsIn(input: GuardInput): Held | null {
  const { situation, tick, verdicts, policy, overridden } = input;
  const any = holdsAny(input);
  if (any !== null) return any;
  const unknown = verdicts.filter((verdict) => verdict.unknown).length;
  if (unknown > 0) return { code: 'metrics-unknown', numbers: { unknown } };
  const stuck = verdicts.filter((verdict) => verdict.stuck).length;
  if (stuck > 0) return { code: 'metrics-stuck', numbers: { stuck } };
  if (situation.failedNodes > 0) return { code: 'failed-node', action: 'repair', numbers: { failedNodes: situation.failedNodes } };
  if (situation.doubtfulNodes > 0) return { code: 'unhealthy', numbers: { nodes: situation.doubtfulNodes } };
  if (!overridden) {
    const cooledMs = Math.max(situation.operation.endedMonotonicMs ?? -Infinity, situation.changes.at(-1)?.monotonicMs ?? -Infinity) + policy.in.cooldownMs;
    if (tick.monotonicMs < cooledMs) return { code: 'cooldown', untilMonotonicMs: cooledMs };
    if (!allowedNow(policy.in.allowed, tick.wallMs)) return { code: 'not-allowed-now' };
    const turns = reversals(situation.changes, tick.monotonicMs);
    if (turns.length >= policy.in.reversalsPerDayMax && situation.changes.at(-1)!.to > situation.changes.at(-1)!.from) {
      return { code: 'flap-budget', untilMonotonicMs: turns[turns.length - policy.in.reversalsPerDayMax]! + DAY_MS, numbers: { reversals: turns.length, reversalsMax: policy.in.reversalsPerDayMax } };
    }
  }
  return overLine(input);
}

/** When the direction changed within the last day, oldest first. */
export function reversals(changes: readonly SizeChange[], nowMs: number): readonly number[] {
  const turns: number[] = [];
  for (let at = 1; at < changes.length; at += 1) {
    const turned = (changes[at]!.to > changes[at]!.from) !== (changes[at - 1]!.to > changes[at - 1]!.from);
    if (turned && changes[at]!.monotonicMs > nowMs - DAY_MS) turns.push(changes[at]!.monotonicMs);
  }
  return turns;
}

/** S3: every resource under its line with the smaller pool, and still so after losing a node of it. */
function overLine({ policy, verdicts, size }: GuardInput): Held | null {
  for (const metric of UTILIZATION_METRICS) {
    const line = policy.lines[metric];
    for (const { reading, peakLoad } of verdicts) {
      if (reading.metric !== metric || peakLoad === null) continue;
      if (peakLoad > line * size) return { code: 'over-line', numbers: { [metric]: peakLoad / size, line } };
      if (peakLoad > line * (size - 1)) return { code: 'over-line-after-loss', numbers: { [metric]: size > 1 ? peakLoad / (size - 1) : peakLoad, line } };
    }
  }
  return null;
}

function aboveLine({ policy, verdicts, tick }: GuardInput): boolean {
  return UTILIZATION_METRICS.some((metric) => verdicts.some(({ reading }) => reading.metric === metric && (reading.value ?? 0) * tick.effectiveNodes > policy.lines[metric] * tick.nodeCount));
}

/**
 * The hottest node is above its line while the pool as a whole has room: another node
 * would take nothing off it until the data is spread, and nothing ever if it is one shard.
 */
export function skewVerdict({ situation, policy, verdicts, tick }: GuardInput): Held | null {
  const { hottest } = situation;
  if (hottest === null || hottest.value <= policy.lines[hottest.metric]) return null;
  const needsMore = verdicts.some((verdict) => verdict.reading.aggregate === 'mean' && verdict.out !== null);
  if (needsMore) return null;
  const mean = verdicts.find(({ reading }) => reading.metric === hottest.metric && reading.aggregate === 'mean')?.reading.value ?? null;
  if (mean !== null && mean > policy.lines[hottest.metric]) return null;
  const numbers = { [hottest.metric]: hottest.value, line: policy.lines[hottest.metric], largestShardShare: hottest.largestShardShare, nodeCount: tick.nodeCount };
  return hottest.value * hottest.largestShardShare > policy.lines[hottest.metric]
    ? { code: 'skew-indivisible', action: 'split', numbers }
    : { code: 'skew-rebalance', action: 'rebalance', numbers };
}
