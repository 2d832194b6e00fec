/**
 * What is done about a node that is gone: others take over what it served, and what it held
 * is copied again from them, onto the remaining nodes or onto one that stands in for it.
 */
import type { Node } from '@/lib/contract/node';
import type { JoinRequest, Operation } from '@/lib/contract/operation';
import type { Refusal } from '@/lib/contract/plan';
import type { Throttle } from '@/lib/contract/settings';
import { isLeader } from '@/lib/core/cluster/cluster-state';
import { lossOf } from '@/lib/core/cluster/loss';
import type { LossForecast } from '@/lib/drivers/driver';
import { notFound, refusal, refused, type CommandContext, type CommandResult } from './commands';
import type { ManagerResources } from './manager-resources';
import { newOperation, type StageShape } from './new-operation';
import type { OperationRunner } from './operation-runner';
import { blindness } from './plan-commands';

const LOOK_TIMEOUT_MS = 10_000;

export interface RepairInput {
  readonly nodeId: string;
  /** The node's name: what only it had may be lost. */
  readonly confirmName?: string | undefined;
  /** Leave alone what only it has, and repair the rest. */
  readonly partial?: boolean | undefined;
  readonly throttle?: Throttle | undefined;
}

export class RepairCommands {
  constructor(private readonly resources: ManagerResources, private readonly runner: OperationRunner) {}

  /** Takes over from a node that is gone and copies again what it held. The node stays a member: when it returns, it is empty. */
  async repair(input: RepairInput, context: CommandContext): Promise<CommandResult<Operation>> {
    const { model, driver } = this.resources;
    const node = model.nodes.get(input.nodeId);
    if (node === undefined) return notFound('node', input.nodeId);
    const nodeId = node.id;
    const blind = blindness(this.resources);
    const refusals = blind === null ? [] : [blind];
    if (!driver.capabilities.repair) refusals.push(refusal('not-supported', 'The nodes of this cluster fail over by themselves; a follower that is gone is replaced', { nodeId }));
    if (!isGone(node)) refusals.push(refusal('not-dead', `${node.name} is ${node.liveness}: it is repaired when it is unreachable or dead; drain it to empty it`, { nodeId, numbers: { silentMs: node.livenessReason.silentMs } }));
    if (model.freeze !== null) refusals.push(refusal('frozen', `Frozen: ${model.freeze.reason}`, { nodeId }));
    if (model.operations.some((operation) => operation.nodeIds.includes(nodeId))) refusals.push(refusal('operation-running', `An operation on ${node.name} is running or waiting`, { nodeId }));
    if (refusals.length > 0) return refused(...refusals);
    const loss = await this.#lossOf(node, input);
    if (!loss.ok) return loss;
    const stages: StageShape[] = [{ kind: 'fail-over', nodeId }, { kind: 'plan' }, { kind: 'execute-plan' }];
    const operation = newOperation(this.resources, {
      kind: 'repair', nodeId, stages, acceptsLoss: loss.value, urgencyReason: `${node.name} is ${node.liveness}: what it served has no primary and what it held has fewer copies`,
    }, { context, throttle: input.throttle });
    return this.runner.enqueue(operation, { moves: [], writes: [], drafts: [], context });
  }

  /** Who joins in the place of a node that is gone, and the stages between that and its leaving. */
  async replacement(node: Node, input: { readonly confirmName: string; readonly acceptsLoss?: boolean | undefined }, join: JoinRequest): Promise<CommandResult<{ readonly repairing: readonly StageShape[]; readonly join: JoinRequest; readonly acceptsLoss: boolean }>> {
    const { capabilities } = this.resources.driver;
    const nodeId = node.id;
    const loss = await this.#lossOf(node, { nodeId, ...(input.acceptsLoss === true && { confirmName: input.confirmName }) });
    if (!loss.ok) return loss;
    if (capabilities.repair) {
      return { ok: true, value: { repairing: [{ kind: 'fail-over', nodeId }, { kind: 'plan' }, { kind: 'execute-plan' }], join, acceptsLoss: loss.value } };
    }
    // The engine has failed over by itself: what is missing is a copy, which a new follower is.
    const followerOf = node.followerOf ?? this.#leaderInNeed(nodeId);
    return { ok: true, value: { repairing: [], join: { ...join, followerOf }, acceptsLoss: false } };
  }

  /** What would be lost, as far as it may not be: a refusal with the numbers. @returns whether the loss is accepted */
  async #lossOf(node: Node, input: RepairInput): Promise<CommandResult<boolean>> {
    const nodeId = node.id;
    if (input.confirmName !== undefined && input.confirmName !== node.name) return refused(refusal('wrong-name', `The typed name is not ${node.name}`, { nodeId }));
    const loss = await this.#foreseen(nodeId);
    if (loss.shardCount === 0 || input.partial === true) return { ok: true, value: false };
    if (input.confirmName !== undefined && this.resources.driver.capabilities.repair) return { ok: true, value: true };
    const numbers: Refusal['numbers'] = { shards: loss.shardCount, ...(loss.keyCount !== null && { keys: loss.keyCount }), ...(loss.bytes !== null && { bytes: loss.bytes }) };
    const what = `${loss.shardCount === 1 ? '1 shard' : `${loss.shardCount} shards`}${loss.keyCount === null ? '' : ` with ${loss.keyCount} keys`}${loss.bytes === null ? '' : ` (${loss.bytes} bytes)`}`;
    return refused({
      ...refusal('data-loss', `Nobody else is known to have every acknowledged write of ${what} that ${node.name} served: they would be lost, in part or whole`, { nodeId, shardId: loss.shardIds[0] ?? null, numbers }),
      remedy: `Bring ${node.name} back, repair the rest without them, or type its name to accept the loss`,
    });
  }

  async #foreseen(nodeId: string): Promise<LossForecast> {
    const { driver, model, clock } = this.resources;
    const general = lossOf(model.state, nodeId);
    if (driver.foreseeLoss === undefined) return general;
    const abort = new AbortController();
    const timer = clock.after(LOOK_TIMEOUT_MS, () => { abort.abort(new Error('timeout')); });
    const foreseen = await driver.foreseeLoss(nodeId, abort.signal);
    timer[Symbol.dispose]();
    return foreseen.ok ? foreseen.value : general;
  }

  /** The living leader with the fewest living followers. */
  #leaderInNeed(exceptId: string): string | null {
    const nodes = [...this.resources.model.nodes.values()];
    const followers = (id: string) => nodes.filter((node) => node.followerOf === id && node.liveness === 'alive').length;
    const leaders = nodes.filter((node) => isLeader(node) && node.id !== exceptId && node.liveness === 'alive');
    return leaders.sort((a, b) => followers(a.id) - followers(b.id))[0]?.id ?? null;
  }
}

export function isGone(node: Pick<Node, 'liveness'>): boolean {
  return node.liveness === 'dead' || node.liveness === 'unreachable';
}
