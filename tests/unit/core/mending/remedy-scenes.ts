import type { MoveMark } from '@/lib/contract/shard-mending';
import type { MendingNode, ShardFacts } from '@/lib/core/mending/shard-facts';

/** Four nodes: a, b and c lead, d was emptied and takes nothing. What a scene says of one replaces that. */
export function nodesWith(changes: Readonly<Record<string, Partial<MendingNode>>> = {}): Map<string, MendingNode> {
  const usual = [['a', 40], ['b', 30], ['c', 20], ['d', 0]] as const;
  return new Map(usual.map(([nodeId, shardCount]) => [nodeId, { nodeId, name: `node-${nodeId}`, state: 'serving', shardCount, isEligible: nodeId !== 'd', livingFollowers: [], ...changes[nodeId] }]));
}

export function shard(shardId: number, facts: Partial<Omit<ShardFacts, 'shardId' | 'keys'>> & { readonly keys?: Readonly<Record<string, number>> } = {}): ShardFacts {
  return { shardId, claimedBy: [], formerOwnerId: null, marks: [], overlap: null, isInUse: false, ...facts, keys: new Map(Object.entries(facts.keys ?? {})) };
}

export const migrating = (nodeId: string, otherNodeId: string): MoveMark => ({ nodeId, kind: 'migrating', otherNodeId });
export const importing = (nodeId: string, otherNodeId: string): MoveMark => ({ nodeId, kind: 'importing', otherNodeId });

export interface Scene {
  readonly shards: readonly ShardFacts[];
  readonly nodes?: Readonly<Record<string, Partial<MendingNode>>>;
  readonly keysOfNode?: number;
}

export const SCENES: Readonly<Record<string, Scene>> = {
  'nothing is wrong': { shards: [shard(0, { claimedBy: ['a'], keys: { a: 3 } })] },
  'unassigned, no keys anywhere': { shards: [shard(5), shard(6), shard(7)] },
  'unassigned, no keys, enough shards to even all': { shards: Array.from({ length: 40 }, (_, index) => shard(100 + index)) },
  'unassigned, and nobody may be given anything': { shards: [shard(5)], nodes: { a: { isEligible: false }, b: { isEligible: false }, c: { isEligible: false } } },
  'unassigned, keys on one node, even one that takes nothing else': { shards: [shard(5, { keys: { d: 2 } })] },
  'unassigned, keys on three nodes': { shards: [shard(5, { keys: { a: 2, b: 9, c: 4 } })] },
  'unassigned, as many keys on two: who has fewer shards': { shards: [shard(5, { keys: { a: 4, c: 4 } })] },
  'unassigned, with marks of a move': { shards: [shard(5, { keys: { b: 1 }, marks: [importing('b', 'a')] })] },
  'unassigned, and a node that may have keys is silent': { shards: [shard(5, { keys: { b: 1 } })], nodes: { c: { state: 'silent' } } },
  'unassigned, and a move of ours works on it': { shards: [shard(5, { isInUse: true })] },
  'its owner has failed, nobody mirrors it': { shards: [shard(5, { formerOwnerId: 'c' }), shard(6, { formerOwnerId: 'c' })], nodes: { c: { state: 'failed' } }, keysOfNode: 12 },
  'its owner has failed, and what it had is not known': { shards: [shard(5, { formerOwnerId: 'c' })], nodes: { c: { state: 'failed' } } },
  'its owner has failed, part of it was moved away': { shards: [shard(5, { formerOwnerId: 'c', keys: { a: 7 }, marks: [importing('a', 'c')] })], nodes: { c: { state: 'failed' } }, keysOfNode: 3 },
  'its owner has failed, a follower lives': { shards: [shard(5, { formerOwnerId: 'c' })], nodes: { c: { state: 'failed', livingFollowers: ['node-c2'] } } },
  'its owner is silent, the others do not call it failed': { shards: [shard(5, { formerOwnerId: 'c' })], nodes: { c: { state: 'silent' } } },
  'its owner is known to nobody as a member': { shards: [shard(5, { formerOwnerId: 'x' })] },
  'two say that they serve it': { shards: [shard(5, { claimedBy: ['a', 'b'] })] },
  'open, marked at the source alone, nothing moved': { shards: [shard(5, { claimedBy: ['a'], keys: { a: 4 }, marks: [migrating('a', 'b')] })] },
  'open, marked at the source alone, keys have moved': { shards: [shard(5, { claimedBy: ['a'], keys: { a: 4, b: 1 }, marks: [migrating('a', 'b')] })] },
  'open, marked at the target alone, nothing moved': { shards: [shard(5, { claimedBy: ['a'], marks: [importing('b', 'a')] })] },
  'open, marked at the target alone, keys there': { shards: [shard(5, { claimedBy: ['a'], keys: { a: 4, b: 2 }, marks: [importing('b', 'a')] })] },
  'open on both ends, nothing moved': { shards: [shard(5, { claimedBy: ['a'], keys: { a: 4 }, marks: [migrating('a', 'b'), importing('b', 'a')] })] },
  'open on both ends, keys on both': { shards: [shard(5, { claimedBy: ['a'], keys: { a: 4, b: 2 }, marks: [migrating('a', 'b'), importing('b', 'a')] })] },
  'open on both ends, all keys have moved': { shards: [shard(5, { claimedBy: ['a'], keys: { b: 6 }, marks: [migrating('a', 'b'), importing('b', 'a')] })] },
  'open on both ends, keys also on a third': { shards: [shard(5, { claimedBy: ['a'], keys: { a: 4, b: 2, c: 1 }, marks: [migrating('a', 'b'), importing('b', 'a'), importing('c', 'a')] })] },
  'open, its target is gone': { shards: [shard(5, { claimedBy: ['a'], keys: { a: 4 }, marks: [migrating('a', 'c')] })], nodes: { c: { state: 'failed' } } },
  'open, marked on who does not serve it': { shards: [shard(5, { claimedBy: ['a'], keys: { b: 3 }, marks: [migrating('b', 'c')] })] },
  'open, and a move of ours works on it': { shards: [shard(5, { claimedBy: ['a'], marks: [migrating('a', 'b')], isInUse: true })] },
  'keys astray, and their owner has none of them': { shards: [5, 6].map((shardId) => shard(shardId, { claimedBy: ['a'], keys: { a: 4, b: shardId }, overlap: { examined: shardId, shared: 0, sharedExample: null } })) },
  'keys astray on two nodes': { shards: [shard(5, { claimedBy: ['a'], keys: { b: 2, c: 3 }, overlap: { examined: 5, shared: 0, sharedExample: null } })] },
  'keys astray, and their owner has some of them': { shards: [shard(5, { claimedBy: ['a'], keys: { a: 4, b: 3 }, overlap: { examined: 3, shared: 2, sharedExample: '"cart:7"' } })] },
  'keys astray, and their owner cannot be asked': { shards: [shard(5, { claimedBy: ['a'], keys: { b: 3 } })] },
  'keys astray, and a move of ours works on it': { shards: [shard(5, { claimedBy: ['a'], keys: { b: 3 }, overlap: { examined: 3, shared: 0, sharedExample: null }, isInUse: true })] },
  'the same remedy for many is one finding': { shards: [3, 4, 5, 9].map((shardId) => shard(shardId, { claimedBy: ['a'], keys: { a: 1, b: 2 }, marks: [importing('b', 'a')] })) },
};
