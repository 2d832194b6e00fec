/** The stages of an operation that are one step of the cluster: cordon, verify empty, join, leave. */
import type { ExecutionStatus, Operation, Stage } from '@/lib/contract/operation';
import type { Lifecycle } from '@/lib/contract/node';
import type { StepContext } from '@/lib/drivers/driver';
import { wishLifecycle, wishOf, type NodeWish } from '@/lib/core/cluster/node-wish';
import type { ManagerResources } from './manager-resources';

export interface StageOutcome {
  /** stopped: the manager is closing or was fenced; the stage stays as it is for the next one. */
  readonly status: 'done' | 'failed' | 'stopped';
  readonly message: string | null;
  /** How the operation ends when not `done`; `failed` unless said. */
  readonly ended?: ExecutionStatus;
  readonly nodeId?: string | null;
}

type SingleStep = Exclude<Stage['kind'], 'execute-plan' | 'plan'>;

export async function runStage(resources: ManagerResources, operation: Operation, kind: SingleStep, signal: AbortSignal): Promise<StageOutcome> {
  switch (kind) {
    case 'cordon': return setLifecycle(resources, operation, 'draining', { cordoned: true });
    case 'verify-empty': return verifyEmpty(resources, operation, signal);
    case 'join': return join(resources, operation, signal);
    case 'leave': return leave(resources, operation, signal);
    case 'provision':
    case 'deprovision':
      return { status: 'failed', message: `This cluster has no provisioner for the stage "${kind}"` };
  }
}

async function verifyEmpty(resources: ManagerResources, operation: Operation, signal: AbortSignal): Promise<StageOutcome> {
  const nodeId = operation.nodeId!;
  const verified = await resources.driver.execute({ kind: 'verify-empty', nodeId }, contextOf(resources, operation, 'verify-empty', signal));
  if (!verified.ok) return failedBy(verified.error, signal);
  const wish = wishFor(resources, nodeId);
  return operation.kind === 'drain' && wish?.lifecycle === 'draining' ? setLifecycle(resources, operation, 'drained', {}) : { status: 'done', message: 'The node itself reports that it holds nothing' };
}

async function join(resources: ManagerResources, operation: Operation, signal: AbortSignal): Promise<StageOutcome> {
  const joined = await resources.driver.execute(
    { kind: 'add-node', ...(operation.joins[0] ?? { address: null, zone: null, followerOf: null }) },
    contextOf(resources, operation, 'join', signal),
  );
  if (!joined.ok) return failedBy(joined.error, signal);
  const nodeId = joined.value.nodeId;
  if (nodeId === null) return { status: 'failed', message: 'The driver did not name the node that joined' };
  const wish: NodeWish = { lifecycle: 'active', cordoned: false, maintenanceUntilMs: null };
  return saveWish(resources, operation, nodeId, wish, null);
}

async function leave(resources: ManagerResources, operation: Operation, signal: AbortSignal): Promise<StageOutcome> {
  const nodeId = operation.nodeId!;
  if (resources.model.nodes.has(nodeId)) {
    const wished = await setLifecycle(resources, operation, 'decommissioning', { cordoned: true });
    if (wished.status !== 'done') return wished;
  }
  const left = await resources.driver.execute({ kind: 'remove-node', nodeId }, contextOf(resources, operation, 'leave', signal));
  if (!left.ok) {
    const outcome = failedBy(left.error, signal);
    if (outcome.status === 'failed') await setLifecycle(resources, operation, 'active', { cordoned: true });
    return outcome;
  }
  const { log, model, clusterId } = resources;
  const committed = await log.commit([{ kind: 'delete-node-intent', clusterId, nodeId }]);
  if (!committed.ok) return { status: 'failed', message: committed.error.message };
  model.setWish(nodeId, null);
  return { status: 'done', message: null };
}

async function setLifecycle(resources: ManagerResources, operation: Operation, lifecycle: Lifecycle, also: Partial<NodeWish>): Promise<StageOutcome> {
  const nodeId = operation.nodeId!;
  const current = wishFor(resources, nodeId);
  if (current === null) return { status: 'failed', message: 'The node is no longer known' };
  const next = wishLifecycle({ ...current, ...also }, lifecycle);
  if (!next.ok) return { status: 'failed', message: `A node that is ${next.error.from} cannot become ${next.error.to}` };
  return saveWish(resources, operation, nodeId, next.value, current.lifecycle);
}

async function saveWish(resources: ManagerResources, operation: Operation, nodeId: string, wish: NodeWish, before: Lifecycle | null): Promise<StageOutcome> {
  const { log, model, callbacks, clusterId } = resources;
  const name = model.nodes.get(nodeId)?.name ?? nodeId;
  const committed = await log.commit(
    [{ kind: 'save-node-intent', intent: { clusterId, nodeId, ...wish } }],
    before === wish.lifecycle ? [] : [{ type: 'node.lifecycleChanged', severity: 'notice', nodeId, operationId: operation.id, message: `${name} is ${wish.lifecycle}${before === null ? '' : `, was ${before}`}`, data: { after: wish.lifecycle } }],
  );
  if (!committed.ok) return { status: 'failed', message: committed.error.message };
  model.setWish(nodeId, wish);
  const node = model.nodes.get(nodeId);
  if (node !== undefined) callbacks.nodeStatus.emit(node);
  return { status: 'done', message: null, nodeId };
}

function wishFor(resources: ManagerResources, nodeId: string): NodeWish | null {
  const node = resources.model.nodes.get(nodeId);
  return resources.model.wishes.get(nodeId) ?? (node === undefined ? null : wishOf(node));
}

function failedBy(failure: { code: string; message: string }, signal: AbortSignal): StageOutcome {
  return signal.aborted ? { status: 'stopped', message: null } : { status: 'failed', message: failure.message.slice(0, 500) };
}

function contextOf(resources: ManagerResources, operation: Operation, stage: string, signal: AbortSignal): StepContext {
  return {
    idempotencyKey: `${operation.id}/${stage}`,
    epoch: resources.model.state.epoch,
    signal,
    bytesPerSecondMax: () => null,
    onProgress: () => { resources.model.touch(); },
  };
}
