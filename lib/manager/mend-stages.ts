/** The stages that mend shards: one remedy each, and a look at the end whether everything is served as it should. */
import type { MendResult, MendStep } from '@/lib/contract/shard-mending';
import { retryDelayMs } from '@/lib/core/execution/retry';
import { findRemedies, shardsIn } from '@/lib/core/mending/find-remedies';
import { nameIn } from '@/lib/core/mending/shard-facts';
import type { MendingFacts } from '@/lib/drivers/driver';
import { sleep } from '@/lib/platform/clock';
import { stepContextOf, type StageOutcome, type StageRun } from './stage-run';

/** Nodes that have just been told still tell each other. */
const SETTLED_MS_MAX = 10_000;
const LOOK_EVERY_MS = 500;
const STOPPED: StageOutcome = { status: 'stopped', message: null };

/** The step of this stage: the first stage of its kind has the first one. */
function stepOf({ operation, index }: StageRun): MendStep | undefined {
  return operation.mending?.steps[operation.stages.slice(0, index).filter(({ kind }) => kind === 'mend-shards').length];
}

/** The step again finds what it has done already and goes on from there. */
export async function mendShards(run: StageRun): Promise<StageOutcome> {
  const step = stepOf(run);
  const { driver, clock, random, model } = run.resources;
  if (step === undefined || driver.mending === undefined) return { status: 'failed', message: 'Nothing says what is to be mended' };
  const order = { shardIds: shardsIn(step.ranges), remedy: step.remedy, lostNodeIds: step.lostNodeIds };
  const throttleNow = () => model.operations.find(({ id }) => id === run.operation.id)?.throttle ?? run.operation.throttle;
  const context = { ...stepContextOf(run), bytesPerSecondMax: () => throttleNow().bytesPerSecondMax };
  for (let attempt = 1; ; attempt += 1) {
    const mended = await driver.mending.mend(order, context);
    if (mended.ok) return { status: 'done', message: messageOf(step, mended.value), mended: mended.value };
    const delayMs = run.signal.aborted ? null : retryDelayMs(mended.error, attempt, random.next());
    if (delayMs === null) return run.signal.aborted ? STOPPED : { status: 'failed', message: mended.error.message.slice(0, 500) };
    await sleep(clock, delayMs, run.signal).catch(() => undefined);
  }
}

function messageOf({ fault }: MendStep, { keysMoved, keysKept, keptShardIds, keptExample }: MendResult): string | null {
  const moved = keysMoved === 1 ? '1 key moved' : `${keysMoved} keys moved`;
  if (keysKept > 0) return `${moved}; ${keysKept} kept on two nodes, of shard ${keptShardIds.join(', ')}. ${keptExample ?? ''}`;
  // Brought there by this stage before a kill, expired, or deleted by a server that began anew.
  if (fault === 'strayed' && keysMoved === 0) return 'No key was left to be moved';
  return keysMoved > 0 ? moved : null;
}

/** By the nodes' own word, not by what the stages before say. */
export async function verifyMended(run: StageRun): Promise<StageOutcome> {
  const { driver, clock } = run.resources;
  const steps = run.operation.mending?.steps ?? [];
  const shardIds = [...new Set(steps.flatMap(({ ranges }) => shardsIn(ranges)))].sort((a, b) => a - b);
  if (driver.mending === undefined) return { status: 'failed', message: 'This cluster cannot be looked at' };
  // What a step has said already needs no patience.
  const kept = new Set(steps.flatMap(({ result }) => result?.keptShardIds ?? []));
  const deadlineMs = clock.monotonicMs() + SETTLED_MS_MAX;
  for (;;) {
    const looked = await driver.mending.look({ shardIds, signal: run.signal });
    if (run.signal.aborted) return STOPPED;
    const silent = looked.ok ? silentIn(looked.value, steps) : null;
    const findings = looked.ok ? findRemedies(looked.value.shards, looked.value.nodes, () => null) : [];
    if (looked.ok && findings.length === 0 && silent === null) return { status: 'done', message: `Each of ${shardIds.length} shards is served by one node, and none is open` };
    const isKnown = looked.ok && silent === null && findings.every(({ ranges }) => shardsIn(ranges).every((shardId) => kept.has(shardId)));
    if (isKnown || clock.monotonicMs() > deadlineMs) return { status: 'failed', message: !looked.ok ? looked.error.message.slice(0, 500) : silent ?? leftOf(findings, steps) };
    await sleep(clock, LOOK_EVERY_MS, run.signal).catch(() => undefined);
  }
}

/** A node that had keys of these shards and does not answer may have them still. */
function silentIn({ nodes }: MendingFacts, steps: readonly MendStep[]): string | null {
  const concerned = steps.flatMap(({ remedy, lostNodeIds }) => [remedy.toNodeId, ...remedy.gathersFrom.map(({ nodeId }) => nodeId)].filter((id) => !lostNodeIds.includes(id)));
  const silent = concerned.find((id) => nodes.get(id)?.state !== 'serving');
  return silent === undefined ? null : `${nameIn(nodes, silent)} does not answer: whether it still has keys of these shards is not known`.slice(0, 500);
}

function leftOf(findings: ReturnType<typeof findRemedies>, steps: readonly MendStep[]): string {
  const left = findings.reduce((sum, { shardCount }) => sum + shardCount, 0);
  const first = findings[0]!;
  const kept = steps.reduce((sum, { result }) => sum + (result?.keysKept ?? 0), 0);
  const example = steps.find(({ result }) => result?.keptExample != null)?.result?.keptExample;
  const why = kept > 0 ? `${kept === 1 ? '1 key has' : `${kept} keys have`} two values. ${example ?? ''}` : first.message;
  return `${left === 1 ? '1 shard is' : `${left} shards are`} not mended, the first is ${first.ranges[0]!.first}: ${why}`.slice(0, 500);
}
