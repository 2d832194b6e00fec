/**
 * What is done about one shard that nobody serves, or that somebody's half-done move left
 * open. The rule behind all of it: nothing that any node holds may be lost by what we do,
 * and where that cannot be known the answer is a refusal with what would make it known.
 *
 * `redis-cli --cluster fix` looks at the same things (slots without an owner, flags on the
 * ends, keys per node). Differences: it gives slots without keys to nodes at random, treats
 * slots of unreachable nodes as free when it is told to go on, and ends at the first key
 * that is on two nodes with different values.
 */
import type { Refusal } from '@/lib/contract/plan';
import type { Remedy, ShardFinding } from '@/lib/contract/shard-mending';
import { refusal } from '../rebalance/refusals';
import { holdersOf, nameIn, type MendingNode, type NodesById, type ShardFacts } from './shard-facts';

/** Of one shard. Numbers of keys are those of the remedy's `gathersFrom`. */
export interface Judgement extends Pick<ShardFinding, 'fault' | 'ownerNodeId' | 'remedy' | 'refusal' | 'remedyWithLoss' | 'caution'> {
  readonly message: string;
  /** Nodes that may have keys which nobody else has. */
  readonly lostNodeIds: readonly string[];
}

/** `null`: there is nothing to mend. `placedOn` is who takes a shard without keys; `null`: nobody may. */
export function remedyOf(facts: ShardFacts, nodes: NodesById, placedOn: string | null): Judgement | null {
  const [owner, ...more] = facts.claimedBy;
  if (owner === undefined) return judgeUnserved(facts, nodes, placedOn);
  if (more.length > 0) {
    const names = facts.claimedBy.map((id) => nameIn(nodes, id)).join(', ');
    return refusedAs(facts, 'disputed', owner, `${names} each say that they serve it`, refusal('views-disagree', `${names} each say that they serve it: the nodes settle that among themselves within seconds, by the higher epoch`, { shardId: facts.shardId, remedy: 'Look again in a few seconds; compare the views of these nodes if it stays' }));
  }
  if (facts.marks.length > 0) return judgeOpen(facts, nodes, owner);
  return [...facts.keys].some(([nodeId, count]) => nodeId !== owner && count > 0) ? judgeStrayed(facts, nodes, owner) : null;
}

/** Is there no owner that answers? Then keys alone, or the evenest placement, decide who takes it. */
function judgeUnserved(facts: ShardFacts, nodes: NodesById, placedOn: string | null): Judgement {
  const former = facts.formerOwnerId === null ? null : nodes.get(facts.formerOwnerId) ?? strangerOf(facts.formerOwnerId);
  const fault = former === null ? 'unassigned' : 'served-by-gone';
  const message = former === null ? 'No node serves it' : `${former.name}, which serves it, does not answer`;
  if (facts.isInUse) return refusedAs(facts, fault, former?.nodeId ?? null, message, inUse(facts));
  if (former !== null && former.state !== 'failed') {
    return refusedAs(facts, fault, former.nodeId, message, refusal('unreachable', `${former.name} does not answer us, but the other nodes do not call it failed: it may be serving all the same`, { nodeId: former.nodeId, shardId: facts.shardId, remedy: 'Make it reachable from here, or wait until the cluster agrees that it has failed' }));
  }
  if (former !== null && former.livingFollowers.length > 0) {
    return refusedAs(facts, fault, former.nodeId, message, refusal('follower-alive', `${former.livingFollowers.join(', ')} mirrors ${former.name} and lives: what it has would be thrown away`, { nodeId: former.nodeId, shardId: facts.shardId, numbers: { livingFollowers: former.livingFollowers.length }, remedy: `Let it take over: CLUSTER FAILOVER TAKEOVER on ${former.livingFollowers[0]!}; or bring ${former.name} back` }));
  }
  const remedy = assignment(facts, nodes, placedOn);
  if (remedy === null) return refusedAs(facts, fault, former?.nodeId ?? null, message, refusal('no-eligible-target', 'No node may be given it: none is active, alive, not cordoned and out of quarantine', { shardId: facts.shardId, numbers: { nodes: nodes.size } }));
  const absent = [...nodes.values()].filter(({ state }) => state !== 'serving');
  const base = { fault, ownerNodeId: former?.nodeId ?? null, message, caution: null } as const;
  if (absent.length === 0) return { ...base, remedy, refusal: null, remedyWithLoss: null, lostNodeIds: [] };
  return { ...base, remedy: null, refusal: lossRefusal(facts, former, absent), remedyWithLoss: remedy, lostNodeIds: absent.map(({ nodeId }) => nodeId) };
}

