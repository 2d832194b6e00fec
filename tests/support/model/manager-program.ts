/**
 * A manager as the model sees it. What it decides is decided by the product's own code:
 * `nextEffects` and `transition` say what to do with the move, `findMove` where it stands
 * and what is left. What is written here is only the order of the remote commands that
 * the driver sends for each of those answers, one per step, so that anything may happen
 * between any two.
 */
import type { DriverFailure, ExecutionStatus, MoveRecord, MoveStatus } from '@/lib/contract/operation';
import { THROTTLE_PRESETS } from '@/lib/contract/vocabulary';
import { createExecution, settle, transition, type ExecutionEvent, type ExecutionState } from '@/lib/core/execution/execution-state';
import { nextEffects } from '@/lib/core/execution/next-effects';
import { findMove, truthOf, type MoveFinding } from '@/lib/drivers/redis-cluster/inspect-move';
import { migrateKey, NAMES, setImporting, setMigrating, setOwner, setStable, type Key, type NodeName, type Nodes, type Reply } from './slot-engine';

/** Where a driver call is; `source` is who stands for the source now. */
export interface Call {
  readonly at: 'find' | 'importing' | 'migrating' | 'list' | 'migrate' | 'commit' | 'take' | 'tell-source' | 'tell-others' | 'clear-target' | 'clear-source';
  readonly kind: 'forward' | 'revert';
  readonly source: NodeName;
  readonly target: NodeName;
  readonly keys: readonly Key[];
  /** Findings so far: what turns out otherwise is looked at anew, a few times. */
  readonly tries: number;
  /** After the way forward, the way back: the revert of a move that has keys on its target. */
  readonly thenBack: boolean;
}

export interface Manager {
  readonly epoch: number;
  readonly status: ExecutionStatus;
  readonly move: MoveStatus;
  readonly call: Call | null;
  /** What the call ended with, not stored yet. */
  readonly outcome: 'done' | 'reverted' | 'retry' | 'failed' | null;
}

export interface Journal {
  readonly epoch: number;
  readonly move: MoveStatus;
  readonly status: ExecutionStatus;
}

const TRIES_MAX = 3;
const RETRY: DriverFailure = { code: 'node-down', message: 'not now', retryable: true };
const FAILED: DriverFailure = { code: 'topology-changed', message: 'for good', retryable: false };

function stateOf(manager: Manager): ExecutionState {
  const record: MoveRecord = {
    index: 0, status: manager.move, attempt: 0, bytesDone: 0, keysDone: 0, startedAtMs: null, finishedAtMs: null, failure: null,
    step: { kind: 'move', shardId: 0, role: 'primary', sourceNodeId: 'A', targetNodeId: 'B', bytes: null, keyCount: null, reason: { code: 'evens-count', dimension: 'shards', sourceBefore: 1, sourceAfter: 0, targetBefore: 0, targetAfter: 1 } },
  };
  return createExecution([record], { status: manager.status, throttle: THROTTLE_PRESETS.default });
}

function after(state: ExecutionState, ...events: readonly ExecutionEvent[]): ExecutionState {
  return settle(events.reduce((at, event) => {
    const next = transition(at, event);
    return next.ok ? next.value : at;
  }, state));
}

function withState(manager: Manager, state: ExecutionState): Manager {
  return { ...manager, status: state.status, move: state.moves.at(0)!.status };
}

export interface Moved {
  readonly label: string;
  readonly manager: Manager | null;
  readonly nodes: Nodes;
  readonly journal: Journal;
}

/** The one thing that this manager does next; `null`: it has nothing to do. A manager that finds itself fenced is gone. */
export function stepOf(manager: Manager, nodes: Nodes, journal: Journal): Moved | null {
  if (manager.outcome !== null) return storeOutcome(manager, nodes, journal);
  if (manager.call !== null) return advance(manager, manager.call, nodes, journal);
  const state = stateOf(manager);
  const effect = nextEffects(state, Infinity)[0];
  const starting = () => after(state, { kind: 'moves-started', indexes: [0], nowMs: 0 });
  if (effect?.kind === 'start-moves') {
    const begun = { ...withState(manager, starting()), call: callOf('forward') };
    if (manager.move !== 'pending') return { label: 'calls the driver again', manager: begun, nodes, journal };
    if (journal.epoch > manager.epoch || journal.move !== 'pending') return { label: 'is fenced at its intent', manager: null, nodes, journal };
    return { label: 'stores the intent', manager: begun, nodes, journal: { ...journal, move: 'copying', status: manager.status } };
  }
  if (effect?.kind === 'settle-moves') {
    const finding = look(nodes, 'A', 'B').finding;
    const truth = truthOf(finding, { source: null, target: null });
    const reverting = finding.state !== 'unknown' && (truth.state === 'untouched' || (truth.state === 'moving' && truth.revertible));
    return { label: `settles by ${reverting ? 'reverting' : 'going on'}`, manager: { ...withState(manager, starting()), call: callOf(reverting ? 'revert' : 'forward') }, nodes, journal };
  }
  const rested = settle(state);
  if (rested.status === manager.status) return null;
  if (journal.epoch > manager.epoch) return { label: 'is fenced at its end', manager: null, nodes, journal };
  return { label: `ends: ${rested.status}`, manager: withState(manager, rested), nodes, journal: { ...journal, status: rested.status } };
}

