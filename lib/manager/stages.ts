/** The stages of an operation that are one step of the cluster: cordon, verify empty, join, leave. */
import type { DriverFailure, Stage } from '@/lib/contract/operation';
import type { ProvisionRecord } from '@/lib/contract/provisioner';
import type { Lifecycle } from '@/lib/contract/node';
import type { StoreWrite } from '@/lib/contract/storage';
import type { DriverStep, StepOutcome } from '@/lib/drivers/driver';
import { retryDelayMs } from '@/lib/core/execution/retry';
import { wishLifecycle, wishOf, type NodeWish } from '@/lib/core/cluster/node-wish';
import { sleep } from '@/lib/platform/clock';
import type { Result } from '@/lib/platform/result';
import type { EventDraft } from './event-log';
import { mendShards, verifyMended } from './mend-stages';
import { stepContextOf, type StageOutcome, type StageRun } from './stage-run';
import { addressToJoin, giveBackNode, provide, takeBackProvision } from './provisioning/supply-stages';

const STORE_RETRY_MS = 1_000;

export type SingleStep = Exclude<Stage['kind'], 'execute-plan' | 'plan'>;

const STOPPED: StageOutcome = { status: 'stopped', message: null };

export async function runStage(run: StageRun, kind: SingleStep): Promise<StageOutcome> {
  const nodeId = run.operation.stages[run.index]?.nodeId ?? run.operation.nodeId ?? '';
  switch (kind) {
    case 'cordon': return wishFor(run, nodeId)?.lifecycle === 'drained' ? { status: 'done', message: 'It was drained already' } : setLifecycle(run, nodeId, 'draining', { cordoned: true });
    case 'verify-empty': return verifyEmpty(run, nodeId);
    case 'fail-over': return failOver(run, nodeId);
    case 'mend-shards': return mendShards(run);
    case 'verify-mended': return verifyMended(run);
    case 'join': return join(run);
    case 'leave': return leave(run, nodeId);
    case 'provision': return provide(run);
    case 'deprovision': return giveBackNode(run, nodeId);
  }
}

/**
 * Takes a stage back, as far as it can be: an emptied node serves again, still cordoned;
 * a node that joined and holds nothing leaves again. `null`: there is nothing to take back.
 */
export async function compensateStage(run: StageRun, stage: Stage): Promise<{ readonly compensated: boolean; readonly message: string } | null> {
  if (stage.kind === 'provision') return takeBackProvision(run, {
    leave: (nodeId) => leaveIfEmpty(run, nodeId),
    joinToItsEnd: async (address) => { await run.resources.driver.execute({ kind: 'add-node', address, zone: null, followerOf: null }, stepContextOf(run)); },
  });
  if (stage.nodeId === null) return null;
  const name = run.resources.model.nodes.get(stage.nodeId)?.name ?? stage.nodeId;
  if (stage.kind === 'cordon') {
    const wish = wishFor(run, stage.nodeId);
    if (wish?.lifecycle !== 'draining' && wish?.lifecycle !== 'drained') return null;
    const restored = await setLifecycle(run, stage.nodeId, 'active', {});
    return restored.status === 'done' ? { compensated: true, message: `${name} is active again and still cordoned` } : { compensated: false, message: restored.message ?? `${name} stays ${wish.lifecycle}` };
  }
  if (stage.kind !== 'join' || stage.status !== 'done') return null;
  const left = await leaveIfEmpty(run, stage.nodeId);
  return left.status === 'done' ? { compensated: true, message: `${name} held nothing and has left again` } : { compensated: false, message: `${name} stays a member: ${left.message ?? 'it could not leave'}`.slice(0, 500) };
}

async function leaveIfEmpty(run: StageRun, nodeId: string): Promise<StageOutcome> {
  const empty = await verifyEmpty(run, nodeId);
  return empty.status === 'done' ? leave(run, nodeId) : { ...empty, message: empty.message ?? 'nobody knows that it is empty' };
}

