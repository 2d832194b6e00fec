import type { MendRequest, MendStep, ShardFinding, ShardRange } from '@/lib/contract/shard-mending';
import { SHARD_FAULTS } from '@/lib/contract/vocabulary';
import { remedyOf, type Judgement } from './remedy-of';
import { nameIn, type NodesById, type ShardFacts } from './shard-facts';

/**
 * Everything that is wrong, the worst first; shards with the same fault and the same remedy as one finding.
 * `keysOfNode` is how many keys a node that cannot be asked any more had in all when it last
 * answered; `null` = unknown.
 */
export function findRemedies(shards: readonly ShardFacts[], known: NodesById, keysOfNode: (nodeId: string) => number | null): ShardFinding[] {
  const ordered = shards.map(inOrder).sort((a, b) => a.shardId - b.shardId);
  const nodes = new Map([...known].sort(([a], [b]) => (a < b ? -1 : 1)));
  const empty = ordered.filter((facts) => facts.claimedBy.length === 0 && [...facts.keys.values()].every((count) => count === 0));
  const placement = placeEvenly(empty.map(({ shardId }) => shardId), nodes);
  const groups = new Map<string, { judgement: Judgement; members: ShardFacts[] }>();
  for (const facts of ordered) {
    const judgement = remedyOf(facts, nodes, placement.get(facts.shardId) ?? null);
    if (judgement === null) continue;
    const key = keyOf(judgement, facts);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { judgement, members: [facts] });
    else group.members.push(facts);
  }
  return [...groups.values()].map(({ judgement, members }) => findingOf(judgement, members, { nodes, keysOfNode }))
    .sort((a, b) => SHARD_FAULTS.indexOf(a.fault) - SHARD_FAULTS.indexOf(b.fault));
}

/** The same facts give the same findings, in whatever order the nodes have answered. */
function inOrder(facts: ShardFacts): ShardFacts {
  return { ...facts, claimedBy: [...facts.claimedBy].sort(), marks: [...facts.marks].sort((a, b) => (`${a.nodeId} ${a.kind}` < `${b.nodeId} ${b.kind}` ? -1 : 1)) };
}

/**
 * Who takes shards that have no keys anywhere: as many for each as make the numbers of
 * shards the most even, and those of one node next to each other.
 */
export function placeEvenly(shardIds: readonly number[], nodes: NodesById): Map<number, string> {
  const takers = [...nodes.values()].filter(({ state, isEligible }) => state === 'serving' && isEligible).map(({ nodeId, shardCount }) => ({ nodeId, shardCount, taken: 0 }))
    .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  const placed = new Map<number, string>();
  if (takers.length === 0) return placed;
  for (let n = 0; n < shardIds.length; n += 1) {
    let least = takers[0]!;
    for (const taker of takers) if (taker.shardCount + taker.taken < least.shardCount + least.taken) least = taker;
    least.taken += 1;
  }
  const queue = takers.flatMap(({ nodeId, taken }) => new Array<string>(taken).fill(nodeId));
  for (const [index, shardId] of shardIds.entries()) placed.set(shardId, queue[index]!);
  return placed;
}

/** All that makes a finding the same but numbers of keys. */
function keyOf({ fault, ownerNodeId, remedy, remedyWithLoss, refusal, lostNodeIds }: Judgement, facts: ShardFacts): string {
  const of = (one: Judgement['remedy']) => (one === null ? null : [one.kind, one.toNodeId, one.sourceNodeId, one.gathersFrom.map(({ nodeId }) => nodeId), one.reason.code]);
  return JSON.stringify([fault, ownerNodeId, of(remedy), of(remedyWithLoss), refusal?.constraint ?? null, lostNodeIds, facts.marks, facts.claimedBy, fault === 'strayed' ? [...facts.keys.keys()].sort() : null]);
}

interface Surroundings {
  readonly nodes: NodesById;
  readonly keysOfNode: (nodeId: string) => number | null;
}

function findingOf(judgement: Judgement, members: readonly ShardFacts[], surroundings: Surroundings): ShardFinding {
  const { lostNodeIds, refusal, remedy, remedyWithLoss, ...rest } = judgement;
  const held = new Map<string, number>();
  for (const { keys } of members) for (const [nodeId, count] of keys) if (count > 0) held.set(nodeId, (held.get(nodeId) ?? 0) + count);
  const summed = (one: Judgement['remedy']) => one && { ...one, gathersFrom: one.gathersFrom.map(({ nodeId }) => ({ nodeId, keyCount: held.get(nodeId) ?? 0 })) };
  return {
    ...rest,
    ranges: rangesOf(members.map(({ shardId }) => shardId)),
    shardCount: members.length,
    holders: [...held].map(([nodeId, keyCount]) => ({ nodeId, keyCount })),
    marks: [...members[0]!.marks],
    refusal: refusal && { ...refusal, count: members.length },
    remedy: summed(remedy),
    remedyWithLoss: summed(remedyWithLoss),
    loss: lostNodeIds.length === 0 ? null : lossOf(lostNodeIds, surroundings),
  };
}

