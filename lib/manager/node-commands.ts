/** What an operator asks of single nodes. Each answer is the node as it is now, or typed refusals. */
import type { EventType } from '@/lib/contract/events';
import type { Node } from '@/lib/contract/node';
import type { Operation } from '@/lib/contract/operation';
import { holdingsOf } from '@/lib/core/load/holdings';
import { isLeader } from '@/lib/core/cluster/cluster-state';
import { wishLifecycle, wishOf, type NodeWish } from '@/lib/core/cluster/node-wish';
import { ok } from '@/lib/platform/result';
import { failureOfStore, notFound, refusal, refused, type CommandContext, type CommandResult } from './commands';
import type { ManagerResources } from './manager-resources';
import type { OperationRunner } from './operation-runner';
import { newOperation } from './new-operation';

export class NodeCommands {
  constructor(private readonly resources: ManagerResources, private readonly runner: OperationRunner) {}

  cordon(nodeId: string, context: CommandContext): Promise<CommandResult<Node>> {
    return this.#change(nodeId, context, (node, wish) => (node.cordoned
      ? refused(refusal('already-so', `${node.name} is cordoned already`, { nodeId }))
      : ok({ wish: { ...wish, cordoned: true }, type: 'node.cordoned' as const, message: `${node.name} accepts no new replicas` })));
  }

  uncordon(nodeId: string, context: CommandContext): Promise<CommandResult<Node>> {
    return this.#change(nodeId, context, (node, wish) => {
      if (!node.cordoned) return refused(refusal('already-so', `${node.name} is not cordoned`, { nodeId }));
      if (node.lifecycle === 'draining' || node.lifecycle === 'decommissioning') {
        return refused(refusal('illegal-transition', `${node.name} is ${node.lifecycle} and stays cordoned until that ends`, { nodeId }));
      }
      return ok({ wish: { ...wish, cordoned: false }, type: 'node.uncordoned' as const, message: `${node.name} accepts new replicas again` });
    });
  }

  /** Maintenance: silence is expected until it expires, and nothing new is placed there. */
  deactivate(input: { nodeId: string; durationMs: number }, context: CommandContext): Promise<CommandResult<Node>> {
    return this.#change(input.nodeId, context, (node, wish) => {
      const untilMs = Math.round(this.resources.clock.wallMs()) + input.durationMs;
      return ok({ wish: { ...wish, maintenanceUntilMs: untilMs }, type: 'node.lifecycleChanged' as const, message: `${node.name} is in maintenance for ${Math.round(input.durationMs / 60_000)} min` });
    });
  }

  /** Ends a maintenance; a drained node takes part again. */
  activate(nodeId: string, context: CommandContext): Promise<CommandResult<Node>> {
    return this.#change(nodeId, context, (node, wish) => {
      if (node.maintenanceUntilMs === null && node.lifecycle === 'active') return refused(refusal('already-so', `${node.name} is active already`, { nodeId }));
      if (this.resources.model.operations.some((operation) => operation.nodeId === nodeId)) {
        return refused(refusal('operation-running', `An operation on ${node.name} is running; cancel it first`, { nodeId }));
      }
      const next = wishLifecycle({ ...wish, maintenanceUntilMs: null }, 'active');
      if (!next.ok) return refused(refusal('illegal-transition', `A node that is ${next.error.from} cannot become active`, { nodeId }));
      return ok({ wish: { ...next.value, cordoned: node.lifecycle === 'active' ? node.cordoned : false }, type: 'node.lifecycleChanged' as const, message: `${node.name} is active` });
    });
  }

  async addNode(input: { address?: string | undefined; zone?: string | undefined; followerOf?: string | undefined }, context: CommandContext): Promise<CommandResult<Operation>> {
    const { model, driver } = this.resources;
    const { capabilities } = driver;
    if (!capabilities.addNode) return refused(refusal('not-supported', 'This kind of cluster cannot add nodes from here'));
    if (capabilities.addNodeNeeds === 'address' && input.address === undefined) {
      return refused(refusal('not-supported', 'The address (host:port) of a running, empty process is needed'));
    }
    if (input.followerOf !== undefined) {
      const leader = model.nodes.get(input.followerOf);
      if (leader === undefined) return refused(refusal('unknown-node', `There is no node ${input.followerOf} to follow`));
      if (!isLeader(leader)) return refused(refusal('follower', `${leader.name} is itself a follower`, { nodeId: leader.id }));
      if (capabilities.replication !== 'followers') return refused(refusal('not-supported', 'This kind of cluster has no followers'));
    }
    const taken = [...model.nodes.values()].find((node) => node.address === input.address);
    if (input.address !== undefined && taken !== undefined) return refused(refusal('already-so', `${taken.name} is a member already`, { nodeId: taken.id }));
    if (model.freeze !== null) return refused(refusal('frozen', `Frozen: ${model.freeze.reason}`));
    const joins = [{ address: input.address ?? null, zone: input.zone ?? null, followerOf: input.followerOf ?? null }];
    return this.runner.enqueue(newOperation(this.resources, { kind: 'add-node', stages: [{ kind: 'join' }], joins }, { context }), { moves: [], writes: [], drafts: [], context });
  }

  /** Verified empty on the node itself, then it leaves. The name is typed to confirm. */
  async decommission(input: { nodeId: string; confirmName: string }, context: CommandContext): Promise<CommandResult<Operation>> {
    const { model, driver } = this.resources;
    const node = model.nodes.get(input.nodeId);
    if (node === undefined) return notFound('node', input.nodeId);
    const refusals = [];
    if (!driver.capabilities.removeNode) refusals.push(refusal('not-supported', 'This kind of cluster cannot remove nodes from here', { nodeId: node.id }));
    if (input.confirmName !== node.name) refusals.push(refusal('wrong-name', `The typed name is not ${node.name}`, { nodeId: node.id }));
    const held = holdingsOf(model.state).find((holding) => holding.nodeId === node.id);
    if (held !== undefined && held.shards > 0) {
      refusals.push(refusal('not-empty', `${node.name} still holds ${held.shards} shards: drain it first`, { nodeId: node.id, numbers: { shards: held.shards } }));
    }
    const leaders = [...model.nodes.values()].filter((other) => isLeader(other) && other.lifecycle !== 'decommissioned');
    if (isLeader(node) && leaders.length === 1) refusals.push(refusal('last-node', `${node.name} is the last node`, { nodeId: node.id }));
    if (isLeader(node) && driver.capabilities.replication === 'per-shard' && leaders.length - 1 < (model.state.engine?.replicationFactor ?? 1)) {
      refusals.push(refusal('replication-factor', `${leaders.length - 1} nodes cannot hold ${model.state.engine?.replicationFactor ?? 1} copies of each shard`, { nodeId: node.id }));
    }
    const legal = wishLifecycle(wishOf(node), 'decommissioning');
    if (!legal.ok) refusals.push(refusal('illegal-transition', `A node that is ${legal.error.from} cannot be decommissioned`, { nodeId: node.id }));
    if (model.freeze !== null) refusals.push(refusal('frozen', `Frozen: ${model.freeze.reason}`));
    if (model.operations.some((operation) => operation.nodeId === node.id)) refusals.push(refusal('operation-running', `An operation on ${node.name} is running or waiting`, { nodeId: node.id }));
    if (refusals.length > 0) return { ok: false, error: { code: 'refused', refusals } };
    const stages = [{ kind: 'verify-empty', nodeId: node.id }, { kind: 'leave', nodeId: node.id }] as const;
    return this.runner.enqueue(newOperation(this.resources, { kind: 'decommission', nodeId: node.id, stages }, { context }), { moves: [], writes: [], drafts: [], context });
  }

  replace(_input: { nodeId: string }, _context: CommandContext): Promise<CommandResult<Operation>> {
    return Promise.resolve(refused(refusal('not-supported', 'Replacing a node is not offered yet')));
  }

  scaleOut(_input: object, _context: CommandContext): Promise<CommandResult<Operation>> {
    return Promise.resolve(refused(refusal('not-supported', 'Scaling out in one step is not offered yet')));
  }

  async #change(
    nodeId: string,
    context: CommandContext,
    decide: (node: Node, wish: NodeWish) => CommandResult<{ wish: NodeWish; type: EventType; message: string }>,
  ): Promise<CommandResult<Node>> {
    const { model, log, clusterId, callbacks } = this.resources;
    const node = model.nodes.get(nodeId);
    if (node === undefined) return notFound('node', nodeId);
    const decided = decide(node, model.wishes.get(nodeId) ?? wishOf(node));
    if (!decided.ok) return decided;
    const { wish, type, message } = decided.value;
    const changed: Node = { ...node, ...wish };
    const committed = await log.commit(
      [{ kind: 'save-node-intent', intent: { clusterId, nodeId, ...wish } }, ...(context.alsoCommit?.(changed) ?? [])],
      [{ type, severity: 'notice', actor: context.actor, nodeId, message }],
    );
    if (!committed.ok) return { ok: false, error: failureOfStore(committed.error) };
    model.setWish(nodeId, wish);
    const now = model.nodes.get(nodeId) ?? changed;
    callbacks.nodeStatus.emit(now);
    return ok(now);
  }
}
