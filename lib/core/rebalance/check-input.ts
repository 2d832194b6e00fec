import type { ObjectiveWeights, PlanConstraints, Preset, SafetyLineOverrides } from '@/lib/contract/plan-options';
import { STRATEGIES, type PlanScope, type Refusal, type Strategy } from '@/lib/contract/plan';
import { RESOURCES } from '@/lib/contract/resources';
import type { SafetyLines } from '@/lib/contract/settings';
import { OBJECTIVES, PRESETS } from '@/lib/contract/vocabulary';
import { NO_REPLICA } from '@/lib/contract/shard-table';
import { acceptsPlacement, isLeader, type ClusterState } from '@/lib/core/cluster/cluster-state';
import { atOnce, ROWS_PER_TURN } from '@/lib/platform/in-turns';
import { refusal } from './refusals';

/** What is asked of the planner; checked again here, since not every caller is behind a schema. */
export interface RebalanceRequest {
  readonly strategy: Strategy;
  readonly scope: PlanScope;
  /** Imbalance (max - mean) / mean above which something is worth moving, 0..1. */
  readonly threshold: number;
  /** Breaks ties: an integer, 0 and up. */
  readonly seed: number;
  /** For the strategy `optimal` alone. */
  readonly preset?: Preset | undefined;
  readonly weights?: ObjectiveWeights | undefined;
  readonly constraints?: PlanConstraints | undefined;
  /** In the place of the context's, resource by resource. */
  readonly safetyLines?: SafetyLineOverrides | undefined;
}

/** The numbers a plan depends on besides the state. */
export interface PlanningNumbers {
  readonly nowMs: number;
  readonly expiresAfterMs: number;
  readonly safetyLines: SafetyLines;
  /** How long moving so much takes, seconds: what is known of this cluster's speed and limits. */
  readonly estimateSeconds: (work: { readonly bytes: number; readonly moves: number }) => { readonly low: number; readonly high: number };
}

const REPORTED_MAX = 50;
/** All columns and replicas of a row are looked at: several times the work of one number each. */
const TABLE_ROWS_PER_TURN = ROWS_PER_TURN / 4;
/** The last instant of a JavaScript date. */
const TIME_MAX_MS = 8.64e15;

/** [P9] Everything about the input that makes planning meaningless, at most 50; empty = plan. */
export function checkInput(state: ClusterState, request: RebalanceRequest, numbers: PlanningNumbers): Refusal[] {
  return [
    ...checkRequest(request), ...checkWish(request), ...checkNumbers(numbers), ...checkState(state, numbers.nowMs), ...checkScope(state, request.scope), ...checkConstraints(state, request.constraints),
  ].slice(0, REPORTED_MAX);
}

/** [P9] What is wrong with the state alone. */
export function checkState(state: ClusterState, nowMs: number): Refusal[] {
  return atOnce(checkingState(state, nowMs));
}

/** The same with rests, where there is much of it. */
export function* checkingState(state: ClusterState, nowMs: number): Generator<void, Refusal[]> {
  const broken = checkNodes(state, nowMs);
  return [...broken, ...yield* checkingTable(state)].slice(0, REPORTED_MAX);
}

function checkRequest({ strategy, threshold, seed }: RebalanceRequest): Refusal[] {
  const found: Refusal[] = [];
  if (!STRATEGIES.includes(strategy)) found.push(refusal('not-supported', `There is no strategy "${strategy.slice(0, 64)}"`));
  if (!(threshold >= 0 && threshold <= 1)) found.push(refusal('invalid-number', `The threshold ${threshold} is not between 0 and 1`, { numbers: { threshold } }));
  if (!(Number.isSafeInteger(seed) && seed >= 0)) found.push(refusal('invalid-number', `The seed ${seed} is not a whole number from 0`, { numbers: { seed } }));
  return found;
}

/** Preset and weights, which belong to the strategy that weighs. */
function checkWish({ strategy, preset, weights }: RebalanceRequest): Refusal[] {
  const found: Refusal[] = [];
  if (strategy !== 'optimal' && (preset !== undefined || weights !== undefined)) {
    found.push(refusal('not-supported', `The strategy "${strategy.slice(0, 64)}" weighs no objectives: presets and weights are for "optimal"`));
  }
  if (preset !== undefined && !PRESETS.includes(preset)) found.push(refusal('not-supported', `There is no preset "${preset.slice(0, 64)}"`));
  for (const [objective, weight] of Object.entries(weights ?? {})) {
    if (!OBJECTIVES.some((known) => known === objective)) found.push(refusal('not-supported', `There is no objective "${objective.slice(0, 64)}"`));
    else if (!(weight >= 0 && weight <= 100)) found.push(refusal('invalid-number', `The weight of ${objective} is ${weight}, not between 0 and 100`, { numbers: { weight } }));
  }
  return found;
}

function checkConstraints(state: ClusterState, constraints: PlanConstraints | undefined): Refusal[] {
  if (constraints === undefined) return [];
  const found: Refusal[] = constraints.excludedNodeIds.flatMap((nodeId) => checkNamedNode(state, nodeId));
  const { shardCount } = state.shards;
  for (const shardId of constraints.pinnedShardIds) {
    if (!(Number.isInteger(shardId) && shardId >= 0 && shardId < shardCount)) found.push(refusal('unknown-shard', `There is no shard ${shardId} to pin: there are ${shardCount}, numbered from 0`, { numbers: { shardId, shardCount } }));
  }
  const { arrivalsPerNodeMax, departuresPerNodeMax, bytesMax } = constraints;
  for (const [name, value, least] of [['arrivalsPerNodeMax', arrivalsPerNodeMax, 1], ['departuresPerNodeMax', departuresPerNodeMax, 1], ['bytesMax', bytesMax, 0]] as const) {
    if (value !== null && !(value >= least && value < Infinity)) found.push(refusal('invalid-number', `${name} is ${value}, not a number from ${least}`, { numbers: { [name]: value } }));
  }
  return found;
}

