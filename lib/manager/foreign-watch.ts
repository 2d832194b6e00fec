import type { DriverFailure, MoveRecord, Operation } from '@/lib/contract/operation';
import type { Plan, Refusal } from '@/lib/contract/plan';
import { findForeignChange } from '@/lib/core/execution/foreign-change';
import { isMoveTerminal } from '@/lib/core/execution/transitions';
import { isLeader } from '@/lib/core/cluster/cluster-state';
import { inTurns, isShortList, nextTurn } from '@/lib/platform/in-turns';
import { refusal } from './commands';
import type { ManagerResources } from './manager-resources';
import { validateInTurns } from './validate-in-turns';

/** Failures of a move that mean that somebody else has acted on its shard or its ends. */
const FOREIGN: ReadonlySet<DriverFailure['code']> = new Set(['not-owner', 'topology-changed']);

export function isForeign(failure: DriverFailure | null): boolean {
  return failure !== null && FOREIGN.has(failure.code);
}

/**
 * Nodes that may lead without anybody else having had a hand in it: those of the plan,
 * those that an operation of ours let join, and, for a run that begins just now, those
 * that were there when it was approved.
 */
export function knownLeaders({ model }: ManagerResources, plan: Plan, fresh: boolean): ReadonlySet<string> {
  const now = fresh ? [...model.nodes.values()].filter(isLeader).map((node) => node.id) : [];
  return new Set([...plan.before.holdings.map((holding) => holding.nodeId), ...model.wishes.keys(), ...now]);
}

/** Why what is left of the plan cannot run as it is now; empty = it can. */
export async function remainingRefusals({ model, clock }: ManagerResources, plan: Plan, moves: readonly MoveRecord[], known: ReadonlySet<string>): Promise<Refusal[]> {
  const change = await inTurns(findForeignChange(model.state, moves, known));
  if (change !== null) return [refusal('plan-superseded', change.message)];
  if (!isShortList(moves)) await nextTurn();
  const stepsDone = new Set(moves.filter((move) => isMoveTerminal(move.status)).map((move) => move.index));
  return validateInTurns({ ...plan, steps: moves.map((move) => move.step) }, model.state, {
    nowMs: Math.round(clock.wallMs()), safetyLines: model.settings.safetyLines, ignoreExpiry: true, stepsDone,
  });
}

/** What the record says while it stops for it. */
export function foreignChangeOf(message: string): Pick<Operation, 'foreignChange' | 'statusReason'> {
  return { foreignChange: message.slice(0, 500), statusReason: `The cluster was changed by somebody else; it stops and is planned anew. ${message}`.slice(0, 1_000) };
}
