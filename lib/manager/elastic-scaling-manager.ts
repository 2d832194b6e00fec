/**
 * The manager of one cluster. Its loop reads from top to bottom: observe, decide, record,
 * wait. Everything the console does is a call of this class; whoever embeds it gets the
 * same calls and the same callbacks.
 */
import type { DomainEvent } from '@/lib/contract/events';
import type { DrainStatus, Freeze, NodeActionCheck, NodeLiveness } from '@/lib/contract/health';
import type { Metric, MetricSeries } from '@/lib/contract/metrics';
import type { Node } from '@/lib/contract/node';
import type { MoveRecord, Operation } from '@/lib/contract/operation';
import type { Plan, PlanRequest, PlanSummary, WhatIf } from '@/lib/contract/plan';
import type { Provisioning } from '@/lib/contract/provisioner';
import type { Throttle, VersionedSettings } from '@/lib/contract/settings';
import type { MendPreview } from '@/lib/contract/shard-mending';
import type { ClusterRecord, EventQuery, Page, PageOf, Store } from '@/lib/contract/storage';
import type { ClusterDriver } from '@/lib/drivers/driver';
import { sleep, type Clock } from '@/lib/platform/clock';
import type { Unsubscribe } from '@/lib/platform/disposable';
import type { NextId } from '@/lib/platform/ids';
import type { Random } from '@/lib/platform/random';
import { ok } from '@/lib/platform/result';
import { Approval, type ApproveInput, type DrainInput } from './approval';
import { AutoPilot } from './auto-pilot';
import { ClusterModel } from './cluster-model';
import { viewOf } from './cluster-view';
import { notFound, type CommandContext, type CommandResult } from './commands';
import { drainStatusOf } from './drain-status';
import { EventLog, SYSTEM_ACTOR, type EventDraft } from './event-log';
import { ManagerCallbacks, type ManagerSubscription } from './manager-callbacks';
import type { ManagerLogger } from './manager-logger';
import type { ManagerResources } from './manager-resources';
import { MembershipCommands, type AddNodeInput, type ReplaceInput, type ScaleOutInput } from './membership-commands';
import { MendCommands, type MendInput } from './mend-commands';
import { MetricsRecorder } from './metrics-recorder';
import { NewcomerPilot } from './newcomer-pilot';
import { NodeCommands } from './node-commands';
import { Observer } from './observer';
import type { OperationTarget } from './operation-target';
import { OperationPlans } from './operation-plans';
import { OperationRunner } from './operation-runner';
import { RepairCommands, type RepairInput } from './repair-commands';
import { RepairPilot } from './repair-pilot';
import { PlanCommands } from './plan-commands';
import { restIfLarge } from './rest-if-large';
import type { PlanJobOptions, Planner } from './planner';
import type { ClusterView, ProvisionerCatalogue, Publisher } from './ports';
import { ClusterProvisioning } from './provisioning/provisioning';
import { ScaleInRehearsal } from './scaling/scale-in-rehearsal';
import { ScalingCommands } from './scaling/scaling-commands';
import { ScalingPilot, type StoredScaling } from './scaling/scaling-pilot';
import { seenSilence } from './seen-silence';
import { SettingsCommands } from './settings-commands';

export interface ManagerOptions {
  readonly record: ClusterRecord;
  readonly settings: VersionedSettings;
  readonly driver: ClusterDriver;
  readonly provisioners: ProvisionerCatalogue;
  readonly planner: Planner;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly nextId: NextId;
  readonly publisher: Publisher;
  readonly logger: ManagerLogger;
}

