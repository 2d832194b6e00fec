import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LiveView } from '@/lib/contract/live';
import type { Node } from '@/lib/contract/node';
import type { ClusterView } from '@/lib/manager/ports';
import { createRandom, pick, type Random } from '@/lib/platform/random';
import { FLUSH_INTERVAL_MS } from '@/lib/realtime/room';
import { nodeNamed, tableOf } from '@/tests/support/cluster-states';
import { Stage, TestClient, withRevision } from './room-stage';

describe('a room that compares in turns', () => {
  it('[R1] readings that come while one is being compared neither show through it nor get lost, nor is anything sent twice', async () => {
    const stage = new Stage();
    const reading = (atMs: number) => manyNodes((id, at) => nodeNamed(id, { observedAtMs: atMs, usage: { cpu: at + atMs, memory: null, disk: 1, network: atMs }, cordoned: at % 100 === atMs }));
    stage.view = { ...stage.view, nodes: reading(0) };
    const [early, late] = [new TestClient(), new TestClient()];
    stage.join('nodes', early);
    await stage.clock.advance(1_000);
    stage.waiting = [];
    stage.messages = 0;
    stage.change(withRevision({ ...stage.view, nodes: reading(1) }));
    await stage.clock.advance(0);
    stage.waiting.shift()!();
    stage.waiting.shift()!();
    // A part of the first is compared: two more come, and somebody who must not see any of the three yet.
    stage.change(withRevision({ ...stage.view, nodes: reading(2) }));
    await stage.clock.advance(FLUSH_INTERVAL_MS);
    stage.change(withRevision({ ...stage.view, nodes: reading(3) }));
    await stage.clock.advance(FLUSH_INTERVAL_MS);
    stage.join('nodes', late);
    expect(late.state.nodes).toEqual(reading(0));
    expect(stage.messages).toBe(1);
    const seen = new Set<unknown>();
    for (let turn = 0; turn < 40; turn += 1) {
      stage.waiting.shift()?.();
      seen.add(early.state.nodes);
      await stage.clock.advance(FLUSH_INTERVAL_MS);
    }
    for (const client of [early, late]) {
      expect(client.state.nodes).toEqual(stage.view.nodes);
      expect([client.snapshots, client.resyncs.size]).toEqual([1, 0]);
    }
    // The snapshot of the late one, the reading that was under way, whole, and the newest; the one between them is nobody's picture any more.
    expect([...seen]).toEqual([reading(0), reading(1), reading(3)]);
    expect(stage.messages).toBe(3);
  });

  it('[R1] the same, whatever the order in which changes come, work has its turn, and clients come and go', { timeout: 120_000 }, async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: 0xffff_ffff }), async (seed) => {
      await playInTurns(createRandom(seed));
    }), { numRuns: 15 });
  });
});

/** So many that they are compared in portions. */
function manyNodes(nodeAt: (id: string, at: number) => Node): Node[] {
  return Array.from({ length: 1_200 }, (_, at) => nodeAt(`n${String(at).padStart(4, '0')}`, at));
}

/** Every picture is of one number: its nodes and its shards say all the same, so that a mixture of two is seen. */
function pictureOf(reading: number, random: Random, before: ClusterView): ClusterView {
  const nodes = manyNodes((id, at) => nodeNamed(id, { observedAtMs: reading, incarnation: at === 700 ? reading : 1 }));
  if (random.integer(2) === 0) nodes.splice(random.integer(nodes.length), 1);
  const shards = changedLoads(before.shards, reading);
  return withRevision({ ...before, nodes, shards });
}

function changedLoads(table: ClusterView['shards'], value: number): ClusterView['shards'] {
  return { ...table, sizeBytes: table.sizeBytes.slice().fill(1_000 * 2 ** (value % 50)), load: { ...table.load, cpu: table.load.cpu.slice().fill(2 ** (value % 50)) } };
}

async function playInTurns(random: Random): Promise<void> {
  const stage = new Stage();
  const ids = manyNodes((id) => nodeNamed(id)).map(({ id }) => id);
  const shards = tableOf(ids, Array.from({ length: 20_000 }, (_, shardId) => [ids[shardId % ids.length]!]));
  stage.view = pictureOf(1, random, { ...stage.view, shards });
  const clients = Array.from({ length: 3 }, () => new TestClient());
  const joined = new Map<TestClient, Set<LiveView>>(clients.map((client) => [client, new Set(['nodes', 'shards'])]));
  for (const client of clients) for (const view of joined.get(client)!) stage.join(view, client);
  const waiting: (() => void)[] = [];
  stage.waiting = waiting;
  const expectWhole = () => {
    for (const { state } of clients) {
      expect(new Set(state.nodes?.map((node) => node.observedAtMs)).size).toBeLessThanOrEqual(1);
      const { sizeBytes, load } = state.shards ?? shards;
      expect([sizeBytes.every((size) => size === sizeBytes[0]), load.cpu.every((cpu) => Object.is(cpu, load.cpu[0]))]).toEqual([true, true]);
    }
  };
  for (let step = 2; step < 40; step += 1) {
    const client = pick(random, clients);
    const view = pick(random, ['nodes', 'shards'] as const);
    const dice = random.integer(8);
    if (dice === 0) { joined.get(client)!.add(view); stage.join(view, client); }
    else if (dice === 1 && joined.get(client)!.delete(view)) stage.leave(view, client);
    else if (dice < 5) stage.change(pictureOf(step, random, stage.view));
    await stage.clock.advance(random.integer(2) * FLUSH_INTERVAL_MS);
    for (let turns = random.integer(8); turns > 0; turns -= 1) waiting.shift()?.();
    expectWhole();
  }
  for (let turn = 0; turn < 80; turn += 1) {
    waiting.shift()?.();
    await stage.clock.advance(FLUSH_INTERVAL_MS);
  }
  expectWhole();
  for (const [client, views] of joined) {
    expect(client.resyncs.size).toBe(0);
    if (views.has('nodes')) expect(client.state.nodes).toEqual(stage.view.nodes);
    if (views.has('shards')) expect([client.state.shards!.load.cpu[0], client.state.shards!.sizeBytes[0]]).toEqual([stage.view.shards.load.cpu[0], stage.view.shards.sizeBytes[0]]);
  }
}