/** Named as an owner by those who answer, and by nobody as a member. */
function strangerOf(nodeId: string): MendingNode {
  return { nodeId, name: nodeId.slice(0, 12), state: 'silent', shardCount: 0, livingFollowers: [], isEligible: false };
}

function lossRefusal(facts: ShardFacts, former: MendingNode | null, absent: readonly MendingNode[]): Refusal {
  const names = absent.map(({ name }) => name).join(', ');
  const remedy = `Bring ${names} back, or accept the loss by typing its name`;
  return former === null
    ? refusal('holder-silent', `${names} ${absent.length === 1 ? 'does' : 'do'} not answer and may have keys of it`, { nodeId: absent[0]!.nodeId, shardId: facts.shardId, numbers: { silentNodes: absent.length }, remedy: `${remedy}, or let the cluster forget it` })
    : refusal('data-loss', `${former.name} has failed and nobody mirrors it: what only it has of this would be lost`, { nodeId: former.nodeId, shardId: facts.shardId, numbers: { silentNodes: absent.length }, remedy });
}

function assignment(facts: ShardFacts, nodes: NodesById, placedOn: string | null): Remedy | null {
  const [most, ...others] = holdersOf(facts, nodes);
  const base: Pick<Remedy, 'kind' | 'sourceNodeId' | 'closesOn'> = { kind: 'assign', sourceNodeId: null, closesOn: [...new Set(facts.marks.map(({ nodeId }) => nodeId))] };
  if (most === undefined) {
    return placedOn === null ? null : { ...base, toNodeId: placedOn, gathersFrom: [], reason: { code: 'no-keys-anywhere', message: `No node has keys of it; ${nameIn(nodes, placedOn)} takes it, so that the numbers of shards are the most even` } };
  }
  const name = nameIn(nodes, most.nodeId);
  const reason = others.length === 0
    ? { code: 'only-holder' as const, message: `Only ${name} has keys of it` }
    : { code: 'holds-most-keys' as const, message: `${name} has the most keys of it; those on ${others.map(({ nodeId }) => nameIn(nodes, nodeId)).join(', ')} go there` };
  return { ...base, toNodeId: most.nodeId, gathersFrom: others, reason };
}

/** One owner, and marks of a move that is not ours. Where keys have arrived at the target that the owner names, both ends meant the move: it goes on. Everything else stays with its owner. */
function judgeOpen(facts: ShardFacts, nodes: NodesById, owner: string): Judgement {
  const base = { fault: 'open', ownerNodeId: owner, caution: null } as const;
  const leaving = facts.marks.find(({ kind, nodeId }) => kind === 'migrating' && nodeId === owner);
  const message = marksInWords(facts, nodes);
  if (facts.isInUse) return refusedAs(facts, 'open', owner, message, inUse(facts));
  const targetId = leaving?.otherNodeId ?? null;
  const target = targetId === null ? null : nodes.get(targetId) ?? null;
  const holders = holdersOf(facts, nodes);
  const closesOn = [...new Set(facts.marks.map(({ nodeId }) => nodeId))];
  const keptBy = (reason: Remedy['reason']): Remedy => ({ kind: 'keep', toNodeId: owner, sourceNodeId: null, gathersFrom: holders.filter(({ nodeId }) => nodeId !== owner), closesOn, reason });
  if (targetId !== null && target?.state !== 'serving') {
    const name = nameIn(nodes, targetId);
    const closing = keptBy({ code: 'owner-keeps', message: `${nameIn(nodes, owner)} keeps it; what had arrived at ${name} is given up` });
    return { ...base, message, remedy: null, remedyWithLoss: closing, lostNodeIds: [targetId], refusal: refusal('holder-silent', `It was being moved to ${name}, which does not answer and may have keys of it already`, { nodeId: targetId, shardId: facts.shardId, numbers: { silentNodes: 1 }, remedy: `Bring ${name} back, or accept the loss by typing its name` }) };
  }
  const arrived = targetId === null ? 0 : facts.keys.get(targetId) ?? 0;
  const settled = { ...base, message, refusal: null, remedyWithLoss: null, lostNodeIds: [] };
  if (targetId !== null && arrived > 0) {
    const reason = { code: 'keys-arrived' as const, message: `${nameIn(nodes, owner)} was giving it to ${nameIn(nodes, targetId)}, which has keys of it already: the move goes on to its end` };
    return { ...settled, remedy: { kind: 'finish', toNodeId: targetId, sourceNodeId: owner, gathersFrom: holders.filter(({ nodeId }) => nodeId !== owner && nodeId !== targetId), closesOn, reason } };
  }
  const strays = holders.filter(({ nodeId }) => nodeId !== owner);
  const reason = strays.length === 0
    ? { code: 'nothing-moved' as const, message: `No other node has keys of it: the marks are cleared and ${nameIn(nodes, owner)} keeps it` }
    : { code: 'owner-keeps' as const, message: `${nameIn(nodes, owner)} serves it and gives it to nobody: keys on ${strays.map(({ nodeId }) => nameIn(nodes, nodeId)).join(', ')} go there` };
  return { ...settled, remedy: keptBy(reason) };
}