function lossOf(lostNodeIds: readonly string[], { nodes, keysOfNode }: Surroundings): ShardFinding['loss'] {
  const counts = lostNodeIds.map(keysOfNode);
  const keyCount = counts.reduce<number | null>((sum, count) => (sum === null || count === null ? null : sum + count), 0);
  const held = lostNodeIds.map((nodeId, index) => `${nameIn(nodes, nodeId)} had ${counts[index] === null ? 'an unknown number of' : counts[index]} keys in all when it last answered`).join(', ');
  return { nodeIds: [...lostNodeIds], keyCount, message: `Every key of these shards that only a node has which does not answer: ${held}`.slice(0, 500) };
}

/** Of ascending ids. */
export function rangesOf(shardIds: readonly number[]): ShardRange[] {
  const ranges: { first: number; last: number }[] = [];
  for (const shardId of shardIds) {
    const open = ranges.at(-1);
    if (open?.last === shardId - 1) open.last = shardId;
    else ranges.push({ first: shardId, last: shardId });
  }
  return ranges;
}

export function shardsIn(ranges: readonly ShardRange[]): number[] {
  return ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, index) => first + index));
}

/**
 * Names findings and remedies, not the numbers of keys, which clients change all the time
 * (FNV-1a, 32 bits, over two halves of the salt: a slip, not an attack, is what it guards against).
 */
export function fingerprintOf(findings: readonly ShardFinding[]): string {
  const remedyText = (remedy: ShardFinding['remedy']) => remedy && [remedy.kind, remedy.toNodeId, remedy.sourceNodeId, remedy.gathersFrom.map(({ nodeId }) => nodeId), remedy.closesOn];
  const text = JSON.stringify(findings.map(({ fault, ranges, ownerNodeId, remedy, remedyWithLoss, refusal, loss }) =>
    [fault, ranges.map(({ first, last }) => [first, last]), ownerNodeId, remedyText(remedy), remedyText(remedyWithLoss), refusal?.constraint, loss?.nodeIds]));
  return [0x811c9dc5, 0x01234567].map((salt) => fnv1a(text, salt).toString(16).padStart(8, '0')).join('');
}

function fnv1a(text: string, salt: number): number {
  let hash = salt;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash >>> 0;
}

/** Shards with keys to move are few per step, so that a stop is near; without keys they cost next to nothing. */
const SHARDS_PER_STEP = { withKeys: 64, without: 1_024 } as const;

/**
 * The steps of an operation, in the order in which they run. All that nobody serves is
 * given to somebody first, and keys are gathered afterwards: nodes that find one shard
 * unserved may refuse to serve or to move any key.
 */
export function stepsOf(findings: readonly ShardFinding[], request: Pick<MendRequest, 'acceptLoss'> & { readonly shardIds: ReadonlySet<number> | null }): MendStep[] {
  const taking: MendStep[] = [];
  const moving: MendStep[] = [];
  for (const finding of findings) {
    const remedy = finding.remedy ?? (request.acceptLoss ? finding.remedyWithLoss : null);
    if (remedy === null || (finding.caution !== null && request.shardIds === null)) continue;
    const wanted = shardsIn(finding.ranges).filter((shardId) => request.shardIds?.has(shardId) ?? true);
    const step = (part: MendStep['remedy'], size: number): MendStep[] => inChunks(wanted, size).map((some) => ({
      fault: finding.fault, ranges: rangesOf(some), shardCount: some.length, remedy: part, lostNodeIds: finding.remedy === null ? finding.loss?.nodeIds ?? [] : [], result: null,
    }));
    const gathers = remedy.gathersFrom.length > 0;
    if (remedy.kind === 'assign') {
      // Marks of nodes that have keys are cleared when these are gone.
      taking.push(...step(gathers ? { ...remedy, gathersFrom: [], closesOn: [] } : remedy, SHARDS_PER_STEP.without));
      if (gathers) moving.push(...step({ ...remedy, kind: 'keep' }, SHARDS_PER_STEP.withKeys));
    } else {
      moving.push(...step(remedy, gathers || remedy.kind === 'finish' ? SHARDS_PER_STEP.withKeys : SHARDS_PER_STEP.without));
    }
  }
  return [...taking, ...moving];
}

function inChunks(shardIds: readonly number[], size: number): number[][] {
  const chunks: number[][] = [];
  for (let from = 0; from < shardIds.length; from += size) chunks.push(shardIds.slice(from, from + size));
  return chunks;
}
