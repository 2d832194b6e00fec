import fc from 'fast-check';
import { describe, it } from 'vitest';
import { replicaNodeIdsOf } from '@/lib/contract/shard-table';
import type { DriverStep } from '@/lib/drivers/driver';
import { contextOf, observe, startSimulator, type Bench } from '../unit/drivers/simulator/simulator-fixture';

const NODES = 7;
const SHARDS = 24;
const nodeIndex = fc.integer({ min: 0, max: NODES });
const shardId = fc.integer({ min: 0, max: SHARDS - 1 });

type Doing =
  | { readonly kind: 'move' | 'revert-move'; readonly shardId: number; readonly column: number; readonly target: number; readonly abortMs: number | null }
  | { readonly kind: 'transfer'; readonly shardId: number; readonly target: number }
  | { readonly kind: 'kill' | 'restart' | 'isolate' | 'heal' | 'remove'; readonly node: number }
  | { readonly kind: 'add' }
  | { readonly kind: 'pass'; readonly ms: number };

const doing: fc.Arbitrary<Doing> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('move' as const), shardId, column: fc.integer({ min: 0, max: 2 }), target: nodeIndex, abortMs: fc.option(fc.integer({ min: 0, max: 4_000 }), { nil: null }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('revert-move' as const), shardId, column: fc.integer({ min: 0, max: 2 }), target: nodeIndex, abortMs: fc.constant(null) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('transfer' as const), shardId, target: nodeIndex }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('kill' as const, 'restart' as const, 'isolate' as const, 'heal' as const, 'remove' as const), node: nodeIndex }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'add' as const }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 6_000 }) }) },
);

/** Starts what is to be done; steps run on while the next things happen. */
function act(bench: Bench, what: Doing): Promise<unknown> {
  const { core, faults } = bench.cluster;
  const idOf = (index: number) => (core.nodes[index] ?? core.nodes[0]!).id;
  const run = (step: DriverStep, signal?: AbortSignal) => bench.driver.execute(step, contextOf({ bytesPerSecondMax: () => 200_000_000, ...(signal && { signal }) }));
  switch (what.kind) {
    case 'move':
    case 'revert-move': {
      const abort = new AbortController();
      const column = what.column % core.placement.width;
      const sourceNodeId = core.nodes[core.placement.holders(what.shardId)[column]!]!.id;
      if (what.abortMs !== null) bench.clock.after(what.abortMs, () => { abort.abort(); });
      return run({ kind: what.kind, shardId: what.shardId, role: column === 0 ? 'primary' : 'secondary', sourceNodeId, targetNodeId: idOf(what.target) }, abort.signal);
    }
    case 'transfer': return run({ kind: 'transfer', shardId: what.shardId, sourceNodeId: core.nodes[core.placement.primary(what.shardId)]!.id, targetNodeId: idOf(what.target) });
    case 'add': return core.nodes.length < NODES + 3 ? run({ kind: 'add-node', address: null, zone: null, followerOf: null }) : Promise.resolve();
    case 'remove': return run({ kind: 'remove-node', nodeId: idOf(what.node) });
    case 'pass': return Promise.resolve();
    case 'kill':
    case 'restart':
    case 'isolate':
    case 'heal': {
      const node = core.node(idOf(what.node))!;
      if (!node.member) return Promise.resolve();
      if (what.kind === 'kill') faults.kill(node.id);
      else if (what.kind === 'restart') faults.restart(node.id);
      else faults.isolate(node.id, what.kind === 'isolate');
      return Promise.resolve();
    }
  }
}