function callOf(kind: Call['kind']): Call {
  return { at: 'find', kind, source: 'A', target: 'B', keys: [], tries: 0, thenBack: false };
}

function storeOutcome(manager: Manager, nodes: Nodes, journal: Journal): Moved {
  const started = after(stateOf(manager), { kind: 'moves-started', indexes: [0], nowMs: 0 });
  const failure = (of: DriverFailure): ExecutionEvent => ({ kind: 'move-failed', index: 0, failure: of, nowMs: 0, monotonicMs: 0, random: 0 });
  const events: Readonly<Record<NonNullable<Manager['outcome']>, ExecutionEvent>> = {
    done: { kind: 'moves-succeeded', moves: [{ index: 0, bytes: 0, keyCount: 0 }], nowMs: 0 },
    reverted: { kind: 'move-reverted', index: 0, nowMs: 0 },
    retry: failure(RETRY),
    failed: failure(FAILED),
  };
  const next = withState({ ...manager, outcome: null }, after(started, events[manager.outcome!]));
  // A try that will be tried again is known to nobody but this process.
  if (manager.outcome === 'retry') return { label: 'will try again', manager: next, nodes, journal };
  if (journal.epoch > manager.epoch || journal.move !== 'copying') return { label: 'is fenced at its completion', manager: null, nodes, journal };
  return { label: `stores ${next.move}`, manager: next, nodes, journal: { ...journal, move: next.move, status: next.status } };
}

/** The answers of all primaries at one time, and what they mean. */
function look(nodes: Nodes, source: NodeName, target: NodeName): { source: NodeName; finding: MoveFinding; keysOnSource: number; silent: boolean } {
  // After a failover the promoted follower stands for the source.
  const current = source === 'A' && nodes.F.primary ? 'F' : source;
  const counterpart = target === 'A' && nodes.F.primary ? 'F' : target;
  const answering = NAMES.filter((name) => nodes[name].alive && nodes[name].primary);
  const views = new Map(answering.map((name) => [name as string, { nodeId: name, configEpoch: nodes[name].configEpoch, ownerId: nodes[name].owner, migratingTo: nodes[name].migratingTo, importingFrom: nodes[name].importingFrom }]));
  const finding = findMove({
    sourceNodeId: current, targetNodeId: counterpart, views,
    keysOnTarget: views.has(counterpart) ? nodes[counterpart].keys.length : null,
    // The dead source in a flag means the end whose place was taken: asked for by its old id, or told by keys that are there already.
    formerIds: new Set(nodes.F.primary && (current !== source || nodes[counterpart].keys.length > 0) ? ['A'] : []),
    silentIds: new Set(nodes.F.primary ? [] : NAMES.filter((name) => !nodes[name].alive)),
  });
  return { source: current, finding, keysOnSource: nodes[current].keys.length, silent: !nodes[current].alive };
}

