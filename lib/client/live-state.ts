import type { ClusterSummary } from '@/lib/contract/cluster';
import type { DomainEvent } from '@/lib/contract/events';
import type { LiveDelta, LiveGone, LiveMove, LiveSnapshot, LiveView } from '@/lib/contract/live';
import type { Node } from '@/lib/contract/node';
import type { ShardTable } from '@/lib/contract/shard-table';
import { EVENTS_LIVE_MAX } from '@/lib/contract/vocabulary';
import { assertNever } from '@/lib/platform/assert';
import { MalformedColumn, applyNodeMetrics, applyShardDelta, decodeShardTable } from './decode';

/**
 * What the browser knows of one cluster, and the one function that changes it. Pure: the
 * same messages give the same state, and a hole in the revisions is never papered over:
 * the view keeps its last picture, is marked as waiting, and asks for a snapshot once.
 */
export interface LiveState {
  readonly clusterId: string;
  readonly summary: ClusterSummary | null;
  /** Sorted by id. */
  readonly nodes: readonly Node[] | null;
  readonly shards: ShardTable | null;
  readonly moves: readonly LiveMove[] | null;
  /** Newest first, at most EVENTS_LIVE_MAX. */
  readonly events: readonly DomainEvent[] | null;
  readonly heads: Readonly<Record<LiveView, ViewHead>>;
  /** The server says that there is no such cluster. */
  readonly gone: boolean;
}

/** Where a view stands in the stream. `waiting`: a snapshot was asked for and deltas mean nothing until it comes. */
type ViewHead =
  | { readonly status: 'waiting' }
  | { readonly status: 'current'; readonly epoch: number; readonly revision: number };

export type LiveMessage =
  | { readonly kind: 'snapshot'; readonly message: LiveSnapshot }
  | { readonly kind: 'delta'; readonly message: LiveDelta }
  | { readonly kind: 'gone'; readonly message: LiveGone }
  /** A new connection knows nothing of what was sent over the last one. */
  | { readonly kind: 'disconnected' }
  /** Nobody shows the view any more: what nobody keeps fresh is not kept at all. */
  | { readonly kind: 'released'; readonly view: LiveView };

export interface Reduction {
  readonly state: LiveState;
  /** The view whose snapshot must be asked for, or null. */
  readonly resync: LiveView | null;
}

const WAITING: ViewHead = { status: 'waiting' };
const ALL_WAITING: LiveState['heads'] = { summary: WAITING, nodes: WAITING, shards: WAITING, moves: WAITING, events: WAITING };

export function createLiveState(clusterId: string): LiveState {
  return { clusterId, summary: null, nodes: null, shards: null, moves: null, events: null, heads: ALL_WAITING, gone: false };
}

/** R1: what is older than, or does not connect to, what is held never changes it. */
export function reduceLive(state: LiveState, input: LiveMessage): Reduction {
  switch (input.kind) {
    case 'snapshot': return reduceSnapshot(state, input.message);
    case 'delta': return reduceDelta(state, input.message);
    case 'gone': return { state: input.message.clusterId === state.clusterId ? { ...state, gone: true } : state, resync: null };
    case 'disconnected': return { state: { ...state, heads: ALL_WAITING }, resync: null };
    case 'released': return { state: { ...state, [input.view]: null, heads: { ...state.heads, [input.view]: WAITING } }, resync: null };
    default: return assertNever(input);
  }
}

function reduceSnapshot(state: LiveState, message: LiveSnapshot): Reduction {
  const head = state.heads[message.view];
  if (message.clusterId !== state.clusterId || isOlder(message, head)) return { state, resync: null };
  const next = { status: 'current', epoch: message.epoch, revision: message.revision } as const;
  try {
    return { state: { ...state, ...contentOf(message), gone: false, heads: { ...state.heads, [message.view]: next } }, resync: null };
  } catch (error) {
    return waitingAfter(state, message.view, error);
  }
}

function contentOf(message: LiveSnapshot): Partial<LiveState> {
  switch (message.view) {
    case 'summary': return { summary: message.summary };
    case 'nodes': return { nodes: message.nodes };
    case 'shards': return { shards: decodeShardTable(message.table) };
    case 'moves': return { moves: message.moves };
    case 'events': return { events: message.events };
    default: return assertNever(message);
  }
}

function isOlder(message: LiveSnapshot, head: ViewHead): boolean {
  if (head.status === 'waiting') return false;
  return message.epoch < head.epoch || (message.epoch === head.epoch && message.revision < head.revision);
}

function reduceDelta(state: LiveState, message: LiveDelta): Reduction {
  const head = state.heads[message.view];
  if (message.clusterId !== state.clusterId || head.status === 'waiting') return { state, resync: null };
  if (message.epoch < head.epoch || (message.epoch === head.epoch && message.toRevision <= head.revision)) return { state, resync: null };
  if (message.epoch !== head.epoch || message.fromRevision !== head.revision) return waiting(state, message.view);
  try {
    const changed = applyDelta(state, message);
    if (changed === null) return waiting(state, message.view);
    return { state: { ...state, ...changed, heads: { ...state.heads, [message.view]: { ...head, revision: message.toRevision } } }, resync: null };
  } catch (error) {
    return waitingAfter(state, message.view, error);
  }
}

/** `null`: there is nothing to apply it to. @throws MalformedColumn */
function applyDelta(state: LiveState, message: LiveDelta): Partial<LiveState> | null {
  switch (message.view) {
    case 'summary': return state.summary && { summary: { ...state.summary, ...message.patch } };
    case 'nodes': {
      if (state.nodes === null) return null;
      const nodes = mergeNodes(state.nodes, message.upserts, message.removed);
      return { nodes: message.metrics === null ? nodes : applyNodeMetrics(nodes, message.metrics) };
    }
    case 'shards': return state.shards && { shards: applyShardDelta(state.shards, message.rows) };
    case 'moves': return { moves: message.moves };
    case 'events': return state.events && { events: prependEvents(state.events, message.events) };
    default: return assertNever(message);
  }
}

function mergeNodes(nodes: readonly Node[], upserts: readonly Node[], removed: readonly string[]): readonly Node[] {
  if (upserts.length === 0 && removed.length === 0) return nodes;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const id of removed) byId.delete(id);
  for (const node of upserts) byId.set(node.id, node);
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

function prependEvents(held: readonly DomainEvent[], news: readonly DomainEvent[]): readonly DomainEvent[] {
  const newest = held[0]?.sequence ?? 0;
  const fresh = news.filter((event) => event.sequence > newest);
  return fresh.length === 0 ? held : [...fresh, ...held].slice(0, EVENTS_LIVE_MAX);
}

function waiting(state: LiveState, view: LiveView): Reduction {
  return { state: { ...state, heads: { ...state.heads, [view]: WAITING } }, resync: view };
}

function waitingAfter(state: LiveState, view: LiveView, error: unknown): Reduction {
  if (error instanceof MalformedColumn) return waiting(state, view);
  throw error;
}
