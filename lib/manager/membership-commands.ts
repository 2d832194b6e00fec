/** Who is in the cluster: what lets nodes join, leave, or stand in for each other. */
import type { JoinRequest, Operation } from '@/lib/contract/operation';
import type { Refusal } from '@/lib/contract/plan';
import type { Throttle } from '@/lib/contract/settings';
import { isLeader } from '@/lib/core/cluster/cluster-state';
import { notFound, refusal, refused, type CommandContext, type CommandResult } from './commands';
import { leavingRefusals } from './leaving-refusals';
import type { ManagerResources } from './manager-resources';
import { checkOfNode } from './node-action-check';
import { newOperation, type OperationShape, type StageShape } from './new-operation';
import type { OperationRunner } from './operation-runner';
import { isGone, type RepairCommands } from './repair-commands';

export interface AddNodeInput {
  readonly address?: string | undefined;
  readonly zone?: string | undefined;
  readonly followerOf?: string | undefined;
}

export interface ScaleOutInput {
  readonly nodeCount?: number | undefined;
  readonly addresses?: readonly string[] | undefined;
  readonly zone?: string | undefined;
  readonly throttle?: Throttle | undefined;
}

export interface ReplaceInput {
  readonly nodeId: string;
  readonly confirmName: string;
  readonly address?: string | undefined;
  readonly zone?: string | undefined;
  /** Of a dead node: what only it had may be lost. */
  readonly acceptLoss?: boolean | undefined;
  readonly throttle?: Throttle | undefined;
}

const JOINS_MAX = 64;

export class MembershipCommands {
  constructor(private readonly resources: ManagerResources, private readonly runner: OperationRunner, private readonly repairs: RepairCommands) {}

  async addNode(input: AddNodeInput, context: CommandContext): Promise<CommandResult<Operation>> {
    const join: JoinRequest = { address: input.address ?? null, zone: input.zone ?? null, followerOf: input.followerOf ?? null };
    const refusals = this.#joinRefusals([join], context);
    return refusals.length > 0 ? refused(...refusals) : this.#enqueue({ kind: 'add-node', stages: this.#joining([join]), joins: [join] }, context);
  }

  /** A node that was found, or has enrolled, becomes a member. */
  async accept(nodeId: string, context: CommandContext): Promise<CommandResult<Operation>> {
    const node = this.resources.model.nodes.get(nodeId);
    if (node === undefined) return notFound('node', nodeId);
    const { refusals } = checkOfNode(this.resources, 'accept', node);
    if (refusals.length > 0) return refused(...refusals);
    return await this.addNode({ address: node.address }, context);
  }

