import { describe, expect, it } from 'vitest';
import { applyObservation, type ObservationContext } from '@/lib/core/cluster/apply-observation';
import { applyPlacement } from '@/lib/contract/apply-placement';
import { inDictionaryOf } from '@/lib/core/cluster/adopt-shard-table';
import { createClusterState } from '@/lib/core/cluster/create-cluster-state';
import { carrySoundness, checkingShardRows, checkInvariants } from '@/lib/core/cluster/invariants';
import { atOnce } from '@/lib/platform/in-turns';
import { primaryNodeIdOf, replicaNodeIdsOf } from '@/lib/contract/shard-table';
import { observationOf, observed, tableOf } from '../../../support/cluster-states';

const context: ObservationContext = { nowMs: 1_000, monotonicMs: 1_000, wishes: new Map(), verdicts: new Map(), flags: new Map() };
const empty = createClusterState({ clusterId: 'c', epoch: 1 });

describe('applying an observation', () => {
  it('[R1] makes a new revision and leaves the state before untouched', () => {
    const { state } = applyObservation(empty, observationOf([observed('a')], tableOf(['a'], [['a']])), context);
    expect(state.revision).toBe(1);
    expect(empty.nodes.size).toBe(0);
    expect(checkInvariants(state, empty)).toEqual([]);
  });

  it('[C1] keeps the index of a node whatever order a driver lists nodes in', () => {
    const first = applyObservation(empty, observationOf([observed('a'), observed('b')], tableOf(['a', 'b'], [['a'], ['b']])), context).state;
    const second = applyObservation(first, observationOf([observed('c'), observed('b'), observed('a')], tableOf(['c', 'b', 'a'], [['c'], ['b']])), context);
    expect(second.state.shards.nodeIds).toEqual(['a', 'b', 'c']);
    expect(primaryNodeIdOf(second.state.shards, 0)).toBe('c');
    expect(second.changes).toContainEqual({ kind: 'ownership-changed', shardsChanged: 1 });
    expect(checkInvariants(second.state, first)).toEqual([]);
  });

  it('takes a table as it is that was brought into the dictionary before, also where a node came with it: what is known of it stays known', () => {
    const first = applyObservation(empty, observationOf([observed('a'), observed('b')], tableOf(['a', 'b'], [['a'], ['b']])), context).state;
    for (const read of [tableOf(['a', 'b'], [['b'], ['a']]), tableOf(['a', 'b', 'c'], [['c'], ['b']]), tableOf(['c', 'a', 'b'], [['c'], ['b']])]) {
      const table = inDictionaryOf(first.shards, read);
      expect(applyObservation(first, observationOf(read.nodeIds.map((id) => observed(id)), table), context).state.shards).toBe(table);
    }
  });

  it('[C3] keeps the last known values of a node that did not answer, with their time', () => {
    const first = applyObservation(empty, observationOf([observed('a')], tableOf(['a'], [['a']])), context).state;
    const silent = observed('a', { answered: false, usage: { cpu: null, memory: null, disk: null, network: null } });
    const { state } = applyObservation(first, observationOf([silent], null), { ...context, nowMs: 9_000 });
    expect(state.nodes.get('a')).toMatchObject({ usage: { cpu: 2 }, observedAtMs: 1_000 });
    expect(state.shards).toBe(first.shards);
  });

  it('keeps the objects of a node that a reading only repeats, and takes those that differ', () => {
    const told = (labels: Record<string, string>, cpu: number) => observationOf([observed('a', {
      labels, domain: { region: null, zone: 'z1', rack: null, host: null }, capacity: { cpu: 8, memory: 1, disk: 1, network: 1 }, usage: { cpu, memory: 1, disk: null, network: 1 },
    })], null);
    const before = applyObservation(empty, told({ rack: 'x' }, 1), context).state.nodes.get('a')!;
    const again = applyObservation({ ...empty, nodes: new Map([['a', before]]) }, told({ rack: 'x' }, 1), { ...context, nowMs: 2_000 }).state.nodes.get('a')!;
    for (const field of ['domain', 'capacity', 'usage', 'stats', 'labels', 'flags'] as const) expect(again[field]).toBe(before[field]);
    expect(again.observedAtMs).toBe(2_000);
    for (const labels of [{}, { rack: 'y' }, { row: 'x' }, { rack: 'x', row: 'x' }] as Record<string, string>[]) {
      const node = applyObservation({ ...empty, nodes: new Map([['a', before]]) }, told(labels, 2), context).state.nodes.get('a')!;
      expect([node.labels, node.usage.cpu, node.domain === before.domain]).toEqual([labels, 2, true]);
    }
    const flagged = { ...context, flags: new Map([['a', [{ metric: 'usage.cpu', flag: 'missing' as const, came: 'nothing', sinceMs: 1 }]]]) };
    expect(applyObservation({ ...empty, nodes: new Map([['a', before]]) }, told({}, 1), flagged).state.nodes.get('a')!.flags).toEqual(flagged.flags.get('a'));
  });

  it('tells what came, went, and restarted', () => {
    const first = applyObservation(empty, observationOf([observed('a'), observed('b')], null), context).state;
    const { changes } = applyObservation(first, observationOf([observed('a', { incarnation: 2 }), observed('c')], null), context);
    expect(changes.map((change) => change.kind)).toEqual(['node-restarted', 'node-added', 'node-removed']);
  });

  it('lays what we want of a node over what is observed', () => {
    const wishes = new Map([['a', { lifecycle: 'draining' as const, cordoned: true, maintenanceUntilMs: 5 }]]);
    const { state } = applyObservation(empty, observationOf([observed('a')], null), { ...context, wishes });
    expect(state.nodes.get('a')).toMatchObject({ lifecycle: 'draining', cordoned: true, maintenanceUntilMs: 5 });
  });

  it('[N1] who is no member is joining until a reading shows it as one; a member that is lost sight of stays', () => {
    const reading = (member: boolean) => observationOf([observed('a', { member })], null);
    const found = applyObservation(empty, reading(false), context).state;
    expect(found.nodes.get('a')).toMatchObject({ lifecycle: 'joining' });
    expect(applyObservation(found, reading(false), context).state.nodes.get('a')).toMatchObject({ lifecycle: 'joining' });
    const joined = applyObservation(found, reading(true), context).state;
    expect(joined.nodes.get('a')).toMatchObject({ lifecycle: 'active' });
    expect(applyObservation(joined, reading(false), context).state.nodes.get('a')).toMatchObject({ lifecycle: 'active' });
    const wishes = new Map([['a', { lifecycle: 'joining' as const, cordoned: true, maintenanceUntilMs: null }]]);
    expect(applyObservation(found, reading(true), { ...context, wishes }).state.nodes.get('a')).toMatchObject({ lifecycle: 'active', cordoned: true });
  });

  it('[P3] rows that were moved are looked at, the others were', () => {
    const table = tableOf(['a', 'b', 'c'], [['a', 'b'], ['b', 'c'], ['c', 'a']]);
    expect(atOnce(checkingShardRows(table))).toEqual([]);
    const moved = { ...table, replicas: Int16Array.from(table.replicas) };
    moved.replicas[2] = 2;
    carrySoundness(table, moved, [0]);
    // Nobody said that shard 1 was moved, so nobody looked.
    expect(atOnce(checkingShardRows(moved))).toEqual([]);
    const told = { ...moved };
    carrySoundness(table, told, [1]);
    expect(atOnce(checkingShardRows(told))).toEqual([{ rule: 'P3', message: 'Shard 1 has two replicas on c' }]);
  });

  it('[P3] reports two replicas of a shard on one node as a violation', () => {
    const { state } = applyObservation(empty, observationOf([observed('a')], tableOf(['a'], [['a', 'a']])), context);
    expect(checkInvariants(state, null)).toContainEqual({ rule: 'P3', message: 'Shard 0 has two replicas on a' });
  });
});

describe('applying placement', () => {
  const table = tableOf(['a', 'b', 'c'], [['a', 'b'], ['b', 'c']]);

  it('[C4] replaces the source by the target in its column and swaps roles in a transfer', () => {
    const moved = applyPlacement(table, [{ kind: 'move', shardId: 0, role: 'primary', sourceNodeId: 'a', targetNodeId: 'c' }, { kind: 'transfer', shardId: 1, sourceNodeId: 'b', targetNodeId: 'c' }]);
    expect(replicaNodeIdsOf(moved, 0)).toEqual(['c', 'b']);
    expect(replicaNodeIdsOf(moved, 1)).toEqual(['c', 'b']);
    expect(replicaNodeIdsOf(table, 0)).toEqual(['a', 'b']);
  });

  it('changes nothing when the source no longer holds the shard or the target holds it already', () => {
    const same = applyPlacement(table, [{ kind: 'move', shardId: 0, role: 'secondary', sourceNodeId: 'c', targetNodeId: 'a' }, { kind: 'move', shardId: 0, role: 'primary', sourceNodeId: 'a', targetNodeId: 'b' }]);
    expect(replicaNodeIdsOf(same, 0)).toEqual(['a', 'b']);
  });
});
