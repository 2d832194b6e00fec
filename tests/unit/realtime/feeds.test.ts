import { describe, expect, it } from 'vitest';
import { createLiveState, reduceLive } from '@/lib/client/live-state';
import { EVENTS_LIVE_MAX } from '@/lib/contract/live';
import { UNKNOWN_STATS, type Node } from '@/lib/contract/node';
import { EventsFeed } from '@/lib/realtime/events-feed';
import { MovesFeed } from '@/lib/realtime/moves-feed';
import { NodesFeed } from '@/lib/realtime/nodes-feed';
import { SummaryFeed } from '@/lib/realtime/summary-feed';
import type { DeltaBody, SnapshotBody } from '@/lib/realtime/view-feed';
import { nodeNamed } from '@/tests/support/cluster-states';
import { clusterViewOf, eventOf } from '@/tests/support/cluster-views';

const HEAD = { clusterId: 'c', epoch: 1, sentAtMs: 0 };

function clientAfter(snapshot: SnapshotBody, body: DeltaBody) {
  const started = reduceLive(createLiveState('c'), { kind: 'snapshot', message: { ...HEAD, revision: 1, ...snapshot } });
  const applied = reduceLive(started.state, { kind: 'delta', message: { ...HEAD, fromRevision: 1, toRevision: 2, ...body } });
  expect(applied.resync).toBeNull();
  return applied.state;
}

function deltaOf(change: { kind: string; body?: DeltaBody }): DeltaBody {
  if (change.body === undefined) throw new Error(`no delta: ${change.kind}`);
  return change.body;
}

describe('the summary feed', () => {
  it('sends the top-level fields that changed in content, and no others', () => {
    const feed = new SummaryFeed(clusterViewOf());
    const same = structuredClone(clusterViewOf());
    expect(feed.advance(same).kind).toBe('nothing');
    const change = feed.advance(clusterViewOf({ summary: { revision: 2, observationError: 'nobody answered' } }));
    expect(change).toEqual({ kind: 'delta', body: { view: 'summary', patch: { revision: 2, observationError: 'nobody answered' } } });
  });
});

describe('the moves feed', () => {
  it('sends all moves under way when any of them changed', () => {
    const feed = new MovesFeed(clusterViewOf());
    const reason = { code: 'evens-load', dimension: 'cpu', sourceBefore: 1, sourceAfter: 0, targetBefore: 0, targetAfter: 1 } as const;
    const move = {
      operationId: 'op', index: 4, status: 'copying', attempt: 1, bytesDone: 5, keysDone: 1, startedAtMs: 1, finishedAtMs: null, failure: null,
      step: { kind: 'move', shardId: 7, role: 'primary', sourceNodeId: 'a', targetNodeId: 'b', bytes: 10, keyCount: 2, reason },
    } as const;
    const change = feed.advance(clusterViewOf({ movesInFlight: [move] }));
    const live = { operationId: 'op', index: 4, shardId: 7, sourceNodeId: 'a', targetNodeId: 'b', status: 'copying', bytes: 10, bytesDone: 5 };
    expect(change).toEqual({ kind: 'delta', body: { view: 'moves', moves: [live] } });
    expect(feed.advance(clusterViewOf({ movesInFlight: [{ ...move, keysDone: 2 }] })).kind).toBe('nothing');
  });
});

