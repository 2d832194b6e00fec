import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIVE_VIEWS, type LiveView } from '@/lib/contract/live';
import type { ClusterView } from '@/lib/manager/ports';
import { createRandom, pick, type Random } from '@/lib/platform/random';
import { FLUSH_INTERVAL_MS, SETTLE_AFTER_MS } from '@/lib/realtime/room';
import { nodeNamed, tableOf } from '@/tests/support/cluster-states';
import { eventOf } from '@/tests/support/cluster-views';
import { Stage, TestClient, withRevision } from './room-stage';

describe('a room', () => {
  it('sends a first snapshot and then deltas that connect, at most four a second', async () => {
    const stage = new Stage();
    const client = new TestClient();
    stage.join('summary', client);
    expect(client.state.summary).toEqual(stage.view.summary);
    await stage.clock.advance(1_000);
    stage.messages = 0;
    for (let step = 0; step < 100; step += 1) {
      stage.change(withRevision(stage.view, { observedAtMs: step + 1 }));
      await stage.clock.advance(10);
    }
    expect(stage.messages).toBeLessThanOrEqual(1_000 / FLUSH_INTERVAL_MS + 1);
    expect(stage.messages).toBeGreaterThanOrEqual(4);
    await stage.clock.advance(FLUSH_INTERVAL_MS);
    expect(client.state.summary).toEqual(stage.view.summary);
    expect(client.snapshots).toBe(1);
  });

  it('sends a first change at once: only the next ones wait', async () => {
    const stage = new Stage();
    const client = new TestClient();
    stage.join('summary', client);
    await stage.clock.advance(5_000);
    stage.change(withRevision(stage.view, { observedAtMs: 1 }));
    await stage.clock.advance(0);
    expect(client.state.summary?.observedAtMs).toBe(1);
  });

  it('[R1] goes on where it was when the picture changes, somebody joins and somebody leaves while a delta is being prepared', async () => {
    const stage = new Stage();
    const ids = stage.view.nodes.map(({ id }) => id);
    const tables = [0, 1, 2, 3].map((shift) => tableOf(ids, Array.from({ length: 40_000 }, (_, shardId) => [ids[(shardId + shift) % ids.length]!])));
    stage.view = { ...stage.view, shards: tables[0]! };
    const [early, late, gone] = [new TestClient(), new TestClient(), new TestClient()];
    stage.join('shards', early);
    stage.join('shards', gone);
    await stage.clock.advance(1_000);
    stage.waiting = [];
    stage.change(withRevision({ ...stage.view, shards: tables[1]! }));
    await stage.clock.advance(0);
    stage.waiting.shift()!();
    // Half of it is compared, and nothing is out.
    expect(stage.waiting).toHaveLength(1);
    expect(early.state.shards?.replicas).toEqual(tables[0]!.replicas);
    stage.join('shards', late);
    stage.leave('shards', gone);
    stage.change(withRevision({ ...stage.view, shards: tables[2]! }));
    await stage.clock.advance(FLUSH_INTERVAL_MS);
    for (let turn = 0; turn < 40; turn += 1) {
      stage.waiting.shift()?.();
      await stage.clock.advance(FLUSH_INTERVAL_MS);
    }
    for (const client of [early, late]) {
      expect(client.state.shards?.replicas).toEqual(tables[2]!.replicas);
      expect([client.snapshots, client.resyncs.size]).toEqual([1, 0]);
    }
    expect(gone.state.shards?.replicas).toEqual(tables[0]!.replicas);
  });

  it('a room that is closed while a delta is being prepared sends nothing more', async () => {
    const stage = new Stage();
    const ids = stage.view.nodes.map(({ id }) => id);
    const tableFrom = (shift: number) => tableOf(ids, Array.from({ length: 40_000 }, (_, shardId) => [ids[(shardId + shift) % ids.length]!]));
    stage.view = { ...stage.view, shards: tableFrom(0) };
    const client = new TestClient();
    stage.join('shards', client);
    await stage.clock.advance(1_000);
    stage.waiting = [];
    stage.change(withRevision({ ...stage.view, shards: tableFrom(1) }));
    await stage.clock.advance(0);
    stage.waiting.shift()!();
    stage.leave('shards', client);
    stage.messages = 0;
    while (stage.waiting.length > 0) stage.waiting.shift()!();
    await stage.clock.advance(SETTLE_AFTER_MS);
    expect(stage.messages).toBe(0);
  });

  it('[R1] revisions keep growing for a client that comes back to a room that was closed', async () => {
    const stage = new Stage();
    const client = new TestClient();
    stage.join('moves', client);
    // Three deltas without a new revision of the cluster, as progress can be.
    const reason = { code: 'evens-load', dimension: 'cpu', sourceBefore: 1, sourceAfter: 0, targetBefore: 0, targetAfter: 1 } as const;
    for (let bytesDone = 1; bytesDone <= 3; bytesDone += 1) {
      stage.change({ ...stage.view, movesInFlight: [{
        operationId: 'op', index: 0, status: 'copying', attempt: 1, bytesDone, keysDone: 0, startedAtMs: 1, finishedAtMs: null, failure: null,
        step: { kind: 'transfer', shardId: 1, sourceNodeId: 'a', targetNodeId: 'b', reason },
      }] });
      await stage.clock.advance(FLUSH_INTERVAL_MS);
    }
    const before = client.state.heads.moves;
    stage.leave('moves', client);
    stage.change({ ...stage.view, movesInFlight: [] });
    stage.join('moves', client);
    expect(client.state.moves).toEqual([]);
    expect(before.status === 'current' && client.state.heads.moves.status === 'current' && client.state.heads.moves.revision >= before.revision).toBe(true);
  });

  it('starts every client over when the epoch changes', async () => {
    const stage = new Stage();
    const client = new TestClient();
    stage.join('nodes', client);
    await stage.clock.advance(1_000);
    stage.change({ ...stage.view, summary: { ...stage.view.summary, epoch: 2, revision: 1 }, nodes: [nodeNamed('z')] });
    await stage.clock.advance(FLUSH_INTERVAL_MS);
    expect(client.snapshots).toBe(2);
    expect(client.state.heads.nodes).toMatchObject({ status: 'current', epoch: 2 });
    expect(client.state.nodes).toEqual([nodeNamed('z')]);
  });

  it('[R5] a slow client misses deltas, delays nobody, and gets one snapshot when it has caught up', async () => {
    const stage = new Stage();
    const [slow, quick] = [new TestClient(), new TestClient()];
    stage.join('summary', slow);
    stage.join('summary', quick);
    await stage.clock.advance(1_000);
    slow.congested = true;
    for (let step = 0; step < 20; step += 1) {
      stage.change(withRevision(stage.view, { observedAtMs: step + 1 }));
      await stage.clock.advance(FLUSH_INTERVAL_MS);
      expect(quick.state.summary).toEqual(stage.view.summary);
    }
    expect(slow.state.summary?.observedAtMs).toBe(0);
    expect(slow.snapshots).toBe(1);
    slow.congested = false;
    stage.room('summary').serveWaiting();
    expect(slow.snapshots).toBe(2);
    expect(slow.state.summary).toEqual(stage.view.summary);
    stage.change(withRevision(stage.view, { observedAtMs: 999 }));
    await stage.clock.advance(FLUSH_INTERVAL_MS);
    expect(slow.state.summary?.observedAtMs).toBe(999);
    expect(slow.snapshots).toBe(2);
  });

  it('stops its timers when the last member leaves', () => {
    const stage = new Stage();
    const client = new TestClient();
    stage.join('summary', client);
    stage.change(withRevision(stage.view));
    stage.leave('summary', client);
    expect(stage.clock.timersPending).toBe(0);
  });

  it('[R1] after quiet every client holds what the server holds, whatever came, went, was lost or was slow', { timeout: 120_000 }, async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: 0xffff_ffff }), async (seed) => {
      await playRandomly(createRandom(seed));
    }), { numRuns: 60, examples: FAILED_ONCE.map((seed) => [seed]) });
  });
});

