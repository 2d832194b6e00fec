/**
 * Should the manager start a rebalance by itself? Asked after every reading; a "no"
 * says which guard held it back.
 */
import type { BalanceDimension, Imbalance } from '@/lib/contract/imbalance';
import type { ClusterSettings } from '@/lib/contract/settings';
import { WEIGHED_DIMENSIONS } from '@/lib/contract/vocabulary';

/**
 * After nodes came or went, this share of the threshold is enough: one empty node among N
 * raises the imbalance by only 1/N, which a threshold for drifting load would never see.
 */
export const TOPOLOGY_THRESHOLD_SHARE = 0.25;

export interface RebalanceTriggerState {
  /** Since when the imbalance has been above the threshold without a break, monotonic; `null` = it is not. */
  readonly aboveSinceMonotonicMs: number | null;
  /** Nodes came or went and no rebalance answered it yet. */
  readonly topologyChanged: boolean;
  /** When the last automatic rebalance ended (or found nothing to do), monotonic. */
  readonly lastEndedMonotonicMs: number | null;
}

export const IDLE_TRIGGER: RebalanceTriggerState = { aboveSinceMonotonicMs: null, topologyChanged: false, lastEndedMonotonicMs: null };

export interface RebalanceGuards {
  readonly monotonicMs: number;
  readonly stale: boolean;
  readonly frozen: boolean;
  readonly healthy: boolean;
  readonly operationOpen: boolean;
}

export type RebalanceDecision =
  | { readonly action: 'rebalance'; readonly cause: 'topology-changed' | 'above-threshold'; readonly dimension: BalanceDimension; readonly imbalance: number }
  | { readonly action: 'hold'; readonly guard: 'manual' | 'balanced' | 'stale' | 'frozen' | 'unhealthy' | 'operation-open' | 'holding' | 'cooldown' | 'not-enabled'; readonly untilMonotonicMs: number | null };

/** The trigger's memory after a reading. */
export function advanceTrigger(trigger: RebalanceTriggerState, reading: { worst: number; threshold: number; topologyChanged: boolean; monotonicMs: number }): RebalanceTriggerState {
  const above = reading.worst > reading.threshold;
  return {
    ...trigger,
    aboveSinceMonotonicMs: above ? trigger.aboveSinceMonotonicMs ?? reading.monotonicMs : null,
    topologyChanged: trigger.topologyChanged || reading.topologyChanged,
  };
}

export function decideRebalance(trigger: RebalanceTriggerState, imbalance: Imbalance, settings: ClusterSettings['rebalancing'], guards: RebalanceGuards): RebalanceDecision {
  const hold = (guard: Extract<RebalanceDecision, { action: 'hold' }>['guard'], untilMonotonicMs: number | null = null): RebalanceDecision => ({ action: 'hold', guard, untilMonotonicMs });
  if (settings.mode === 'manual') return hold('manual');
  const worst = worstImbalance(imbalance, WEIGHED_DIMENSIONS[settings.strategy]);
  const joined = settings.onTopologyChange && trigger.topologyChanged;
  const threshold = settings.imbalanceThreshold * (joined ? TOPOLOGY_THRESHOLD_SHARE : 1);
  if (worst === null || worst.value <= threshold) return hold('balanced');
  if (guards.stale) return hold('stale');
  if (guards.frozen) return hold('frozen');
  if (!guards.healthy) return hold('unhealthy');
  if (guards.operationOpen) return hold('operation-open');
  const cooledMs = trigger.lastEndedMonotonicMs === null ? -Infinity : trigger.lastEndedMonotonicMs + settings.cooldownMs;
  if (joined) {
    return { action: 'rebalance', cause: 'topology-changed', dimension: worst.dimension, imbalance: worst.value };
  }
  if (!settings.aboveThreshold) return hold('not-enabled');
  if (guards.monotonicMs < cooledMs) return hold('cooldown', cooledMs);
  const heldMs = (trigger.aboveSinceMonotonicMs ?? guards.monotonicMs) + settings.holdMs;
  if (guards.monotonicMs < heldMs) return hold('holding', heldMs);
  return { action: 'rebalance', cause: 'above-threshold', dimension: worst.dimension, imbalance: worst.value };
}

/** The most uneven of `dimensions`; of the shards' count when none of them is known. */
export function worstImbalance(imbalance: Imbalance, dimensions: readonly BalanceDimension[]): { dimension: BalanceDimension; value: number } | null {
  const known = dimensions.filter((dimension) => imbalance[dimension] !== null);
  let worst: { dimension: BalanceDimension; value: number } | null = null;
  for (const dimension of known.length > 0 ? known : ['shards'] as const) {
    const value = imbalance[dimension];
    if (value !== null && (worst === null || value > worst.value)) worst = { dimension, value };
  }
  return worst;
}
