import { describe, expect, it } from 'vitest';
import { LifecycleSchema, type Node } from '@/lib/contract/node';
import { NODE_ACTIONS } from '@/lib/contract/vocabulary';
import { checkNodeAction, type CheckFacts } from '@/lib/core/cluster/node-checks';
import { LIFECYCLE_TRANSITIONS, wishLifecycle } from '@/lib/core/cluster/node-wish';
import { nodeNamed } from '../../../support/cluster-states';

const NODES = ['a', 'b', 'c', 'd'].map((id) => nodeNamed(id));
const facts: CheckFacts = {
  nodes: NODES, held: { shards: 0, primaries: 0 }, capabilities: { moveShard: true, removeNode: true, replication: 'per-shard' },
  replicationFactor: 3, operationOpen: false, frozen: null, staleMs: null, nowMs: 1_000,
};
const a = NODES[0]!;
const codes = (action: (typeof NODE_ACTIONS)[number], node: Node, change: Partial<CheckFacts> = {}) => checkNodeAction(action, node, { ...facts, ...change }).refusals.map((refusal) => refusal.constraint);

describe('lifecycle', () => {
  it('[N1] refuses every transition that the table does not list, naming the legal ones', () => {
    for (const from of LifecycleSchema.options) {
      for (const to of LifecycleSchema.options) {
        const changed = wishLifecycle({ lifecycle: from, cordoned: false, maintenanceUntilMs: null }, to);
        const legal = Object.keys(LIFECYCLE_TRANSITIONS[from]);
        expect(changed.ok).toBe(from === to || legal.includes(to));
        if (!changed.ok) expect(changed.error).toEqual({ code: 'illegal-transition', from, to, legal });
      }
    }
  });

  it('[N1] every action on a node of every lifecycle is either open or refused with a reason to read', () => {
    for (const lifecycle of LifecycleSchema.options) {
      for (const action of NODE_ACTIONS) {
        for (const { message, nodeId } of checkNodeAction(action, nodeNamed('a', { lifecycle }), facts).refusals) {
          expect(message.length).toBeGreaterThan(5);
          expect(nodeId).toBe('a');
        }
      }
    }
    expect(codes('drain', nodeNamed('a', { lifecycle: 'drained' }))).toEqual(['illegal-transition']);
    expect(codes('decommission', nodeNamed('a', { lifecycle: 'draining' }))).toEqual(['illegal-transition']);
  });

  it('a drain needs a leader, a cluster that can move, no freeze, no other operation and a fresh picture', () => {
    expect(codes('drain', a)).toEqual([]);
    const everything = codes('drain', nodeNamed('a', { followerOf: 'b' }), {
      capabilities: { moveShard: false, removeNode: true, replication: 'followers' }, operationOpen: true, frozen: 'a zone is gone', staleMs: 9_000,
    });
    expect(everything).toEqual(['not-supported', 'follower', 'operation-running', 'frozen', 'stale-observation']);
  });

  it('[S4] only what is empty may be decommissioned, and never the last node or one whose copies have no other place', () => {
    expect(codes('decommission', a)).toEqual([]);
    const held = checkNodeAction('decommission', a, { ...facts, held: { shards: 12, primaries: 1 } });
    expect(held.refusals).toMatchObject([{ constraint: 'not-empty', numbers: { shards: 12, primaries: 1 }, message: 'a still holds 12 shards, 1 primary among them: drain it first' }]);
    expect(codes('decommission', a, { nodes: [a] })).toEqual(['last-node']);
    expect(codes('decommission', a, { nodes: NODES.slice(0, 3) })).toEqual(['replication-factor']);
    expect(codes('decommission', a, { nodes: NODES.slice(0, 3), capabilities: { ...facts.capabilities, replication: 'followers' } })).toEqual([]);
  });

  it('[N1] a newcomer is accepted once it answers, on a fresh picture and without a freeze; what is a member already is not accepted again', () => {
    const joining = nodeNamed('a', { lifecycle: 'joining' });
    expect(codes('accept', joining)).toEqual([]);
    expect(codes('accept', joining, { operationOpen: true, frozen: 'a zone is gone', staleMs: 9_000 })).toEqual(['operation-running', 'frozen', 'stale-observation']);
    expect(codes('accept', a)).toEqual(['already-so']);
    const silent = nodeNamed('a', { lifecycle: 'joining', liveness: 'suspect', livenessReason: { code: 'beats-missed', silentMs: 6_400, limitMs: 6_000 } });
    expect(checkNodeAction('accept', silent, facts).refusals).toMatchObject([{ constraint: 'liveness', numbers: { silentMs: 6_400, limitMs: 6_000 } }]);
  });

  it('[N1] no wish makes a newcomer active: it is not verified as a member, and the refusal says what makes it one', () => {
    const joining = nodeNamed('a', { lifecycle: 'joining' });
    expect(checkNodeAction('activate', joining, facts).refusals).toMatchObject([{ constraint: 'illegal-transition', nodeId: 'a', remedy: expect.stringContaining('Accept it') as string }]);
    expect(codes('activate', nodeNamed('a', { lifecycle: 'joining', liveness: 'unreachable' }))).toEqual(['liveness', 'illegal-transition']);
  });

  it('what is already so is said to be so', () => {
    expect(codes('cordon', nodeNamed('a', { cordoned: true }))).toEqual(['already-so']);
    expect(codes('uncordon', a)).toEqual(['already-so']);
    expect(codes('activate', a)).toEqual(['already-so']);
    expect(codes('activate', nodeNamed('a', { maintenanceUntilMs: 2_000 }))).toEqual([]);
    expect(codes('lift-quarantine', a)).toEqual(['already-so']);
    expect(codes('lift-quarantine', nodeNamed('a', { quarantinedUntilMs: 9_000 }))).toEqual([]);
    expect(codes('uncordon', nodeNamed('a', { cordoned: true, lifecycle: 'draining' }))).toEqual(['illegal-transition']);
  });

  it('says what is good to know: followers, primaries, silence', () => {
    const nodes = [a, nodeNamed('f', { followerOf: 'a' })];
    expect(checkNodeAction('decommission', nodeNamed('a', { liveness: 'unreachable' }), { ...facts, nodes }).notes).toEqual([
      '1 follower mirrors it and will have nothing to mirror.', 'It is unreachable: whether it is empty may not be readable from it.',
    ]);
    expect(checkNodeAction('maintain', a, { ...facts, held: { shards: 3, primaries: 2 } }).notes).toEqual(['2 shards have their primary there: moving primaries away first avoids a failover.']);
  });
});