/** Seeds that found something: a room that began with events it had not sent; a last change that took back the one before it. */
const FAILED_ONCE = [1879820085, 95075154];

async function playRandomly(random: Random): Promise<void> {
  const stage = new Stage();
  const clients = Array.from({ length: 4 }, () => new TestClient());
  const joined = new Map(clients.map((client) => [client, new Set<LiveView>()]));
  let sequence = 0;
  const append = () => {
    sequence += 1;
    stage.events.append(eventOf(sequence));
    stage.rooms.get('events')?.changed();
  };
  for (let step = 0; step < 120; step += 1) {
    const client = pick(random, clients);
    const views = joined.get(client)!;
    const view = pick(random, LIVE_VIEWS);
    const dice = random.integer(12);
    if (dice < 3) { views.add(view); stage.join(view, client); }
    else if (dice === 3 && views.delete(view)) stage.leave(view, client);
    else if (dice === 4) client.deaf = random.integer(3) === 0;
    else if (dice === 5) client.congested = random.integer(2) === 0;
    else if (dice === 6) append();
    else stage.change(mutate(stage.view, random));
    await stage.clock.advance(random.integer(400));
    askAgain(stage, clients, joined);
  }
  for (const client of clients) {
    Object.assign(client, { deaf: false, congested: false });
    // A view whose snapshot was lost is asked for again after a while, as the console does.
    for (const view of joined.get(client)!) if (client.state.heads[view].status === 'waiting') client.resyncs.add(view);
  }
  askAgain(stage, clients, joined);
  // One more change of everything shows each client what it lost; what waits is sent before it, lest the two cancel each other out.
  await stage.clock.advance(FLUSH_INTERVAL_MS);
  append();
  stage.change(changeEverything(stage.view));
  await stage.clock.advance(1_000);
  askAgain(stage, clients, joined);
  for (const room of stage.rooms.values()) room.serveWaiting();
  await stage.clock.advance(SETTLE_AFTER_MS + 10_000);

  for (const [client, views] of joined) {
    if (views.has('summary')) expect(client.state.summary).toEqual(stage.view.summary);
    if (views.has('nodes')) expect(client.state.nodes).toEqual(stage.view.nodes);
    if (views.has('shards')) expect(client.state.shards).toEqual({ ...stage.view.shards, epoch: new Float64Array(stage.view.shards.shardCount) });
    if (views.has('moves')) expect(client.state.moves).toEqual(stage.view.movesInFlight);
    if (views.has('events')) expect(client.state.events?.[0]?.sequence).toBe(sequence);
    expect(client.resyncs.size).toBe(0);
  }
}