function advance(manager: Manager, call: Call, nodes: Nodes, journal: Journal): Moved {
  const go = (label: string, next: Call | NonNullable<Manager['outcome']>, changed: Nodes = nodes): Moved => ({
    label, nodes: changed, journal,
    manager: typeof next === 'string' ? { ...manager, call: null, outcome: next } : { ...manager, call: next },
  });
  /** Refused: the ends are not what they were; they are looked at anew. */
  const unless = (label: string, reply: Reply, next: (changed: Nodes) => Call | NonNullable<Manager['outcome']>): Moved => {
    if (reply.ok) return go(label, next(reply.nodes), reply.nodes);
    if (reply.why === 'unreachable') return go(`${label}: no answer`, 'retry');
    return go(`${label}: refused`, call.tries < TRIES_MAX ? { ...call, at: 'find' } : 'retry');
  };
  const { source, target } = call;
  switch (call.at) {
    case 'find': return afterLook(call, nodes, go);
    case 'importing': {
      // After a failover the target takes the dead source for the owner still, and is told who is.
      const told = nodes[target].owner === source || nodes[target].owner === target ? null : setOwner(nodes, target, source);
      const corrected = told?.ok === true ? told.nodes : nodes;
      return unless(`IMPORTING on ${target}`, setImporting(corrected, target, source), () => ({ ...call, at: 'migrating' }));
    }
    case 'migrating': return unless(`MIGRATING on ${source}`, setMigrating(nodes, source, target), (changed) => listed({ ...call, at: 'list' }, changed));
    case 'list': return nodes[source].alive ? go(`lists on ${source}`, listed(call, nodes)) : go(`lists on ${source}: no answer`, 'retry');
    case 'migrate': return unless(`MIGRATE ${call.keys[0]!}`, migrateKey(nodes, source, target, call.keys[0]!), () => (call.keys.length > 1 ? { ...call, keys: call.keys.slice(1) } : { ...call, at: 'list', keys: [] }));
    case 'commit': {
      const flagged = setImporting(nodes, target, source);
      return unless(`NODE on ${target}`, setOwner(flagged.ok ? flagged.nodes : nodes, target, target), () => ({ ...call, at: 'tell-source' }));
    }
    case 'take': {
      const flagged = setImporting(nodes, target, source);
      return unless(`takes it on ${target}`, setOwner(flagged.ok ? flagged.nodes : nodes, target, target), () => ({ ...call, at: 'tell-source' }));
    }
    case 'tell-source': {
      const reply = setOwner(nodes, source, target);
      if (!reply.ok && reply.why === 'refused' && nodes[source].keys.length > 0) return go(`NODE on ${source}: has keys yet`, { ...call, at: 'list' });
      return unless(`NODE on ${source}`, reply, () => ({ ...call, at: 'tell-others' }));
    }
    case 'tell-others': {
      const told = NAMES.filter((name) => name !== source && name !== target && nodes[name].primary).reduce((at, name) => {
        const reply = setOwner(at, name, target);
        return reply.ok ? reply.nodes : at;
      }, nodes);
      return go('NODE on the others', call.thenBack ? { ...call, at: 'find', source: target, target: source, thenBack: false, tries: 0 } : call.kind === 'revert' ? 'reverted' : 'done', told);
    }
    case 'clear-target': {
      const reply = setStable(nodes, target);
      if (!reply.ok) return go(`STABLE on ${target}: no answer`, 'retry');
      if (nodes[target].keys.length === 0) return go(`STABLE on ${target}`, { ...call, at: 'clear-source' }, reply.nodes);
      // Keys are there: the flag is set again in the same breath, and it goes forward and back.
      return go(`${target} has keys: forward, then back`, { ...call, at: 'find', thenBack: true, tries: 0 });
    }
    case 'clear-source': return unless(`STABLE on ${source}`, setStable(nodes, source), () => 'reverted');
  }
}

function listed(call: Call, nodes: Nodes): Call {
  const { keys } = nodes[call.source];
  return keys.length === 0 ? { ...call, at: 'commit', keys: [] } : { ...call, at: 'migrate', keys };
}

function afterLook(call: Call, nodes: Nodes, go: (label: string, next: Call | NonNullable<Manager['outcome']>) => Moved): Moved {
  const { source, finding, keysOnSource } = look(nodes, call.source, call.target);
  const here: Call = { ...call, source, target: call.target === 'A' && nodes.F.primary ? 'F' : call.target, tries: call.tries + 1 };
  const label = `finds it ${finding.state}${'next' in finding ? `, ${finding.next}` : ''}`;
  if (finding.state === 'unknown') return go(label, 'retry');
  const reverting = call.kind === 'revert' && !call.thenBack && call.source !== 'B';
  if (finding.state === 'done') return go(label, call.thenBack ? { ...here, source: here.target, target: here.source, thenBack: false, tries: 0 } : reverting ? 'failed' : call.kind === 'revert' ? 'reverted' : 'done');
  if (reverting) {
    if (finding.state === 'untouched') return go(label, 'reverted');
    // It was on its way back already: the rest of that way is a move of its own.
    if (finding.state === 'moving' && finding.next === 'return') return go(label, { ...here, source: here.target, target: here.source, tries: 0 });
    return go(label, finding.state === 'moving' && finding.next === 'copy' ? { ...here, at: 'clear-target' } : 'failed');
  }
  if (finding.state === 'elsewhere') return go(label, 'failed');
  switch (finding.next) {
    case 'conflict': return go(label, 'failed');
    case 'begin':
    case 'copy': return go(label, { ...here, at: 'importing' });
    case 'return': return go(label, 'failed');
    case 'announce': return go(label, { ...here, at: nodes[here.target].owner !== here.target ? 'take' : keysOnSource > 0 && nodes[source].owner === source ? 'list' : 'tell-source' });
  }
}
