/**
 * May this be done to this node now? One answer for the button, the dialog, the API and the
 * command itself: every reason against it, with its numbers, and what is good to know.
 */
import type { Capabilities } from '@/lib/contract/cluster';
import type { NodeAction, NodeActionCheck } from '@/lib/contract/health';
import type { Lifecycle, Node } from '@/lib/contract/node';
import type { Refusal } from '@/lib/contract/plan';
import { assertNever } from '@/lib/platform/assert';
import { isLeader } from './cluster-state';
import { preconditionsOf, TO_ACCEPT, type Precondition } from './node-wish';

export interface CheckFacts {
  /** All nodes, this one among them. */
  readonly nodes: readonly Node[];
  /** What it holds; `null` when no placement was read yet, or it is a follower. */
  readonly held: { readonly shards: number; readonly primaries: number } | null;
  readonly capabilities: Pick<Capabilities, 'moveShard' | 'removeNode' | 'replication'>;
  readonly replicationFactor: number;
  /** An operation on this node, or one that makes it a member, runs or waits. */
  readonly operationOpen: boolean;
  /** Why automation is frozen; `null` when it is not. */
  readonly frozen: string | null;
  /** Age of a picture that is too old to act on; `null` for a fresh one. */
  readonly staleMs: number | null;
  readonly nowMs: number;
}

const LIFECYCLE_OF: Partial<Record<NodeAction, Lifecycle>> = { drain: 'draining', decommission: 'decommissioning', activate: 'active' };
const VERBS: Readonly<Record<NodeAction, string>> = {
  'cordon': 'cordoned', 'uncordon': 'uncordoned', 'maintain': 'put into maintenance', 'activate': 'activated', 'accept': 'accepted', 'drain': 'drained', 'decommission': 'decommissioned', 'lift-quarantine': 'released',
};

export function checkNodeAction(action: NodeAction, node: Node, facts: CheckFacts): NodeActionCheck {
  return { action, refusals: refusalsOf(action, node, facts), notes: notesOf(action, node, facts) };
}

function refusalsOf(action: NodeAction, node: Node, facts: CheckFacts): Refusal[] {
  const so = (message: string) => [refusalAbout(node, 'already-so', message)];
  const maintained = node.maintenanceUntilMs !== null && node.maintenanceUntilMs > facts.nowMs;
  switch (action) {
    case 'cordon': return node.cordoned ? so(`${node.name} is cordoned already`) : [];
    case 'uncordon': {
      if (!node.cordoned) return so(`${node.name} is not cordoned`);
      const leaving = node.lifecycle === 'draining' || node.lifecycle === 'decommissioning';
      return leaving ? [refusalAbout(node, 'illegal-transition', `${node.name} is ${node.lifecycle} and stays cordoned until that ends`)] : [];
    }
    case 'maintain': return node.lifecycle === 'decommissioned' ? [refusalAbout(node, 'illegal-transition', `${node.name} has left`)] : [];
    case 'lift-quarantine': return node.quarantinedUntilMs === null ? so(`${node.name} is not in quarantine`) : [];
    case 'activate': {
      if (node.lifecycle === 'active') return maintained ? [] : so(`${node.name} is active already`);
      return transitionRefusals(action, node, facts);
    }
    case 'accept': return node.lifecycle === 'joining' ? failing(node, TO_ACCEPT, facts) : so(`${node.name} is ${node.lifecycle}: only a node that is joining can be accepted`);
    case 'drain':
      // A drain that stopped half-way may be taken up again.
      return node.lifecycle === 'draining' ? failing(node, ['can-move', 'leader', 'no-operation', 'not-frozen', 'fresh-picture'], facts) : transitionRefusals(action, node, facts);
    case 'decommission': return transitionRefusals(action, node, facts);
    default: return assertNever(action);
  }
}

function transitionRefusals(action: NodeAction, node: Node, facts: CheckFacts): Refusal[] {
  const needs = preconditionsOf(node.lifecycle, LIFECYCLE_OF[action]!);
  if (!needs.ok) return [refusalAbout(node, 'illegal-transition', `A node that is ${node.lifecycle} cannot be ${VERBS[action]}`)];
  return failing(node, needs.value, facts);
}

function failing(node: Node, needs: readonly Precondition[], facts: CheckFacts): Refusal[] {
  return needs.flatMap((need) => refusalFor(need, node, facts) ?? []);
}