function checkNumbers({ nowMs, expiresAfterMs, safetyLines }: PlanningNumbers): Refusal[] {
  const found: Refusal[] = [];
  const mustBe = (name: string, value: number, valid: boolean) => {
    if (!valid) found.push(refusal('invalid-number', `${name} is ${value}`, { numbers: { [name]: value } }));
  };
  mustBe('nowMs', nowMs, nowMs >= 0 && nowMs <= TIME_MAX_MS);
  mustBe('expiresAfterMs', expiresAfterMs, expiresAfterMs >= 0 && expiresAfterMs <= TIME_MAX_MS);
  for (const resource of RESOURCES) mustBe(`${resource} line`, safetyLines[resource], safetyLines[resource] >= 0 && safetyLines[resource] <= 1);
  return found;
}

/** Capacities of nodes that nothing can be placed on do not matter; a usage that is no number always does. */
function checkNodes(state: ClusterState, nowMs: number): Refusal[] {
  const leaders = [...state.nodes.values()].filter(isLeader);
  if (leaders.length === 0) return [refusal('no-nodes', 'The cluster has no node that carries shards')];
  const found: Refusal[] = [];
  for (const node of leaders) {
    for (const resource of RESOURCES) {
      const capacity = node.capacity[resource];
      const used = node.usage[resource];
      if (capacity !== null && acceptsPlacement(node, nowMs) && !(capacity > 0 && capacity < Infinity)) {
        found.push(refusal('invalid-number', `${node.name} reports a ${resource} capacity of ${capacity}`, { nodeId: node.id, numbers: { capacity } }));
      }
      if (used !== null && !(used >= 0 && used < Infinity)) {
        found.push(refusal('invalid-number', `${node.name} reports a ${resource} usage of ${used}`, { nodeId: node.id, numbers: { used } }));
      }
    }
  }
  return found;
}

function* checkingTable(state: ClusterState): Generator<void, Refusal[]> {
  const { shardCount, replicaMax, replicas, nodeIds, sizeBytes, keyCount, load } = state.shards;
  const columns = [sizeBytes, keyCount, load.cpu, load.readsPerSecond, load.writesPerSecond, load.networkBytesPerSecond];
  if (replicas.length !== shardCount * replicaMax || columns.some((column) => column.length !== shardCount)) {
    return [refusal('invalid-number', 'The shard table has columns of different lengths', { numbers: { shardCount, replicaMax } })];
  }
  const found: Refusal[] = [];
  for (let shardId = 0; shardId < shardCount && found.length < REPORTED_MAX; shardId += 1) {
    if (shardId % TABLE_ROWS_PER_TURN === TABLE_ROWS_PER_TURN - 1) yield;
    for (const column of columns) {
      const value = column[shardId]!;
      if (value < 0 || value === Infinity) found.push(refusal('invalid-number', `Shard ${shardId} reports a quantity of ${value}`, { shardId, numbers: { value } }));
    }
    const start = shardId * replicaMax;
    for (let column = 0; column < replicaMax; column += 1) {
      const index = replicas[start + column]!;
      if (index === NO_REPLICA) continue;
      if (index < 0 || index >= nodeIds.length) {
        found.push(refusal('unknown-node', `Shard ${shardId} is on node index ${index} of ${nodeIds.length}`, { shardId, numbers: { index, nodeCount: nodeIds.length } }));
      }
      for (let other = 0; other < column; other += 1) {
        if (replicas[start + other] === index) found.push(refusal('duplicate-replica', `Shard ${shardId} has two replicas on ${nodeIds[index] ?? index}`, { shardId, nodeId: nodeIds[index] }));
      }
    }
  }
  return found;
}

function checkScope(state: ClusterState, scope: PlanScope): Refusal[] {
  switch (scope.kind) {
    case 'cluster': return [];
    case 'evacuate': return scope.nodeIds.flatMap((nodeId) => checkNamedNode(state, nodeId));
    case 'shards': {
      const unknown = scope.shardIds.filter((shardId) => !(Number.isInteger(shardId) && shardId >= 0 && shardId < state.shards.shardCount));
      return [
        ...unknown.slice(0, REPORTED_MAX).map((shardId) => refusal('unknown-shard', `There is no shard ${shardId}: there are ${state.shards.shardCount}, numbered from 0`, { numbers: { shardId, shardCount: state.shards.shardCount } })),
        ...(scope.targetNodeId === null ? [] : checkNamedNode(state, scope.targetNodeId)),
      ];
    }
  }
}

function checkNamedNode(state: ClusterState, nodeId: string): Refusal[] {
  const node = state.nodes.get(nodeId);
  if (node === undefined) return [refusal('unknown-node', `There is no node ${nodeId}`, { nodeId })];
  if (!isLeader(node)) return [refusal('follower', `${node.name} follows ${node.followerOf ?? 'another node'}: it carries no shards of its own`, { nodeId })];
  return [];
}
