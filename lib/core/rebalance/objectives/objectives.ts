import type { BalanceDimension } from '@/lib/contract/imbalance';
import type { Objective, ObjectiveWeights, Preset } from '@/lib/contract/plan-options';
import { BALANCE_DIMENSIONS, OBJECTIVES } from '@/lib/contract/vocabulary';
import type { ObjectiveTerm } from '@/lib/core/rebalance/balance-model';
import type { Problem } from '@/lib/core/rebalance/problem';

/** What a plan is scored by: a preset with the operator's own weights on top. */
export interface Objectives {
  readonly preset: Preset;
  /** Inside its bucket, 0..100. */
  readonly weights: Readonly<Record<Objective, number>>;
  /** Excess over the mean from which unevenness costs, 0 and up. */
  readonly evenTo: number;
}

const ALWAYS: ObjectiveWeights = { evacuate: 1, spread: 1, overload: 1, bytes: 1, moves: 1 };
const EVENNESS: ObjectiveWeights = { cpu: 1, operations: 1, network: 1, data: 1 };

const PRESET_WEIGHTS: Readonly<Record<Preset, ObjectiveWeights>> = {
  balanced: { ...ALWAYS, ...EVENNESS },
  light: ALWAYS,
  thorough: { ...ALWAYS, ...EVENNESS, bytes: 0.01, moves: 0.01 },
  drain: { ...ALWAYS, cpu: 0.01, operations: 0.01, network: 0.01, data: 0.01 },
  'even-counts': { ...ALWAYS, shards: 1, primaries: 1 },
};

/** Weights of the request over those of its preset. Past the threshold it is evened to half of it, so that the next breath of load does not cross it again. */
export function objectivesOf(request: { readonly preset?: Preset | undefined; readonly weights?: ObjectiveWeights | undefined; readonly threshold: number; readonly evacuates: boolean }): Objectives {
  const preset = request.preset ?? (request.evacuates ? 'drain' : 'balanced');
  const weights = Object.fromEntries(OBJECTIVES.map((objective) => [objective, request.weights?.[objective] ?? PRESET_WEIGHTS[preset][objective] ?? 0])) as Record<Objective, number>;
  return { preset, weights, evenTo: preset === 'thorough' || preset === 'even-counts' ? 0 : request.threshold / 2 };
}

/**
 * The dimensions to be evened, as far as they are known and carried: the weighted ones
 * are held against the threshold, counts only break ties. With no weighted dimension
 * known it is counts that are evened, and with no load measured the number of primaries
 * stands in for it, worth a role but no data.
 */
export function evennessTerms(problem: Problem, weights: Readonly<Record<BalanceDimension, number>>, transferPrimary: boolean): readonly ObjectiveTerm[] {
  const isCarried = (dimension: BalanceDimension) => {
    const { requirement } = problem.dimensions[problem.dimensionIndex[dimension]]!;
    return requirement !== null && requirement.some((amount) => amount > 0);
  };
  const wanted = BALANCE_DIMENSIONS.filter((dimension) => weights[dimension] > 0);
  const replicated = problem.itemGroup.length > problem.groupCount;
  const dataForRoles = transferPrimary ? 'never' : 'last-resort';
  const known = wanted.filter((dimension) => isCarried(dimension) && (dimension !== 'primaries' || replicated));
  const loadKnown = known.some((dimension) => dimension !== 'data' && dimension !== 'memory' && dimension !== 'disk');
  const rolesStandIn = wanted.length > 0 && !loadKnown && transferPrimary && replicated;
  const ofNode = known.length === 0 && wanted.length > 0 ? [{ dimension: 'shards' as const, weight: 1, relevant: true }] : known.map((dimension) => ({
    dimension, weight: weights[dimension], relevant: true, ...(dimension === 'primaries' && { data: dataForRoles } as const),
  }));
  const named = new Set(ofNode.map(({ dimension }) => dimension));
  return [
    ...ofNode,
    ...(named.has('shards') ? [] : [{ dimension: 'shards' as const, weight: 0.01, relevant: false }]),
    ...(named.has('primaries') ? [] : [{ dimension: 'primaries' as const, weight: rolesStandIn ? 1 : 0.01, relevant: rolesStandIn, data: 'never' as const }]),
  ];
}