function askAgain(stage: Stage, clients: readonly TestClient[], joined: ReadonlyMap<TestClient, ReadonlySet<LiveView>>): void {
  for (const client of clients) {
    for (const view of [...client.resyncs]) {
      client.resyncs.delete(view);
      if (joined.get(client)!.has(view)) stage.join(view, client);
    }
  }
}

function mutate(view: ClusterView, random: Random): ClusterView {
  const shards = { ...view.shards, replicas: view.shards.replicas.slice(), keyCount: view.shards.keyCount.slice(), load: { ...view.shards.load, cpu: view.shards.load.cpu.slice() } };
  const row = random.integer(shards.shardCount);
  let { nodes } = view;
  switch (random.integer(6)) {
    case 0: shards.replicas[row] = random.integer(shards.nodeIds.length); break;
    case 1: shards.load.cpu.forEach((value, at) => { shards.load.cpu[at] = (Number.isNaN(value) ? 1 : value) * (0.97 + random.next() * 0.06); }); break;
    case 2: shards.keyCount[row] = random.integer(3) === 0 ? NaN : random.integer(1_000); break;
    case 3: nodes = nodes.map((node) => ({ ...node, observedAtMs: (node.observedAtMs ?? 0) + 1, usage: { ...node.usage, cpu: random.integer(5) === 0 ? null : random.next() } })); break;
    case 4: nodes = random.integer(2) === 0 && nodes.length > 1
      ? nodes.slice(1)
      : [...nodes, nodeNamed(`n${random.integer(1_000)}`)].filter((node, at, all) => all.findIndex((other) => other.id === node.id) === at).sort((a, b) => (a.id < b.id ? -1 : 1)); break;
    default: nodes = nodes.map((node, at) => (at === 0 ? { ...node, cordoned: !node.cordoned } : node));
  }
  const bumped = random.integer(4) === 0 ? view.summary : { ...view.summary, revision: view.summary.revision + 1, observedAtMs: (view.summary.observedAtMs ?? 0) + 1 };
  const summary = random.integer(25) === 0 ? { ...bumped, epoch: bumped.epoch + 1, revision: 1 } : bumped;
  return { ...view, summary, nodes, shards };
}

function changeEverything(view: ClusterView): ClusterView {
  const shards = { ...view.shards, replicas: view.shards.replicas.slice() };
  shards.replicas[0] = (shards.replicas[0]! + 1) % shards.nodeIds.length;
  return {
    ...view,
    summary: { ...view.summary, revision: view.summary.revision + 1, observedAtMs: 1_000_000 },
    nodes: view.nodes.map((node) => ({ ...node, observedAtMs: 1_000_000 })),
    shards,
  };
}
