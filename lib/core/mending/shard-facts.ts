import type { MoveMark } from '@/lib/contract/shard-mending';

/** A node that counts for mending: it serves shards of its own, or did. */
export interface MendingNode {
  readonly nodeId: string;
  readonly name: string;
  /** silent: it does not answer us, and the engine does not call it failed. failed: the engine does. */
  readonly state: 'serving' | 'silent' | 'failed';
  readonly shardCount: number;
  /** Names of living nodes that mirror it and could take its place. */
  readonly livingFollowers: readonly string[];
  /** May be given shards that it has no keys of. */
  readonly isEligible: boolean;
}

/** Keys of a shard on nodes that do not serve it, looked up at the one that does. */
export interface KeyOverlap {
  /** How many of them were looked up: the first ones of each node. */
  readonly examined: number;
  readonly shared: number;
  /** One of these, in quotes or as hex. */
  readonly sharedExample: string | null;
}

/** What the nodes say about one shard, each for itself. */
export interface ShardFacts {
  readonly shardId: number;
  /** Serving nodes that say that they serve it. */
  readonly claimedBy: readonly string[];
  /** Whom the others take for its owner, where nobody who answers claims it. */
  readonly formerOwnerId: string | null;
  readonly marks: readonly MoveMark[];
  /** Keys by serving node; those without any are left out. */
  readonly keys: ReadonlyMap<string, number>;
  /** Where it has one owner, no marks, and keys on others: whether its owner has these too. `null`: not so, or its owner could not be asked. */
  readonly overlap: KeyOverlap | null;
  /** A move of ours works on it. */
  readonly isInUse: boolean;
}

export type NodesById = ReadonlyMap<string, MendingNode>;

export function nameIn(nodes: NodesById, nodeId: string): string {
  return nodes.get(nodeId)?.name ?? nodeId.slice(0, 12);
}

/** Most keys first; of equal ones the node with the fewest shards, then by id. */
export function holdersOf(facts: ShardFacts, nodes: NodesById): { readonly nodeId: string; readonly keyCount: number }[] {
  return [...facts.keys].filter(([, count]) => count > 0).map(([nodeId, keyCount]) => ({ nodeId, keyCount }))
    .sort((a, b) => b.keyCount - a.keyCount || (nodes.get(a.nodeId)?.shardCount ?? 0) - (nodes.get(b.nodeId)?.shardCount ?? 0) || (a.nodeId < b.nodeId ? -1 : 1));
}
