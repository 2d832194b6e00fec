import type { PolicyDocument, StepLimit } from '@/lib/contract/scaling-policy';
import type { Chain } from './chain';
import type { RuleTick } from './rules/rule-memory';
import type { SizeChange } from './situation';

/**
 * At most so many nodes per period and direction; and one decision empties at most one
 * node (or one per zone where the zones are kept even), because each has to be verified
 * empty before the next leaves (S4).
 */
export function limitRate(chain: Chain, { policy, tick, changes, overridden }: { readonly policy: PolicyDocument; readonly tick: RuleTick; readonly changes: readonly SizeChange[]; readonly overridden: boolean }): void {
  const n = tick.nodeCount;
  if (chain.size > n && !overridden) {
    const limit = policy.out.step;
    const { base, untilMs } = baseOf(changes, limit, tick, 'out');
    const most = Math.max(n, base + allowance(limit, base));
    if (chain.size > most) chain.to('limit-rate', 'rate-limit', most, { untilMs, numbers: { nodes: allowance(limit, base), periodMs: limit.periodMs } });
  }
  if (chain.size < n) {
    const limit = policy.in.step;
    const { base, untilMs } = baseOf(changes, limit, tick, 'in');
    const perDecision = policy.bounds.multipleOf;
    const least = overridden ? n - perDecision : Math.min(n, Math.max(n - perDecision, base - Math.max(perDecision, allowance(limit, base))));
    if (chain.size < least) chain.to('limit-rate', 'rate-limit', least, { untilMs, numbers: { nodes: n - least, periodMs: limit.periodMs } });
  }
}

/** How many nodes a scale-in that this policy orders empties, whatever the load: each decision's step, to where the zones are even. */
export function nodesPerScaleIn({ bounds: { multipleOf } }: PolicyDocument, nodeCount: number): number {
  return nodeCount % multipleOf || multipleOf;
}

function allowance(limit: StepLimit, base: number): number {
  return Math.max(limit.nodes, Math.floor((base * limit.percent) / 100));
}

/** The size at the beginning of the period, from which its steps are counted. */
function baseOf(changes: readonly SizeChange[], limit: StepLimit, tick: RuleTick, direction: 'out' | 'in'): { readonly base: number; readonly untilMs: number | null } {
  let base = tick.nodeCount;
  let untilMs: number | null = null;
  for (let at = changes.length - 1; at >= 0; at -= 1) {
    const change = changes[at]!;
    if (change.monotonicMs <= tick.monotonicMs - limit.periodMs) break;
    if ((change.to > change.from) !== (direction === 'out')) continue;
    base = direction === 'out' ? Math.min(base, change.from) : Math.max(base, change.from);
    untilMs = tick.wallMs + change.monotonicMs + limit.periodMs - tick.monotonicMs;
  }
  return { base, untilMs };
}
