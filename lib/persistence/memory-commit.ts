import type { StoreConflict, StoreWrite } from '@/lib/contract/storage';
import { assertNever } from '@/lib/platform/assert';
import { alreadyExists, changedMeanwhile, notFound, outdatedEpoch, type CommitRefusal } from './conflicts';
import { canonicalJsonOf, hashOfEvent } from './event-chain';
import { emptyLog, lastSequenceOf, type MemoryTables } from './memory-tables';

type WriteOf<K extends StoreWrite['kind']> = Extract<StoreWrite, { kind: K }>;

/** Changes tables and remembers how to change them back. */
class UndoLog {
  readonly #steps: (() => void)[] = [];

  set<K, V>(table: Map<K, V>, key: K, value: V): void {
    const before = table.get(key);
    const wasThere = table.has(key);
    this.#steps.push(() => { if (wasThere) table.set(key, before as V); else table.delete(key); });
    table.set(key, value);
  }

  delete<K, V>(table: Map<K, V>, key: K): void {
    if (!table.has(key)) return;
    const before = table.get(key) as V;
    this.#steps.push(() => table.set(key, before));
    table.delete(key);
  }

  did(undo: () => void): void {
    this.#steps.push(undo);
  }

  undoAll(): void {
    for (const step of this.#steps.reverse()) step();
  }
}

/** Applies all writes in their order, or none and returns the conflict. */
export function applyToTables(tables: MemoryTables, writes: readonly StoreWrite[]): StoreConflict | null {
  const undo = new UndoLog();
  for (const [writeIndex, write] of writes.entries()) {
    const refusal = applyOne(tables, undo, write);
    if (refusal === null) continue;
    undo.undoAll();
    return { ...refusal, writeIndex };
  }
  return null;
}

function applyOne(tables: MemoryTables, undo: UndoLog, write: StoreWrite): CommitRefusal | null {
  switch (write.kind) {
    case 'insert-cluster': return insertCluster(tables, undo, write);
    case 'delete-cluster': return deleteCluster(tables, undo, write.clusterId);
    case 'set-freeze': return changeCluster(tables, undo, write.clusterId, { freeze: write.freeze });
    case 'take-over': return takeOver(tables, undo, write);
    case 'save-settings': return saveSettings(tables, undo, write);
    case 'save-scaling-policy': return saveScalingPolicy(tables, undo, write);
    case 'delete-scaling-policy': return deleteScalingPolicy(tables, undo, write);
    case 'save-scaling-state': return saveScalingState(tables, undo, write);
    case 'save-node-intent': return saveNodeIntent(tables, undo, write);
    case 'delete-node-intent': return deleteNodeIntent(tables, undo, write);
    case 'save-provision': return saveProvision(tables, undo, write);
    case 'delete-provision': return deleteProvision(tables, undo, write);
    case 'insert-plan': return insertPlan(tables, undo, write);
    case 'set-plan-status': return setPlanStatus(tables, undo, write);
    case 'insert-operation': return insertOperation(tables, undo, write);
    case 'insert-moves': return insertMoves(tables, undo, write);
    case 'save-operation': return saveOperation(tables, undo, write);
    case 'save-move': return saveMove(tables, undo, write);
    case 'append-event': return appendEvent(tables, undo, write);
    case 'insert-enrolment-token': return insertEnrolmentToken(tables, undo, write);
    case 'delete-enrolment-token': return deleteEnrolmentToken(tables, undo, write);
    case 'enrol-agent': return enrolAgent(tables, undo, write);
    case 'save-agent': return saveAgent(tables, undo, write);
    case 'remember-answer': return rememberAnswer(tables, undo, write);
    default: return assertNever(write);
  }
}

function insertCluster(tables: MemoryTables, undo: UndoLog, { cluster, settings }: WriteOf<'insert-cluster'>): CommitRefusal | null {
  if (tables.clusters.has(cluster.id)) return alreadyExists('cluster', cluster.id);
  undo.set(tables.clusters, cluster.id, { ordinal: nextOrdinal(tables), value: cluster });
  undo.set(tables.settings, cluster.id, [settings]);
  return null;
}

function deleteCluster(tables: MemoryTables, undo: UndoLog, clusterId: string): CommitRefusal | null {
  if (!tables.clusters.has(clusterId)) return notFound('cluster', clusterId);
  for (const table of [tables.clusters, tables.settings, tables.nodeIntents, tables.provisions, tables.scalingPolicies, tables.scalingStates, tables.metrics]) undo.delete<string, unknown>(table, clusterId);
  for (const [tokenHash, token] of [...tables.tokens]) if (token.clusterId === clusterId) undo.delete(tables.tokens, tokenHash);
  for (const [nodeId, agent] of [...tables.agents]) if (agent.clusterId === clusterId) undo.delete(tables.agents, nodeId);
  for (const [planId, row] of [...tables.plans]) if (row.value.clusterId === clusterId) undo.delete(tables.plans, planId);
  for (const [operationId, row] of [...tables.operations]) {
    if (row.value.clusterId !== clusterId) continue;
    undo.delete(tables.operations, operationId);
    undo.delete(tables.journals, operationId);
  }
  return null;
}

function changeCluster(tables: MemoryTables, undo: UndoLog, clusterId: string, change: { freeze: WriteOf<'set-freeze'>['freeze'] } | { epoch: number }): CommitRefusal | null {
  const row = tables.clusters.get(clusterId);
  if (row === undefined) return notFound('cluster', clusterId);
  undo.set(tables.clusters, clusterId, { ...row, value: { ...row.value, ...change } });
  return null;
}

function takeOver(tables: MemoryTables, undo: UndoLog, { clusterId, expectedEpoch, epoch }: WriteOf<'take-over'>): CommitRefusal | null {
  const stored = tables.clusters.get(clusterId)?.value.epoch;
  if (epoch <= expectedEpoch) return { code: 'conflict', message: `An epoch only grows: ${epoch} is not above ${expectedEpoch}` };
  if (stored === undefined) return notFound('cluster', clusterId);
  return stored === expectedEpoch ? changeCluster(tables, undo, clusterId, { epoch }) : changedMeanwhile('epoch', stored, expectedEpoch);
}

function saveSettings(tables: MemoryTables, undo: UndoLog, { clusterId, versioned }: WriteOf<'save-settings'>): CommitRefusal | null {
  const history = tables.settings.get(clusterId);
  if (history === undefined) return notFound('cluster', clusterId);
  const newest = history.at(-1)!.generation;
  if (newest !== versioned.generation - 1) return changedMeanwhile('generation of the settings', newest, versioned.generation - 1);
  undo.set(tables.settings, clusterId, [...history, versioned]);
  return null;
}

function saveScalingPolicy(tables: MemoryTables, undo: UndoLog, { clusterId, policy }: WriteOf<'save-scaling-policy'>): CommitRefusal | null {
  if (!tables.clusters.has(clusterId)) return notFound('cluster', clusterId);
  const all = tables.scalingPolicies.get(clusterId) ?? [];
  const newest = Math.max(0, ...all.filter((other) => other.pool === policy.pool && other.role === policy.role).map((other) => other.generation));
  if (newest !== policy.generation - 1) return changedMeanwhile('generation of the scaling policy', newest, policy.generation - 1);
  undo.set(tables.scalingPolicies, clusterId, [...all, policy]);
  return null;
}

function deleteScalingPolicy(tables: MemoryTables, undo: UndoLog, { clusterId, pool, role }: WriteOf<'delete-scaling-policy'>): null {
  const all = tables.scalingPolicies.get(clusterId);
  if (all !== undefined) undo.set(tables.scalingPolicies, clusterId, all.filter((policy) => policy.pool !== pool || policy.role !== role));
  return null;
}

function saveScalingState(tables: MemoryTables, undo: UndoLog, { clusterId, state }: WriteOf<'save-scaling-state'>): CommitRefusal | null {
  if (!tables.clusters.has(clusterId)) return notFound('cluster', clusterId);
  const others = (tables.scalingStates.get(clusterId) ?? []).filter((other) => other.pool !== state.pool);
  undo.set(tables.scalingStates, clusterId, [...others, state]);
  return null;
}

function saveNodeIntent(tables: MemoryTables, undo: UndoLog, { intent }: WriteOf<'save-node-intent'>): CommitRefusal | null {
  if (!tables.clusters.has(intent.clusterId)) return notFound('cluster', intent.clusterId);
  if (!tables.nodeIntents.has(intent.clusterId)) undo.set(tables.nodeIntents, intent.clusterId, new Map());
  undo.set(tables.nodeIntents.get(intent.clusterId)!, intent.nodeId, intent);
  return null;
}

function deleteNodeIntent(tables: MemoryTables, undo: UndoLog, { clusterId, nodeId }: WriteOf<'delete-node-intent'>): null {
  const intents = tables.nodeIntents.get(clusterId);
  if (intents !== undefined) undo.delete(intents, nodeId);
  return null;
}

function saveProvision(tables: MemoryTables, undo: UndoLog, { provision, epoch }: WriteOf<'save-provision'>): CommitRefusal | null {
  const { clusterId, intentId } = provision;
  const refusal = fencingRefusal(tables, clusterId, epoch);
  if (refusal !== null) return refusal;
  if (!tables.provisions.has(clusterId)) undo.set(tables.provisions, clusterId, new Map());
  undo.set(tables.provisions.get(clusterId)!, intentId, provision);
  return null;
}

function deleteProvision(tables: MemoryTables, undo: UndoLog, { clusterId, intentId }: WriteOf<'delete-provision'>): null {
  const provisions = tables.provisions.get(clusterId);
  if (provisions !== undefined) undo.delete(provisions, intentId);
  return null;
}

function insertEnrolmentToken(tables: MemoryTables, undo: UndoLog, { token }: WriteOf<'insert-enrolment-token'>): CommitRefusal | null {
  if (!tables.clusters.has(token.clusterId)) return notFound('cluster', token.clusterId);
  if (tables.tokens.has(token.tokenHash)) return alreadyExists('enrolment token', token.tokenHash);
  undo.set(tables.tokens, token.tokenHash, token);
  return null;
}

function deleteEnrolmentToken(tables: MemoryTables, undo: UndoLog, { clusterId, tokenHash }: WriteOf<'delete-enrolment-token'>): CommitRefusal | null {
  const token = tables.tokens.get(tokenHash);
  if (token?.clusterId !== clusterId) return notFound('enrolment token', tokenHash);
  if (token.usedByNodeId !== null) return changedMeanwhile('user of the enrolment token', token.usedByNodeId, 'nobody');
  undo.delete(tables.tokens, tokenHash);
  return null;
}

function enrolAgent(tables: MemoryTables, undo: UndoLog, { tokenHash, agent }: WriteOf<'enrol-agent'>): CommitRefusal | null {
  const token = tables.tokens.get(tokenHash);
  if (token?.clusterId !== agent.clusterId) return notFound('enrolment token', tokenHash);
  if (token.usedByNodeId !== null) return changedMeanwhile('user of the enrolment token', token.usedByNodeId, 'nobody');
  if (token.expiresAtMs <= agent.enrolledAtMs) return { code: 'conflict', message: 'The enrolment token has expired' };
  if (tables.agents.has(agent.nodeId)) return alreadyExists('agent', agent.nodeId);
  undo.set(tables.tokens, tokenHash, { ...token, usedByNodeId: agent.nodeId });
  undo.set(tables.agents, agent.nodeId, agent);
  return null;
}

function saveAgent(tables: MemoryTables, undo: UndoLog, { agent }: WriteOf<'save-agent'>): CommitRefusal | null {
  if (tables.agents.get(agent.nodeId)?.clusterId !== agent.clusterId) return notFound('agent', agent.nodeId);
  undo.set(tables.agents, agent.nodeId, agent);
  return null;
}

function insertPlan(tables: MemoryTables, undo: UndoLog, { plan }: WriteOf<'insert-plan'>): CommitRefusal | null {
  if (!tables.clusters.has(plan.clusterId)) return notFound('cluster', plan.clusterId);
  if (tables.plans.has(plan.id)) return alreadyExists('plan', plan.id);
  undo.set(tables.plans, plan.id, { ordinal: nextOrdinal(tables), value: plan });
  return null;
}

function setPlanStatus(tables: MemoryTables, undo: UndoLog, { planId, expected, status }: WriteOf<'set-plan-status'>): CommitRefusal | null {
  const row = tables.plans.get(planId);
  if (row === undefined) return notFound('plan', planId);
  if (row.value.status !== expected) return changedMeanwhile('status of the plan', row.value.status, expected);
  undo.set(tables.plans, planId, { ...row, value: { ...row.value, status } });
  return null;
}

function fencingRefusal(tables: MemoryTables, clusterId: string, epoch: number): CommitRefusal | null {
  const stored = tables.clusters.get(clusterId)?.value.epoch;
  if (stored === undefined) return notFound('cluster', clusterId);
  return stored > epoch ? outdatedEpoch(clusterId, stored, epoch) : null;
}

function insertOperation(tables: MemoryTables, undo: UndoLog, { operation, moves, epoch }: WriteOf<'insert-operation'>): CommitRefusal | null {
  const refusal = fencingRefusal(tables, operation.clusterId, epoch);
  if (refusal !== null) return refusal;
  if (tables.operations.has(operation.id)) return alreadyExists('operation', operation.id);
  const journal = new Map(moves.map((move) => [move.index, move]));
  if (journal.size < moves.length) return alreadyExists('move', `${operation.id}, of one index with another`);
  undo.set(tables.operations, operation.id, { ordinal: nextOrdinal(tables), value: operation });
  undo.set(tables.journals, operation.id, journal);
  return null;
}

function insertMoves(tables: MemoryTables, undo: UndoLog, { clusterId, operationId, moves, epoch }: WriteOf<'insert-moves'>): CommitRefusal | null {
  const refusal = fencingRefusal(tables, clusterId, epoch);
  if (refusal !== null) return refusal;
  if (tables.operations.get(operationId)?.value.clusterId !== clusterId) return notFound('operation', operationId);
  if ((tables.journals.get(operationId)?.size ?? 0) > 0) return alreadyExists('journal of operation', operationId);
  const journal = new Map(moves.map((move) => [move.index, move]));
  if (journal.size < moves.length) return alreadyExists('move', `${operationId}, of one index with another`);
  undo.set(tables.journals, operationId, journal);
  return null;
}

function saveOperation(tables: MemoryTables, undo: UndoLog, { operation, epoch }: WriteOf<'save-operation'>): CommitRefusal | null {
  const refusal = fencingRefusal(tables, operation.clusterId, epoch);
  if (refusal !== null) return refusal;
  const row = tables.operations.get(operation.id);
  if (row?.value.clusterId !== operation.clusterId) return notFound('operation', operation.id);
  if (row.value.version !== operation.version - 1) return changedMeanwhile('version of the operation', row.value.version, operation.version - 1);
  undo.set(tables.operations, operation.id, { ...row, value: operation });
  return null;
}

function saveMove(tables: MemoryTables, undo: UndoLog, { clusterId, operationId, expected, move, epoch }: WriteOf<'save-move'>): CommitRefusal | null {
  const refusal = fencingRefusal(tables, clusterId, epoch);
  if (refusal !== null) return refusal;
  const journal = tables.operations.get(operationId)?.value.clusterId === clusterId ? tables.journals.get(operationId) : undefined;
  const stored = journal?.get(move.index);
  if (journal === undefined || stored === undefined) return notFound('move', `${operationId}/${move.index}`);
  if (stored.status !== expected) return changedMeanwhile(`status of move ${move.index}`, stored.status, expected);
  undo.set(journal, move.index, move);
  return null;
}

function appendEvent(tables: MemoryTables, undo: UndoLog, { event }: WriteOf<'append-event'>): CommitRefusal | null {
  const log = tables.events.get(event.clusterId) ?? emptyLog();
  const lastSequence = lastSequenceOf(log);
  if (event.sequence !== lastSequence + 1) return changedMeanwhile(`event log of cluster "${event.clusterId}"`, lastSequence, event.sequence - 1);
  if (!tables.events.has(event.clusterId)) undo.set(tables.events, event.clusterId, log);
  log.logged.push({ event, hash: hashOfEvent(log.logged.at(-1)?.hash ?? log.prunedHash, canonicalJsonOf(event)) });
  undo.did(() => log.logged.pop());
  return null;
}

function rememberAnswer(tables: MemoryTables, undo: UndoLog, { answer }: WriteOf<'remember-answer'>): CommitRefusal | null {
  if (tables.answers.has(answer.key)) return alreadyExists('remembered answer', answer.key);
  undo.set(tables.answers, answer.key, answer);
  return null;
}

function nextOrdinal(tables: MemoryTables): number {
  tables.nextOrdinal += 1;
  return tables.nextOrdinal;
}
