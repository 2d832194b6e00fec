import { describe, expect, it } from 'vitest';
import { createLiveState, reduceLive } from '@/lib/client/live-state';
import { EVENTS_LIVE_MAX } from '@/lib/contract/live';
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