/**
 * Keys where nobody looks for them: on a node that neither serves the shard nor has a mark of a
 * move. They may be all that is left of what clients wrote, or an old copy of it. Where the owner
 * has any of them, they are a copy, and nothing is done. Where it has none they can go there and
 * overwrite nothing; but one that clients have deleted there would come back, so an operator must
 * want it of these very shards.
 */
function judgeStrayed(facts: ShardFacts, nodes: NodesById, owner: string): Judgement {
  const strays = holdersOf(facts, nodes).filter(({ nodeId }) => nodeId !== owner);
  const [ownerName, names] = [nameIn(nodes, owner), strays.map(({ nodeId }) => nameIn(nodes, nodeId)).join(', ')];
  const message = `${ownerName} serves it, and ${names} ${strays.length === 1 ? 'has' : 'have'} keys of it that no client reaches`;
  const { overlap, shardId } = facts;
  if (facts.isInUse) return refusedAs(facts, 'strayed', owner, message, inUse(facts));
  if (overlap === null) {
    return refusedAs(facts, 'strayed', owner, message, refusal('engine-not-serving', `${ownerName} could not be asked whether it has these keys too`, { nodeId: owner, shardId, remedy: 'Mend the shards first that nobody serves, then look again' }));
  }
  if (overlap.shared > 0) {
    const example = overlap.sharedExample === null ? '' : `, ${overlap.sharedExample} for one`;
    return refusedAs(facts, 'strayed', owner, message, refusal('keys-on-both', `${ownerName} has ${overlap.shared} of the ${overlap.examined} that were looked at${example}: what ${names} has seems to be an old copy`, {
      nodeId: strays[0]!.nodeId, shardId, numbers: { keysExamined: overlap.examined, keysShared: overlap.shared },
      remedy: `Have it mended as an open shard, by CLUSTER SETSLOT ${shardId} IMPORTING ${owner} on ${nameIn(nodes, strays[0]!.nodeId)}: equal values become one, different ones stay on both and are named`,
    }));
  }
  return {
    fault: 'strayed', ownerNodeId: owner, message, refusal: null, remedyWithLoss: null, lostNodeIds: [],
    caution: `Nothing tells how old these keys are: one that clients have deleted on ${ownerName} since would come back`,
    remedy: { kind: 'keep', toNodeId: owner, sourceNodeId: null, gathersFrom: strays, closesOn: [], reason: { code: 'keys-astray', message: `${ownerName} has none of the keys that were looked up: those on ${names} go there` } },
  };
}

function marksInWords(facts: ShardFacts, nodes: NodesById): string {
  return facts.marks.map(({ nodeId, kind, otherNodeId }) => `${nameIn(nodes, nodeId)} ${kind === 'migrating' ? 'migrates it to' : 'imports it from'} ${nameIn(nodes, otherNodeId)}`).join('; ').slice(0, 500);
}

function inUse({ shardId }: ShardFacts): Refusal {
  return refusal('in-flight', 'A move of ours works on it', { shardId, remedy: 'Wait until it has ended' });
}

function refusedAs(facts: ShardFacts, fault: Judgement['fault'], ownerNodeId: string | null, message: string, why: Refusal): Judgement {
  return { fault, ownerNodeId, message, remedy: null, refusal: why, caution: null, remedyWithLoss: null, lostNodeIds: [] };
}

/**
 * What a remedy that was approved finds when it is carried out, perhaps for the second time.
 * `take`, `finish` and `settle` are where to go on; `changed`: somebody else was here.
 */
export function nextOf(remedy: Remedy, facts: ShardFacts, lostNodeIds: readonly string[]): 'take' | 'finish' | 'settle' | 'changed' {
  const [claimant, ...more] = facts.claimedBy;
  if (more.length > 0) return 'changed';
  if (claimant === remedy.toNodeId) return 'settle';
  if (remedy.kind === 'finish') return claimant === remedy.sourceNodeId ? 'finish' : 'changed';
  if (remedy.kind === 'keep' || claimant !== undefined) return 'changed';
  return facts.formerOwnerId === null || lostNodeIds.includes(facts.formerOwnerId) ? 'take' : 'changed';
}