async function verifyEmpty(run: StageRun, nodeId: string): Promise<StageOutcome> {
  const verified = await executeStep(run, { kind: 'verify-empty', nodeId });
  if (!verified.ok) return failedBy(verified.error, run.signal);
  if (wishFor(run, nodeId)?.lifecycle === 'draining') return setLifecycle(run, nodeId, 'drained', {});
  return { status: 'done', message: 'The node itself reports that it holds nothing' };
}

async function join(run: StageRun): Promise<StageOutcome> {
  const { operation, index, resources } = run;
  const wanted = operation.joins[operation.stages.slice(0, index).filter((stage) => stage.kind === 'join').length];
  if (wanted === undefined) return { status: 'failed', message: 'Nothing says which node is to join' };
  const address = addressToJoin(run);
  // A node that was made for it is where its zone was asked for already.
  const joined = await executeStep(run, { kind: 'add-node', ...wanted, address, zone: address === wanted.address ? wanted.zone : null });
  if (!joined.ok) return failedBy(joined.error, run.signal);
  const nodeId = joined.value.nodeId;
  if (nodeId === null) return { status: 'failed', message: 'The driver did not name the node that joined' };
  const made = address === null ? undefined : resources.supply.ledger.all().find((record) => record.address === address);
  const member: ProvisionRecord | null = made === undefined ? null : { ...made, status: 'joined', nodeId };
  const saved = await saveWish(run, nodeId, { lifecycle: 'active', cordoned: false, maintenanceUntilMs: null }, null, member);
  return saved.status === 'done' ? { ...saved, nodeId } : saved;
}

/** The step again goes on with what it has not taken over yet. */
async function failOver(run: StageRun, nodeId: string): Promise<StageOutcome> {
  const taken = await executeStep(run, { kind: 'fail-over', nodeId, acceptsLoss: run.operation.acceptsLoss === true });
  return taken.ok ? { status: 'done', message: null } : failedBy(taken.error, run.signal);
}

async function leave(run: StageRun, nodeId: string): Promise<StageOutcome> {
  const { resources } = run;
  if (!isLost(run) && !await clientsHaveFollowed(run)) return STOPPED;
  if (resources.model.nodes.has(nodeId)) {
    const wished = await setLifecycle(run, nodeId, 'decommissioning', { cordoned: true });
    if (wished.status !== 'done') return wished;
  }
  const left = await executeStep(run, { kind: 'remove-node', nodeId, ...(isLost(run) && { lost: true }) });
  if (!left.ok) {
    const outcome = failedBy(left.error, run.signal);
    if (outcome.status === 'failed') await setLifecycle(run, nodeId, 'active', { cordoned: true });
    return outcome;
  }
  const { model, clusterId, supply } = resources;
  const made = supply.ledger.ofNode(nodeId);
  // From here on it is owed to its provisioner, whatever comes of this operation.
  const owed: ProvisionRecord | null = made === null ? null : { ...made, status: 'returning', reason: 'It has left the cluster' };
  const committed = await commitWaiting(run, [{ kind: 'delete-node-intent', clusterId, nodeId }, ...(owed === null ? [] : [supply.ledger.write(owed)])]);
  if (committed !== null) return committed;
  if (owed !== null) supply.ledger.applied(owed);
  model.setWish(nodeId, null);
  return { status: 'done', message: null };
}

/** Nobody can ask a node that others have taken over from, or that stayed away when it was to be replaced. */
function isLost({ operation, index, resources }: StageRun): boolean {
  const nodeId = operation.stages[index]?.nodeId ?? operation.nodeId ?? '';
  const { liveness } = resources.model.nodes.get(nodeId) ?? {};
  return operation.kind === 'replace' && (liveness === 'dead' || liveness === 'unreachable');
}