  /** Nodes join one after the other; then a plan over all nodes is made and run. */
  async scaleOut(input: ScaleOutInput, context: CommandContext): Promise<CommandResult<Operation>> {
    const { nodeCount, addresses = [], zone = null } = input;
    const count = nodeCount ?? addresses.length;
    const refusals: Refusal[] = [];
    if (count === 0) refusals.push(refusal('invalid-number', 'Say how many nodes are to join, or at which addresses'));
    if (count > JOINS_MAX) refusals.push(refusal('invalid-number', `${count} nodes are more than the ${JOINS_MAX} that may join at once`, { numbers: { nodeCount: count, nodesMax: JOINS_MAX } }));
    if (nodeCount !== undefined && addresses.length > 0 && nodeCount !== addresses.length) {
      refusals.push(refusal('invalid-number', `${nodeCount} nodes are to join, but there are ${addresses.length} addresses`, { numbers: { nodeCount, addresses: addresses.length } }));
    }
    if (new Set(addresses).size < addresses.length) refusals.push(refusal('invalid-number', 'An address is named twice', { numbers: { addresses: addresses.length } }));
    if (refusals.length > 0) return refused(...refusals);
    const joins: JoinRequest[] = Array.from({ length: count }, (_, index) => ({ address: addresses[index] ?? null, zone, followerOf: null }));
    const obstacles = this.#joinRefusals(joins, context);
    if (obstacles.length > 0) return refused(...obstacles);
    const stages: StageShape[] = [...this.#joining(joins), { kind: 'plan' }, { kind: 'execute-plan' }];
    return this.#enqueue({ kind: 'scale-out', stages, joins }, context, input.throttle);
  }

  /** A new node joins, everything that the old one holds goes over, and the old one leaves, verified empty. A follower is stood in for by a new follower. */
  async replace(input: ReplaceInput, context: CommandContext): Promise<CommandResult<Operation>> {
    const { model, driver } = this.resources;
    const node = model.nodes.get(input.nodeId);
    if (node === undefined) return notFound('node', input.nodeId);
    const nodeId = node.id;
    const join: JoinRequest = { address: input.address ?? null, zone: input.zone ?? node.domain.zone, followerOf: node.followerOf };
    // Engines that keep no zones are not asked for one.
    const placed: JoinRequest = driver.capabilities.addNodeNeeds === 'address' && input.zone === undefined ? { ...join, zone: null } : join;
    const refusals = [...this.#joinRefusals([placed], context), ...leavingRefusals(model, driver.capabilities, [node]).filter(({ constraint }) => !WITHOUT_REPLACEMENT.has(constraint))];
    if (input.confirmName !== node.name) refusals.push(refusal('wrong-name', `The typed name is not ${node.name}`, { nodeId }));
    if (node.lifecycle !== 'active' && node.lifecycle !== 'drained') refusals.push(refusal('illegal-transition', `${node.name} is ${node.lifecycle}; only an active or drained node can be replaced`, { nodeId }));
    if (refusals.length > 0) return refused(...refusals);
    const leaving: StageShape[] = [{ kind: 'leave', nodeId }, ...returning(this.resources, [nodeId])];
    if (isGone(node)) {
      const made = await this.repairs.replacement(node, { confirmName: input.confirmName, acceptsLoss: input.acceptLoss }, placed);
      if (!made.ok) return made;
      const { repairing, join: joining, acceptsLoss } = made.value;
      return this.#enqueue({
        kind: 'replace', nodeId, stages: [...this.#joining([joining]), ...repairing, ...leaving], joins: [joining], acceptsLoss, urgencyReason: `${node.name} is ${node.liveness}: what it held has fewer copies`,
      }, context, input.throttle);
    }
    const stages: StageShape[] = isLeader(node)
      ? [...this.#joining([placed]), { kind: 'cordon', nodeId }, { kind: 'plan' }, { kind: 'execute-plan' }, { kind: 'verify-empty', nodeId }, ...leaving]
      : [...this.#joining([placed]), ...leaving];
    return this.#enqueue({ kind: 'replace', nodeId, stages, joins: [placed] }, context, input.throttle);
  }

  /** Verified empty on the node itself, then it leaves. The name is typed to confirm. */
  async decommission(input: { nodeId: string; confirmName: string }, context: CommandContext): Promise<CommandResult<Operation>> {
    const node = this.resources.model.nodes.get(input.nodeId);
    if (node === undefined) return notFound('node', input.nodeId);
    const nodeId = node.id;
    const refusals = [...checkOfNode(this.resources, 'decommission', node).refusals];
    if (input.confirmName !== node.name) refusals.push(refusal('wrong-name', `The typed name is not ${node.name}`, { nodeId }));
    if (refusals.length > 0) return refused(...refusals);
    return this.#enqueue({ kind: 'decommission', nodeId, stages: [{ kind: 'verify-empty', nodeId }, { kind: 'leave', nodeId }, ...returning(this.resources, [nodeId])] }, context);
  }

  /** Nodes without an address are made first, all of them, so that they are on their way side by side. */
  #joining(joins: readonly JoinRequest[]): StageShape[] {
    const made = this.resources.supply.source !== null && joins.every(({ address }) => address === null);
    return [...(made ? joins.map(() => ({ kind: 'provision' as const })) : []), ...joins.map(() => ({ kind: 'join' as const }))];
  }

  #joinRefusals(joins: readonly JoinRequest[], context: CommandContext): Refusal[] {
    const { model, supply, driver: { capabilities } } = this.resources;
    if (!capabilities.addNode) return [refusal('not-supported', 'This kind of cluster cannot add nodes from here')];
    const refusals: Refusal[] = [];
    if (model.freeze !== null) refusals.push(refusal('frozen', `Frozen: ${model.freeze.reason}`));
    if (joins.some(({ address }) => address === null)) {
      const resting = supply.restingFor(context.actor);
      if (resting !== null) refusals.push(resting);
      if (supply.source === null && capabilities.addNodeNeeds === 'address') {
        refusals.push(refusal('no-provisioner', 'Nothing makes nodes for this cluster: choose a provisioner in its settings, or give the address (host:port) of a running, empty process'));
      }
    }
    for (const { address, followerOf } of joins) {
      // One that is joining has been seen and waits for just this: to be accepted.
      const taken = address === null ? undefined : [...model.nodes.values()].find((node) => node.address === address && node.lifecycle !== 'joining');
      if (taken !== undefined) refusals.push(refusal('already-so', `${taken.name} is a member already`, { nodeId: taken.id }));
      if (followerOf === null) continue;
      const leader = model.nodes.get(followerOf);
      if (leader === undefined) refusals.push(refusal('unknown-node', `There is no node ${followerOf} to follow`));
      else if (!isLeader(leader)) refusals.push(refusal('follower', `${leader.name} is itself a follower`, { nodeId: leader.id }));
      if (capabilities.replication !== 'followers') refusals.push(refusal('not-supported', 'This kind of cluster has no followers'));
    }
    return refusals;
  }

  #enqueue(shape: OperationShape, context: CommandContext, throttle?: Throttle): Promise<CommandResult<Operation>> {
    return this.runner.enqueue(newOperation(this.resources, shape, { context, throttle }), { moves: [], writes: [], drafts: [], context });
  }
}

/** The last stages of nodes that leave: those that a provisioner made go back to it. */
export function returning({ supply }: ManagerResources, nodeIds: readonly string[]): StageShape[] {
  return nodeIds.flatMap((nodeId) => (supply.ledger.ofNode(nodeId) === null ? [] : [{ kind: 'deprovision' as const, nodeId }]));
}

/** What would be wrong with leaving is not when another one comes first. */
const WITHOUT_REPLACEMENT: ReadonlySet<Refusal['constraint']> = new Set(['last-node', 'replication-factor', 'frozen']);