export class ElasticScalingManager {
  readonly clusterId: string;
  readonly #resources: ManagerResources;
  readonly #observer: Observer;
  readonly #runner: OperationRunner;
  readonly #plans: PlanCommands;
  readonly #approval: Approval;
  readonly #nodes: NodeCommands;
  readonly #membership: MembershipCommands;
  readonly #repairs: RepairCommands;
  readonly #mending: MendCommands;
  readonly #repairPilot: RepairPilot;
  readonly #newcomers: NewcomerPilot;
  readonly #settings: SettingsCommands;
  readonly #autoPilot: AutoPilot;
  readonly #scaler: ScalingPilot;
  /** Policies, overrides and proposals of the pools. */
  readonly scaling: ScalingCommands;
  readonly #metrics: MetricsRecorder;
  readonly #abort = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #view: { readonly revision: number; readonly view: ClusterView } | null = null;

  private constructor(resources: ManagerResources, stored: StoredScaling, private readonly nodeSupply: ClusterProvisioning) {
    this.clusterId = resources.clusterId;
    this.#resources = resources;
    this.#observer = new Observer(resources, { freeze: (cause, reason) => { void this.#settings.freeze(reason, { actor: SYSTEM_ACTOR }, cause); } });
    this.#plans = new PlanCommands(resources);
    const operationPlans = new OperationPlans(resources, this.#plans);
    this.#runner = new OperationRunner(resources, this.#observer, operationPlans);
    this.#approval = new Approval(resources, this.#runner, this.#plans, operationPlans);
    this.#nodes = new NodeCommands(resources, this.#observer);
    this.#repairs = new RepairCommands(resources, this.#runner);
    this.#mending = new MendCommands(resources, this.#runner);
    this.#repairPilot = new RepairPilot(resources, this.#repairs);
    this.#membership = new MembershipCommands(resources, this.#runner, this.#repairs);
    this.#newcomers = new NewcomerPilot(resources, this.#membership);
    this.#settings = new SettingsCommands(resources, { runner: this.#runner, acknowledgeSilence: () => { this.#observer.watch.acknowledge(); }, knowsProvisioner: (name) => nodeSupply.knows(name) });
    this.#autoPilot = new AutoPilot(resources, this.#plans, this.#approval);
    this.#scaler = new ScalingPilot(resources, {
      ...stored,
      rehearsal: new ScaleInRehearsal(resources, (request, actor) => this.#plans.rehearse(request, actor)),
      orders: {
        scaleOut: (nodeCount, context) => this.#membership.scaleOut({ nodeCount }, context),
        scaleIn: (nodeIds, context) => this.#scaleIn(nodeIds, context),
      },
    });
    this.scaling = new ScalingCommands(resources, this.#scaler);
    this.#metrics = new MetricsRecorder(resources.clusterId, resources.store, resources.logger);
    resources.callbacks.rebalanceCompleted.add((operation) => {
      this.#autoPilot.operationEnded();
      void this.#scaler.operationEnded(operation);
    });
  }

  /** Loads what is stored about the cluster and starts the loop. `record.epoch` must be taken over already. */
  static async start(options: ManagerOptions): Promise<ElasticScalingManager> {
    const { record, store, clock, publisher, logger, driver } = options;
    const model = new ClusterModel(record, options.settings, driver.capabilities, clock, publisher);
    for (const intent of await store.nodeIntents(record.id)) {
      model.wishes.set(intent.nodeId, { lifecycle: intent.lifecycle, cordoned: intent.cordoned, maintenanceUntilMs: intent.maintenanceUntilMs });
    }
    const log = new EventLog({ clusterId: record.id, store, clock, nextId: options.nextId, publisher, logger, lastSequence: await store.lastEventSequence(record.id) });
    const callbacks = new ManagerCallbacks((error) => { logger.error({ clusterId: record.id, error: String(error) }, 'A subscriber of the manager threw'); });
    const nodeSupply = await ClusterProvisioning.load({ record, catalogue: options.provisioners, store, clock, random: options.random.fork('provisioning'), model, log, logger });
    const { supply } = nodeSupply;
    const manager = new ElasticScalingManager(
      { clusterId: record.id, clock, random: options.random, nextId: options.nextId, store, driver, planner: options.planner, publisher, logger, model, log, callbacks, supply },
      { policies: await store.scalingPolicies(record.id), states: await store.scalingStates(record.id) }, nodeSupply,
    );
    await manager.#runner.load();
    manager.#observer.watch.recall(await seenSilence(store, record));
    driver.takeAuthority?.(record.epoch);
    manager.#loop = manager.#run();
    return manager;
  }

  /** Stops the loop; moves in flight stop at their safe point; open operations stay open in storage. */
  async close(): Promise<void> {
    this.#abort.abort(new Error('The manager is closing'));
    await this.#runner.close();
    await this.#loop;
    for (const pilot of [this.#autoPilot, this.#repairPilot, this.#newcomers, this.#scaler]) await pilot.settled();
    await this.nodeSupply.close();
    this.#observer[Symbol.dispose]();
    await this.#metrics.flush();
    await this.#resources.log.close();
    await this.#resources.driver.close();
  }

  /** Where its nodes come from, and what is under way. */
  provisioning(): Provisioning {
    return this.nodeSupply.view(this.#resources.model.settings.scaling.provisioner);
  }

  /** The newest picture; the same object until something changes. */
  view(): ClusterView {
    const { model } = this.#resources;
    if (this.#view?.revision !== model.state.revision) this.#view = { revision: model.state.revision, view: viewOf(model) };
    return this.#view.view;
  }

  /** Resolves once the first reading (or the first failure to read) is in. */
  async firstReading(): Promise<void> {
    const { model, clock } = this.#resources;
    while (model.state.observedAtMs === null && model.observationError === null && !this.#abort.signal.aborted) await sleep(clock, 20);
  }

  subscribe(subscription: ManagerSubscription): Unsubscribe {
    return this.#resources.callbacks.subscribe(subscription);
  }

  /** A fact about this cluster that came about elsewhere in the server, for its log. */
  record(draft: EventDraft): void {
    this.#resources.log.record(draft);
  }

  settings(): VersionedSettings {
    return this.#resources.model.versioned;
  }

  updateSettings(input: VersionedSettings, context: CommandContext): Promise<CommandResult<VersionedSettings>> {
    return this.#settings.update(input, context);
  }

  freeze(reason: string, context: CommandContext): Promise<CommandResult<Freeze>> {
    return this.#settings.freeze(reason, context);
  }

  unfreeze(context: CommandContext): Promise<CommandResult<null>> {
    return this.#settings.unfreeze(context);
  }

  preview(request: PlanRequest, context: CommandContext, options?: PlanJobOptions): Promise<CommandResult<Plan>> {
    return this.#plans.preview(request, context, options);
  }

  whatIf(request: PlanRequest, context: CommandContext, options?: PlanJobOptions): Promise<CommandResult<WhatIf>> {
    return this.#plans.whatIf(request, context, options);
  }

  approve(input: ApproveInput, context: CommandContext): Promise<CommandResult<Operation>> {
    return this.#approval.approve(input, context);
  }

  drain(input: DrainInput, context: CommandContext): Promise<CommandResult<Operation>> {
    return this.#approval.drain(input, context);
  }

  cordon(nodeId: string, context: CommandContext): Promise<CommandResult<Node>> {
    return this.#nodes.cordon(nodeId, context);
  }

  uncordon(nodeId: string, context: CommandContext): Promise<CommandResult<Node>> {
    return this.#nodes.uncordon(nodeId, context);
  }

  activate(nodeId: string, context: CommandContext): Promise<CommandResult<Node>> {
    return this.#nodes.activate(nodeId, context);
  }

  deactivate(input: { nodeId: string; durationMs: number }, context: CommandContext): Promise<CommandResult<Node>> {
    return this.#nodes.deactivate(input, context);
  }

  liftQuarantine(nodeId: string, context: CommandContext): Promise<CommandResult<Node>> {
    return this.#nodes.liftQuarantine(nodeId, context);
  }

  /** What speaks against each action on a node now. */
  nodeChecks(nodeId: string): CommandResult<readonly NodeActionCheck[]> {
    return this.#nodes.checks(nodeId);
  }

  /** What is still on a node that is to be emptied, and why. */
  drainStatus(nodeId: string): Promise<CommandResult<DrainStatus>> {
    return drainStatusOf(this.#resources, nodeId);
  }

  /** What the failure detector knows about a node. */
  nodeLiveness(nodeId: string): CommandResult<NodeLiveness> {
    const facts = this.#observer.watch.facts(nodeId, this.#resources.model.settings.health);
    return facts === null ? notFound('node', nodeId) : ok(facts);
  }

  addNode(input: AddNodeInput, context: CommandContext): Promise<CommandResult<Operation>> {
    return this.#membership.addNode(input, context);
  }

  accept(nodeId: string, context: CommandContext): Promise<CommandResult<Operation>> {
    return this.#membership.accept(nodeId, context);
  }

  decommission(input: { nodeId: string; confirmName: string }, context: CommandContext): Promise<CommandResult<Operation>> {
    return this.#membership.decommission(input, context);
  }

  /** Others take over from a node that is gone, and what it held is copied again. */
  repair(input: RepairInput, context: CommandContext): Promise<CommandResult<Operation>> {
    return this.#repairs.repair(input, context);
  }

  /** What is wrong with shards by the nodes' own word, and what would be done; changes nothing. */
  mendPreview(): Promise<CommandResult<MendPreview>> {
    return this.#mending.preview();
  }

  mendShards(input: MendInput, context: CommandContext): Promise<CommandResult<Operation>> {
    return this.#mending.start(input, context);
  }

  replace(input: ReplaceInput, context: CommandContext): Promise<CommandResult<Operation>> {
    return this.#membership.replace(input, context);
  }

  scaleOut(input: ScaleOutInput, context: CommandContext): Promise<CommandResult<Operation>> {
    return this.#membership.scaleOut(input, context);
  }

  scaleIn(input: { nodeIds: readonly string[]; confirmName: string } & ApproveInput, context: CommandContext): Promise<CommandResult<Operation>> {
    return this.#approval.scaleIn(input, context);
  }

  pause(target: OperationTarget, context: CommandContext): Promise<CommandResult<Operation>> {
    return this.#runner.command(target, 'pause', context);
  }

  resume(target: OperationTarget, context: CommandContext): Promise<CommandResult<Operation>> {
    return this.#runner.command(target, 'resume', context);
  }

  cancel(target: OperationTarget, context: CommandContext): Promise<CommandResult<Operation>> {
    return this.#runner.command(target, 'cancel', context);
  }

  throttle({ throttle, ...target }: OperationTarget & { readonly throttle: Throttle }, context: CommandContext): Promise<CommandResult<Operation>> {
    return this.#runner.command(target, { throttle }, context);
  }

  /** Puts what waits into another order. */
  reorder(operationIds: readonly string[], context: CommandContext): Promise<CommandResult<readonly Operation[]>> {
    return this.#runner.reorder(operationIds, context);
  }

  /** The plan back, made from the operation's journal; nothing moves until it is approved. */
  reverse(target: OperationTarget, context: CommandContext): Promise<CommandResult<Plan>> {
    return this.#approval.reversePlan(target, context);
  }

  async plan(planId: string): Promise<CommandResult<Plan>> {
    const plan = await this.#resources.store.plan(planId);
    if (plan === null || plan.clusterId !== this.clusterId) return notFound('plan', planId);
    const expired = plan.status === 'proposed' && plan.expiresAtMs <= this.#resources.clock.wallMs();
    return ok(expired ? { ...plan, status: 'expired' } : plan);
  }

  plans(page: Page): Promise<PageOf<PlanSummary>> {
    return this.#resources.store.plans(this.clusterId, page);
  }

  /** An open operation with its live progress, an ended one as it was stored. */
  async operation(operationId: string): Promise<CommandResult<Operation>> {
    const open = this.#resources.model.operations.find((operation) => operation.id === operationId);
    const operation = open ?? await this.#resources.store.operation(operationId);
    return operation?.clusterId === this.clusterId ? ok(operation) : notFound('operation', operationId);
  }

  async operations(page: Page): Promise<PageOf<Operation>> {
    const stored = await this.#resources.store.operations(this.clusterId, page);
    const live = new Map(this.#resources.model.operations.map((operation) => [operation.id, operation]));
    return { ...stored, items: stored.items.map((operation) => live.get(operation.id) ?? operation) };
  }

  async moves(operationId: string, range?: { readonly fromIndex: number; readonly limit: number }): Promise<CommandResult<{ readonly moves: readonly MoveRecord[]; readonly total: number }>> {
    const found = await this.operation(operationId);
    if (!found.ok) return found;
    const stored = await this.#resources.store.moves(operationId, range);
    const live = new Map(this.#resources.model.movesInFlight().filter((move) => move.operationId === operationId).map(({ operationId: _, ...move }) => [move.index, move]));
    return ok({ ...stored, moves: stored.moves.map((move) => (move.status === 'copying' ? live.get(move.index) ?? move : move)) });
  }

  events(query: EventQuery): Promise<PageOf<DomainEvent>> {
    return this.#resources.store.events(this.clusterId, query);
  }

  metrics(query: { nodeId: string | null; metrics: readonly Metric[]; fromMs: number; toMs: number; pointsMax: number }): Promise<readonly MetricSeries[]> {
    return this.#resources.store.metrics({ clusterId: this.clusterId, ...query });
  }

  /** A plan made for it, and run at once: the scaler has rehearsed it the moment before. */
  async #scaleIn(nodeIds: readonly string[], context: CommandContext): Promise<CommandResult<Operation>> {
    const { model } = this.#resources;
    const plan = await this.#plans.preview({ strategy: model.settings.rebalancing.strategy, scope: { kind: 'evacuate', nodeIds: [...nodeIds] }, seed: 1 }, { actor: context.actor });
    return plan.ok ? this.#approval.scaleIn({ nodeIds, planId: plan.value.id, confirmName: model.record.name }, context) : plan;
  }

  async #run(): Promise<void> {
    const { clock, model } = this.#resources;
    const { signal } = this.#abort;
    let first = true;
    while (!signal.aborted) {
      const beganMs = clock.monotonicMs();
      try {
        first = await this.#round(first);
      } catch (error) {
        this.#resources.logger.error({ clusterId: this.clusterId, error: String(error), stack: error instanceof Error ? error.stack : undefined }, 'A round of the manager ended by a bug');
      }
      const restMs = Math.max(10, model.settings.observationIntervalMs - (clock.monotonicMs() - beganMs));
      await sleep(clock, restMs, signal).catch((reason: unknown) => {
        if (!signal.aborted) throw reason;
      });
    }
  }

  /** One round. @returns whether the first reading is still to come. */
  async #round(first: boolean): Promise<boolean> {
    const { clock, model } = this.#resources;
    const changes = await this.#observer.observe(this.#abort.signal);
    if (this.#abort.signal.aborted) return first;
    if (changes !== null && first) this.#runner.recover();
    if (changes !== null && first) void this.#plans.practise(this.#abort.signal);
    if (changes !== null) this.#runner.afterReading();
    if (changes !== null) this.nodeSupply.rounds.round();
    await this.#nodes.expireMaintenance();
    for (const pilot of changes === null ? [] : [this.#repairPilot, this.#newcomers]) pilot.decide();
    await restIfLarge(model.state);
    this.#autoPilot.decide(changes, first);
    await restIfLarge(model.state);
    await this.#scaler.round(changes !== null);
    if (changes !== null) await this.#metrics.record(model, Math.round(clock.wallMs()));
    return first && changes === null;
  }
}