/** What must hold at every instant, whatever was done. */
async function check(bench: Bench, epochs: Float64Array): Promise<void> {
  const { core } = bench.cluster;
  const result = await bench.driver.observe({ detail: 'full', signal: new AbortController().signal });
  if (!result.ok && result.error.code !== 'connection-lost') throw new Error(result.error.message);
  const { placement } = core;
  let replicas = 0;
  for (let shard = 0; shard < SHARDS; shard += 1) {
    const holders = [...placement.holders(shard)];
    if (holders.length !== 3 || new Set(holders).size !== 3) throw new Error(`[P1] [P3] shard ${shard} is on ${holders.join(' ')}`);
    if (holders.some((holder) => core.nodes[holder]?.member !== true)) throw new Error(`Shard ${shard} is on a node that is no member`);
    if (placement.epochs[shard]! < epochs[shard]!) throw new Error(`The epoch of shard ${shard} went back`);
    epochs[shard] = placement.epochs[shard]!;
    replicas += holders.length;
  }
  const counted = core.nodes.reduce((sum, node) => sum + (placement.replicaCounts[node.index] ?? 0), 0);
  const primaries = core.nodes.reduce((sum, node) => sum + (placement.primaryCounts[node.index] ?? 0), 0);
  if (replicas !== counted || primaries !== SHARDS) throw new Error(`Counted ${counted} replicas and ${primaries} primaries`);
  // Bytes on disks are those of the replicas, of partial copies and of the processes themselves; nothing else.
  const loads = core.loads();
  const onDisks = core.nodes.reduce((sum, node) => sum + loads[node.index]!.diskBytes, 0) - core.nodes.length * 256 * 1024 * 1024;
  let expected = 0;
  for (let shard = 0; shard < SHARDS; shard += 1) expected += 3 * core.workload.sizeBytes[shard]!;
  for (const load of core.moves.copyLoads(core.nowMs).values()) expected += load.partialBytes;
  if (Math.abs(onDisks - expected) > 1) throw new Error(`${onDisks} bytes on disks, ${expected} expected`);
  for (const move of core.moves.all()) {
    if (placement.roleOf(move.shardId, move.source) !== move.role) throw new Error('An open move has lost its source');
    if (placement.roleOf(move.shardId, move.target) !== null) throw new Error('An open move has a target that holds the shard');
  }
}

describe('invariants of the simulator', () => {
  it('[P1] [P3] bytes and replicas are never lost, whatever moves, dies, returns, joins and leaves', async () => {
    await fc.assert(fc.asyncProperty(fc.array(doing, { minLength: 5, maxLength: 60 }), async (doings) => {
      const bench = startSimulator({ nodeCount: NODES, shardCount: SHARDS });
      const epochs = new Float64Array(SHARDS);
      const works: Promise<unknown>[] = [];
      for (const what of doings) {
        works.push(act(bench, what));
        await check(bench, epochs);
        await bench.clock.advance(what.kind === 'pass' ? what.ms : 1);
        await check(bench, epochs);
      }
      // Everything that was started ends, by itself or with the driver, and leaves no timer.
      await bench.driver.close();
      await Promise.all(works);
      await bench.clock.advance(10_000);
      if (bench.clock.timersPending > 0) throw new Error(`${bench.clock.timersPending} timers are left`);
    }), { numRuns: 150 });
  });

  it('[P1] when everybody is back, every shard is served by a living primary and can be read in full', async () => {
    await fc.assert(fc.asyncProperty(fc.array(doing, { minLength: 5, maxLength: 40 }), async (doings) => {
      const bench = startSimulator({ nodeCount: NODES, shardCount: SHARDS });
      for (const what of doings) {
        void act(bench, what);
        await bench.clock.advance(what.kind === 'pass' ? what.ms : 1);
      }
      await bench.clock.advance(10_000);
      for (const node of bench.cluster.core.nodes) {
        if (!node.member) continue;
        bench.cluster.faults.isolate(node.id, false);
        if (!node.running) bench.cluster.faults.restart(node.id);
      }
      await bench.clock.advance(120_000);
      const { nodes, shards, warnings } = await observe(bench);
      if (warnings.length > 0 || nodes.some((node) => !node.answered || node.reportedFailed)) throw new Error(`Not healed: ${JSON.stringify(warnings)}`);
      for (let shard = 0; shard < SHARDS; shard += 1) {
        if (replicaNodeIdsOf(shards, shard).length !== 3 || Number.isNaN(shards.load.cpu[shard])) throw new Error(`Shard ${shard} is not served`);
      }
    }), { numRuns: 60 });
  });
});