/** What was moved a moment ago is still asked for here by clients that do not know it yet. False: stopped meanwhile. */
async function clientsHaveFollowed({ resources, operation, signal }: StageRun): Promise<boolean> {
  const { clock, driver } = resources;
  const movedAtMs = Math.max(0, ...operation.stages.map((stage) => (stage.kind === 'execute-plan' && stage.status === 'done' ? stage.finishedAtMs ?? 0 : 0)));
  const waitMs = movedAtMs + (driver.clientsFollowWithinMs ?? 0) - clock.wallMs();
  if (waitMs > 0) await sleep(clock, Math.min(waitMs, driver.clientsFollowWithinMs ?? 0), signal).catch(() => undefined);
  return !signal.aborted;
}

async function setLifecycle(run: StageRun, nodeId: string, lifecycle: Lifecycle, also: Partial<NodeWish>): Promise<StageOutcome> {
  const current = wishFor(run, nodeId);
  if (current === null) return { status: 'failed', message: 'The node is no longer known' };
  const next = wishLifecycle({ ...current, ...also }, lifecycle);
  if (!next.ok) return { status: 'failed', message: `A node that is ${next.error.from} cannot become ${next.error.to}` };
  return saveWish(run, nodeId, next.value, current.lifecycle);
}

async function saveWish(run: StageRun, nodeId: string, wish: NodeWish, before: Lifecycle | null, made: ProvisionRecord | null = null): Promise<StageOutcome> {
  const { model, callbacks, clusterId, supply } = run.resources;
  const name = model.nodes.get(nodeId)?.name ?? nodeId;
  const committed = await commitWaiting(
    run,
    [{ kind: 'save-node-intent', intent: { clusterId, nodeId, ...wish } }, ...(made === null ? [] : [supply.ledger.write(made)])],
    before === wish.lifecycle ? [] : [{ type: 'node.lifecycleChanged', severity: 'notice', nodeId, operationId: run.operation.id, message: `${name} is ${wish.lifecycle}${before === null ? '' : `, was ${before}`}`, data: { after: wish.lifecycle } }],
  );
  if (committed !== null) return committed;
  if (made !== null) supply.ledger.applied(made);
  model.setWish(nodeId, wish);
  const node = model.nodes.get(nodeId);
  if (node !== undefined) callbacks.nodeStatus.emit(node);
  return { status: 'done', message: null };
}

/** Tries again what may be tried again, as moves are: a node that restarts is back in seconds. */
async function executeStep(run: StageRun, step: DriverStep): Promise<Result<StepOutcome, DriverFailure>> {
  const { driver, clock, random } = run.resources;
  for (let attempt = 1; ; attempt += 1) {
    const result = await driver.execute(step, stepContextOf(run));
    const delayMs = result.ok || run.signal.aborted ? null : retryDelayMs(result.error, attempt, random.next());
    if (delayMs === null) return result;
    await sleep(clock, delayMs, run.signal).catch(() => undefined);
  }
}

/** Waits out a database that is away. `null` = taken. */
async function commitWaiting({ resources, signal }: StageRun, writes: readonly StoreWrite[], drafts: readonly EventDraft[] = []): Promise<StageOutcome | null> {
  while (!signal.aborted) {
    const committed = await resources.log.commit(writes, drafts);
    if (committed.ok) return null;
    if (committed.error.code !== 'unavailable') return { status: 'failed', message: committed.error.message };
    await sleep(resources.clock, STORE_RETRY_MS, signal).catch(() => undefined);
  }
  return STOPPED;
}

function wishFor({ resources }: StageRun, nodeId: string): NodeWish | null {
  const node = resources.model.nodes.get(nodeId);
  return resources.model.wishes.get(nodeId) ?? (node === undefined ? null : wishOf(node));
}

function failedBy(failure: { code: string; message: string }, signal: AbortSignal): StageOutcome {
  return signal.aborted ? STOPPED : { status: 'failed', message: failure.message.slice(0, 500) };
}
