/** What an operator asks of single nodes. Each answer is the node as it is now, or typed refusals. */
import type { EventType } from '@/lib/contract/events';
import type { NodeAction, NodeActionCheck } from '@/lib/contract/health';
import type { Node } from '@/lib/contract/node';
import { NODE_ACTIONS } from '@/lib/contract/vocabulary';
import { wishOf, type NodeWish } from '@/lib/core/cluster/node-wish';
import { ok } from '@/lib/platform/result';
import { failureOfStore, notFound, refused, type CommandContext, type CommandResult } from './commands';
import type { ManagerResources } from './manager-resources';
import { checkOfNode } from './node-action-check';
import type { Observer } from './observer';

export class NodeCommands {
  constructor(private readonly resources: ManagerResources, private readonly observer: Observer) {}

  cordon(nodeId: string, context: CommandContext): Promise<CommandResult<Node>> {
    return this.#change('cordon', nodeId, context, (node, wish) => ({ wish: { ...wish, cordoned: true }, type: 'node.cordoned', message: `${node.name} accepts no new replicas` }));
  }

  uncordon(nodeId: string, context: CommandContext): Promise<CommandResult<Node>> {
    return this.#change('uncordon', nodeId, context, (node, wish) => ({ wish: { ...wish, cordoned: false }, type: 'node.uncordoned', message: `${node.name} accepts new replicas again` }));
  }

  /** Maintenance: silence is expected until it expires, and nothing new is placed there. */
  deactivate(input: { nodeId: string; durationMs: number }, context: CommandContext): Promise<CommandResult<Node>> {
    const untilMs = Math.round(this.resources.clock.wallMs()) + input.durationMs;
    return this.#change('maintain', input.nodeId, context, (node, wish) => ({
      wish: { ...wish, maintenanceUntilMs: untilMs }, type: 'node.lifecycleChanged', message: `${node.name} is in maintenance for ${Math.round(input.durationMs / 60_000)} min`,
    }));
  }

  /** Ends a maintenance; a drained node takes part again. A newcomer is not made active by a wish: it is accepted. */
  activate(nodeId: string, context: CommandContext): Promise<CommandResult<Node>> {
    return this.#change('activate', nodeId, context, (node, wish) => ({
      wish: { lifecycle: 'active', cordoned: wish.lifecycle === 'active' ? wish.cordoned : false, maintenanceUntilMs: null }, type: 'node.lifecycleChanged', message: `${node.name} is active`,
    }));
  }

  /** The node may be placed on again although it fell over again and again: an operator has looked. */
  async liftQuarantine(nodeId: string, context: CommandContext): Promise<CommandResult<Node>> {
    const { model, log, callbacks } = this.resources;
    const node = model.nodes.get(nodeId);
    if (node === undefined) return notFound('node', nodeId);
    const { refusals } = checkOfNode(this.resources, 'lift-quarantine', node);
    if (refusals.length > 0) return refused(...refusals);
    const changed: Node = { ...node, quarantinedUntilMs: null };
    const committed = await log.commit(
      [...(context.alsoCommit?.(changed) ?? [])],
      [{ type: 'node.quarantineEnded', severity: 'notice', actor: context.actor, nodeId, message: `The quarantine of ${node.name} was lifted by ${context.actor.name}` }],
    );
    if (!committed.ok) return { ok: false, error: failureOfStore(committed.error) };
    this.observer.watch.liftQuarantine(nodeId);
    const nodes = new Map(model.nodes).set(nodeId, { ...(model.nodes.get(nodeId) ?? changed), quarantinedUntilMs: null });
    model.replaceState({ ...model.state, revision: model.state.revision + 1, nodes });
    callbacks.nodeStatus.emit(nodes.get(nodeId)!);
    return ok(nodes.get(nodeId)!);
  }

  /** Every action on a node with what speaks against it now: what the console shows before anybody presses. */
  checks(nodeId: string): CommandResult<readonly NodeActionCheck[]> {
    const node = this.resources.model.nodes.get(nodeId);
    return node === undefined ? notFound('node', nodeId) : ok(NODE_ACTIONS.map((action) => checkOfNode(this.resources, action, node)));
  }

  /** Ends maintenances whose time is over, so that the node counts again. Called once a round. */
  async expireMaintenance(): Promise<void> {
    const { model, log, clusterId, clock } = this.resources;
    const nowMs = clock.wallMs();
    for (const node of model.nodes.values()) {
      if (node.maintenanceUntilMs === null || node.maintenanceUntilMs > nowMs) continue;
      const wish: NodeWish = { ...(model.wishes.get(node.id) ?? wishOf(node)), maintenanceUntilMs: null };
      const committed = await log.commit(
        [{ kind: 'save-node-intent', intent: { clusterId, nodeId: node.id, ...wish } }],
        [{ type: 'node.lifecycleChanged', severity: node.liveness === 'alive' ? 'notice' : 'warning', nodeId: node.id, message: `The maintenance of ${node.name} is over${node.liveness === 'alive' ? '' : `; it is ${node.liveness}`}` }],
      );
      if (committed.ok) model.setWish(node.id, wish);
    }
  }

  async #change(
    action: NodeAction,
    nodeId: string,
    context: CommandContext,
    decide: (node: Node, wish: NodeWish) => { wish: NodeWish; type: EventType; message: string },
  ): Promise<CommandResult<Node>> {
    const { model, log, clusterId, callbacks } = this.resources;
    const node = model.nodes.get(nodeId);
    if (node === undefined) return notFound('node', nodeId);
    const { refusals } = checkOfNode(this.resources, action, node);
    if (refusals.length > 0) return refused(...refusals);
    const { wish, type, message } = decide(node, model.wishes.get(nodeId) ?? wishOf(node));
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
