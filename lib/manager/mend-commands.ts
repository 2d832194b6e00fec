/**
 * Shards that nobody serves, or that somebody's half-done move left open: what is wrong, by
 * the nodes' own word, what would be done about it, and the operation that does it. What is
 * ordered is exactly what was looked at: the nodes are asked again, and where they say
 * anything else now it is a conflict with what is found.
 */
import type { MendPreview, MendRequest, MendStep, ShardFinding } from '@/lib/contract/shard-mending';
import type { Operation } from '@/lib/contract/operation';
import type { Refusal } from '@/lib/contract/plan';
import type { Throttle } from '@/lib/contract/settings';
import { MEND_STEPS_MAX } from '@/lib/contract/vocabulary';
import { acceptsPlacement } from '@/lib/core/cluster/cluster-state';
import { findRemedies, fingerprintOf, shardsIn, stepsOf } from '@/lib/core/mending/find-remedies';
import type { MendingNode } from '@/lib/core/mending/shard-facts';
import type { MendingFacts } from '@/lib/drivers/driver';
import { err, ok } from '@/lib/platform/result';
import { refusal, refused, type CommandContext, type CommandResult } from './commands';
import type { ManagerResources } from './manager-resources';
import { newOperation, type StageShape } from './new-operation';
import type { OperationRunner } from './operation-runner';
import { blindness } from './plan-commands';

const LOOK_TIMEOUT_MS = 15_000;

export interface MendInput extends MendRequest {
  readonly throttle?: Throttle | undefined;
}

export class MendCommands {
  constructor(private readonly resources: ManagerResources, private readonly runner: OperationRunner) {}