function refusalFor(need: Precondition, node: Node, facts: CheckFacts): Refusal | null {
  const leadersLeft = facts.nodes.filter((other) => isLeader(other) && other.lifecycle !== 'decommissioned' && other.id !== node.id).length;
  switch (need) {
    case 'answers': return node.liveness === 'alive' ? null : silenceOf(node);
    // A reading that shows it as a member makes it active by itself: whatever still is joining was not one at the last reading.
    case 'member': return node.lifecycle !== 'joining' ? null : { ...refusalAbout(node, 'illegal-transition', `${node.name} is not a member yet: nobody has verified that it joined`), remedy: 'Accept it: that makes it a member and then active' };
    case 'leader': return isLeader(node) ? null : refusalAbout(node, 'follower', `${node.name} mirrors another node and holds no shards of its own`);
    case 'can-move': return facts.capabilities.moveShard ? null : refusalAbout(node, 'not-supported', 'This kind of cluster cannot move shards');
    case 'can-remove': return facts.capabilities.removeNode ? null : refusalAbout(node, 'not-supported', 'This kind of cluster cannot remove nodes from here');
    case 'holds-nothing': {
      if (facts.held === null || facts.held.shards === 0) return null;
      const { shards, primaries } = facts.held;
      return refusalAbout(node, 'not-empty', `${node.name} still holds ${countOf(shards, 'shard')}, ${countOf(primaries, 'primary', 'primaries')} among them: drain it first`, { shards, primaries });
    }
    case 'not-last': return isLeader(node) && leadersLeft === 0 ? refusalAbout(node, 'last-node', `${node.name} is the last node`) : null;
    case 'copies-fit': {
      const short = isLeader(node) && leadersLeft > 0 && facts.capabilities.replication === 'per-shard' && leadersLeft < facts.replicationFactor;
      return short ? refusalAbout(node, 'replication-factor', `${countOf(leadersLeft, 'node')} cannot hold ${facts.replicationFactor} copies of each shard`, { nodes: leadersLeft, copies: facts.replicationFactor }) : null;
    }
    case 'no-operation': return facts.operationOpen ? refusalAbout(node, 'operation-running', `An operation on ${node.name} is running or waiting; cancel it first`) : null;
    case 'not-frozen': return facts.frozen === null ? null : refusalAbout(node, 'frozen', `Frozen: ${facts.frozen}`);
    case 'fresh-picture': return facts.staleMs === null ? null : refusalAbout(node, 'stale-observation', `The last reading is ${Math.round(facts.staleMs / 1_000)} s old`, { ageMs: Math.round(facts.staleMs) });
    default: return assertNever(need);
  }
}

function notesOf(action: NodeAction, node: Node, facts: CheckFacts): string[] {
  const notes: string[] = [];
  const followers = facts.nodes.filter((other) => other.followerOf === node.id).length;
  const leaving = action === 'decommission' || action === 'drain';
  if (leaving && isLeader(node) && facts.held === null) notes.push('What it holds is not known yet.');
  if (action === 'decommission') {
    if (followers > 0) notes.push(`${countOf(followers, 'follower')} mirror${followers === 1 ? 's' : ''} it and will have nothing to mirror.`);
    if (node.followerOf !== null) notes.push(`${facts.nodes.find((other) => other.id === node.followerOf)?.name ?? node.followerOf} loses this copy of its data.`);
    if (node.liveness !== 'alive') notes.push(`It is ${node.liveness}: whether it is empty may not be readable from it.`);
  }
  if (action === 'drain' && node.liveness !== 'alive') notes.push(`It is ${node.liveness}: data can only be copied from a node that answers.`);
  if (action === 'maintain' && facts.held !== null && facts.held.primaries > 0) notes.push(`${countOf(facts.held.primaries, 'shard')} ${facts.held.primaries === 1 ? 'has its primary' : 'have their primary'} there: moving primaries away first avoids a failover.`);
  if (action === 'lift-quarantine') notes.push('If it falls over again, the next quarantine is twice as long.');
  return notes;
}

function silenceOf(node: Node): Refusal {
  const { silentMs, limitMs } = node.livenessReason;
  return refusalAbout(node, 'liveness', `${node.name} is ${node.liveness}, silent for ${(silentMs / 1_000).toFixed(1)} s; it must answer first`, { silentMs, limitMs });
}

function refusalAbout(node: Node, constraint: Refusal['constraint'], message: string, numbers: Refusal['numbers'] = {}): Refusal {
  return { constraint, message: message.slice(0, 500), nodeId: node.id, shardId: null, numbers, count: 1 };
}

function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