describe('the nodes feed', () => {
  const before = clusterViewOf({ nodes: ['a', 'b', 'c'].map((id) => nodeNamed(id)) });

  it('sends new numbers as columns, everything else as whole nodes, and the client ends with the server\'s nodes', () => {
    const feed = new NodesFeed(before);
    const snapshot = feed.snapshot();
    const nodes = [
      nodeNamed('a', { usage: { cpu: 3, memory: null, disk: 1, network: 0 }, observedAtMs: 9 }),
      nodeNamed('aa'),
      nodeNamed('c', { cordoned: true, observedAtMs: 9 }),
    ];
    const body = deltaOf(feed.advance(clusterViewOf({ nodes })));
    expect(body).toMatchObject({ view: 'nodes', removed: ['b'], upserts: [{ id: 'aa' }, { id: 'c' }] });
    expect(clientAfter(snapshot, body).nodes).toEqual(nodes);
  });

  it('says nothing when nothing changed, also when the objects are new', () => {
    expect(new NodesFeed(before).advance(structuredClone(before)).kind).toBe('nothing');
  });

  it('sends a node whole when anything but its numbers differs, and as a row when only those do', () => {
    const other: { readonly [Field in keyof Omit<Node, 'id'>]: Node[Field] } = {
      name: 'b2', address: 'b:2', domain: { region: null, zone: 'z1', rack: 'r9', host: null }, pool: 'large', lifecycle: 'draining', liveness: 'suspect',
      livenessReason: { code: 'slow-answer', silentMs: 0, limitMs: 0 }, livenessSinceMs: 5, incarnation: 2, capacity: { cpu: 8, memory: 1_000_000, disk: 1_000_000, network: null },
      usage: { cpu: 2, memory: 250_000, disk: 100_000, network: null }, stats: { ...UNKNOWN_STATS, replicationLagBytes: 0 }, version: '2', labels: { rack: 'x' },
      cordoned: true, maintenanceUntilMs: 9, quarantinedUntilMs: 9, flags: [{ metric: 'usage.cpu', flag: 'missing', came: 'nothing', sinceMs: 1 }], followerOf: 'a', observedAtMs: 1,
    };
    const rows = new Set(['usage', 'stats', 'observedAtMs']);
    for (const [field, value] of Object.entries(other)) {
      const feed = new NodesFeed(before);
      const snapshot = feed.snapshot();
      const nodes = before.nodes.map((node) => (node.id === 'b' ? { ...node, [field]: value } : structuredClone(node)));
      const body = deltaOf(feed.advance(clusterViewOf({ nodes })));
      expect({ field, whole: body.view === 'nodes' && body.upserts.map(({ id }) => id) }).toEqual({ field, whole: rows.has(field) ? [] : ['b'] });
      expect(clientAfter(snapshot, body).nodes).toEqual(nodes);
      expect(feed.snapshot()).toEqual({ view: 'nodes', nodes });
    }
  });

  it('prepared in turns it says the same as at once, and until then its picture stays as it is', () => {
    const nodesAt = (reading: number) => Array.from({ length: 1_300 }, (_, at) => nodeNamed(`n${String(at + (at % 7 === reading ? 5_000 : 1_000))}`, {
      observedAtMs: reading, usage: { cpu: at * reading, memory: 1, disk: 1, network: 1 }, cordoned: at % 50 === reading,
    })).sort((a, b) => (a.id < b.id ? -1 : 1));
    const [first, second] = [clusterViewOf({ nodes: nodesAt(1) }), clusterViewOf({ nodes: nodesAt(2) })];
    const [atOnce, inTurns] = [new NodesFeed(first), new NodesFeed(first)];
    let rests = 0;
    for (const _ of inTurns.preparing(second)) {
      rests += 1;
      expect(inTurns.snapshot()).toEqual({ view: 'nodes', nodes: first.nodes });
    }
    expect(rests).toBe(3);
    const body = deltaOf(inTurns.advance(second));
    expect(body).toEqual(deltaOf(atOnce.advance(second)));
    expect(clientAfter({ view: 'nodes', nodes: first.nodes }, body).nodes).toEqual(second.nodes);
    expect(inTurns.advance(second).kind).toBe('nothing');
  });

  it('what was prepared for another picture is of no use', () => {
    const at = (observedAtMs: number) => clusterViewOf({ nodes: ['a', 'b', 'c'].map((id) => nodeNamed(id, { observedAtMs: id === 'b' ? observedAtMs : 0 })) });
    const feed = new NodesFeed(at(0));
    for (const _ of feed.preparing(clusterViewOf({ nodes: [nodeNamed('a'), nodeNamed('z')] }))) continue;
    const body = deltaOf(feed.advance(at(3)));
    expect(body).toMatchObject({ upserts: [], removed: [] });
    expect(clientAfter({ view: 'nodes', nodes: at(0).nodes }, body).nodes).toEqual(at(3).nodes);
  });

  it('does not send an answering node again because its last answer is older, but a silent one', () => {
    const feed = new NodesFeed(before);
    const aged = (liveness: 'alive' | 'suspect', silentMs: number) => clusterViewOf({
      nodes: ['a', 'b', 'c'].map((id) => nodeNamed(id, { liveness, livenessReason: { code: 'beats-missed', silentMs, limitMs: 3_000 } })),
    });
    feed.advance(aged('alive', 100));
    expect(feed.advance(aged('alive', 200)).kind).toBe('nothing');
    feed.advance(aged('suspect', 3_100));
    expect(deltaOf(feed.advance(aged('suspect', 4_100)))).toMatchObject({ upserts: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] });
  });
});

describe('the events feed', () => {
  it('sends each event once, newest first, whatever the log and the stream have in common', () => {
    const feed = new EventsFeed();
    feed.append(eventOf(4));
    feed.append(eventOf(5));
    feed.load([eventOf(4), eventOf(3)]);
    expect(feed.snapshot()).toEqual({ view: 'events', events: [eventOf(4), eventOf(3)] });
    expect(feed.advance()).toEqual({ kind: 'delta', body: { view: 'events', events: [eventOf(5)] } });
    expect(feed.advance().kind).toBe('nothing');
  });

  it('keeps no more than a view shows', () => {
    const feed = new EventsFeed();
    for (let sequence = 1; sequence <= EVENTS_LIVE_MAX + 50; sequence += 1) feed.append(eventOf(sequence));
    feed.advance();
    const body = feed.snapshot();
    expect(body.view === 'events' && body.events.map((event) => event.sequence).at(-1)).toBe(51);
  });
});