  /** Changes nothing. Refused only where there is nothing to look with. */
  async preview(): Promise<CommandResult<MendPreview>> {
    const { clock, driver } = this.resources;
    const { mending } = driver;
    if (mending === undefined) return refused(refusal('not-supported', `Shards of a ${driver.kind} cluster cannot be mended from here: ${driver.capabilities.repair ? 'repair the node that is gone instead' : 'its engine does it'}`));
    const abort = new AbortController();
    const timer = clock.after(LOOK_TIMEOUT_MS, () => { abort.abort(new Error('The look took too long')); });
    const looked = await mending.look({ shardIds: null, signal: abort.signal });
    timer[Symbol.dispose]();
    if (!looked.ok) return err({ code: 'unavailable', message: `The nodes could not be asked: ${looked.error.message}` });
    const findings = findRemedies(looked.value.shards, this.#nodesOf(looked.value), (nodeId) => this.resources.model.nodes.get(nodeId)?.stats.keyCount ?? null);
    return ok({ lookedAtMs: Math.round(clock.wallMs()), fingerprint: fingerprintOf(findings), findings, refusals: this.#refusals() });
  }

  async start(input: MendInput, context: CommandContext): Promise<CommandResult<Operation>> {
    const refusals = this.#refusals();
    if (this.resources.driver.mending !== undefined && refusals.length > 0) return refused(...refusals);
    const looked = await this.preview();
    if (!looked.ok) return looked;
    const preview = looked.value;
    if (preview.findings.length === 0) return refused(refusal('not-broken', 'Every shard is served by one node and none is half moved: there is nothing to mend'));
    if (preview.fingerprint !== input.fingerprint) return err({ code: 'conflict', message: 'The nodes say something else now than when this was looked at: look at it again', current: preview });
    const wrong = this.#wrongInput(input, preview);
    if (wrong.length > 0) return refused(...wrong.slice(0, 100));
    const steps = stepsOf(preview.findings, { acceptLoss: input.acceptLoss, shardIds: input.shardIds === undefined ? null : new Set(input.shardIds) });
    if (steps.length === 0) return refused(...preview.findings.flatMap((finding) => finding.refusal ?? this.#unnamed(finding)).slice(0, 100));
    if (steps.length > MEND_STEPS_MAX) return refused(refusal('too-many-steps', `That would take ${steps.length} steps, more than the ${MEND_STEPS_MAX} of one operation: choose fewer shards`, { numbers: { steps: steps.length, stepsMax: MEND_STEPS_MAX } }));
    return this.runner.enqueue(this.#operationOf(steps, input, context), { moves: [], writes: [], drafts: [], context });
  }

  #operationOf(steps: MendStep[], input: MendInput, context: CommandContext): Operation {
    const stages: StageShape[] = [...steps.map(({ remedy }) => ({ kind: 'mend-shards' as const, nodeId: remedy.toNodeId })), { kind: 'verify-mended' }];
    const operation = newOperation(this.resources, {
      kind: 'mend-shards', stages, acceptsLoss: input.acceptLoss, movesTotal: new Set(steps.flatMap(({ ranges }) => shardsIn(ranges))).size,
    }, { context, throttle: input.throttle });
    return { ...operation, mending: { steps } };
  }

  /** What forbids any mending now, whatever is found. */
  #refusals(): Refusal[] {
    const { model } = this.resources;
    const blind = blindness(this.resources);
    const running = model.operations[0];
    return [
      ...(blind === null ? [] : [blind]),
      ...(model.freeze === null ? [] : [refusal('frozen', `Frozen: ${model.freeze.reason}`.slice(0, 500))]),
      ...(running === undefined ? [] : [refusal('operation-running', `An operation (${running.kind}) is ${running.status}: what looks half done may be its work. Let it end, or cancel it`, { numbers: { operations: model.operations.length } })]),
    ];
  }

  #wrongInput({ shardIds, acceptLoss, confirmName }: MendInput, { findings }: MendPreview): Refusal[] {
    const { model } = this.resources;
    const known = model.state.shards.shardCount;
    const found = new Map(findings.flatMap((finding) => shardsIn(finding.ranges).map((shardId) => [shardId, finding] as const)));
    const refusals = (shardIds ?? []).flatMap((shardId) => {
      if (shardId >= known) return [refusal('unknown-shard', `There is no shard ${shardId}: the cluster has ${known}`, { shardId, numbers: { shardCount: known } })];
      const finding = found.get(shardId);
      if (finding === undefined) return [refusal('not-broken', `Shard ${shardId} is served by one node and is not half moved`, { shardId })];
      return finding.remedy === null && !(acceptLoss && finding.remedyWithLoss !== null) && finding.refusal !== null ? [{ ...finding.refusal, shardId }] : [];
    });
    if (!acceptLoss) return confirmName === undefined || confirmName === model.record.name ? refusals : [...refusals, this.#wrongName([model.record.name])];
    const lost = [...new Set(findings.flatMap(({ loss, remedyWithLoss }) => (remedyWithLoss === null ? [] : loss?.nodeIds ?? [])))];
    const names = [model.record.name, ...(lost.length === 1 ? [model.nodes.get(lost[0]!)?.name ?? lost[0]!] : [])];
    return confirmName !== undefined && names.includes(confirmName) ? refusals : [...refusals, this.#wrongName(names)];
  }

  /** Why it is not done, although it could be. */
  #unnamed({ caution, shardCount, ranges, ownerNodeId }: ShardFinding): Refusal {
    return { ...refusal('shards-not-named', `Done only where the shards are named: ${caution ?? ''}`, { nodeId: ownerNodeId, shardId: ranges[0]!.first, numbers: { shards: shardCount } }), count: shardCount };
  }

  #wrongName(names: readonly string[]): Refusal {
    return refusal('wrong-name', `Type ${names.join(' or ')} to confirm`.slice(0, 500));
  }

  /** Under the names that the console shows, and who may be given shards by our own rules (P5). */
  #nodesOf({ nodes }: MendingFacts): Map<string, MendingNode> {
    const { model, clock } = this.resources;
    return new Map([...nodes].map(([nodeId, node]) => {
      const own = model.nodes.get(nodeId);
      return [nodeId, { ...node, name: own?.name ?? node.name, isEligible: own !== undefined && node.isEligible && acceptsPlacement(own, clock.wallMs()) }];
    }));
  }
}
