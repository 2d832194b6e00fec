/** All clusters of this server: who connects them, keeps their managers and takes them over after a restart. */
import type { ClusterSummary, ConnectCluster, ConnectionTest } from '@/lib/contract/cluster';
import type { Connection } from '@/lib/contract/connection';
import type { DriverFailure } from '@/lib/contract/operation';
import type { Observation } from '@/lib/contract/observation';
import { ObservationSchema } from '@/lib/contract/observation';
import type { Refusal, RefusalCode } from '@/lib/contract/plan';
import { DEFAULT_SETTINGS, firstSettingsOf, type VersionedSettings } from '@/lib/contract/settings';
import type { ClusterRecord, Store } from '@/lib/contract/storage';
import { applyObservation } from '@/lib/core/cluster/apply-observation';
import type { ClusterDriver } from '@/lib/drivers/driver';
import type { Clock } from '@/lib/platform/clock';
import type { NextId } from '@/lib/platform/ids';
import type { Random } from '@/lib/platform/random';
import { err, ok, type Result } from '@/lib/platform/result';
import { ClusterModel } from './cluster-model';
import { viewOf } from './cluster-view';
import { failureOfStore, notFound, refusal, refused, type CommandContext, type CommandResult } from './commands';
import { ElasticScalingManager } from './elastic-scaling-manager';
import type { ManagerLogger } from './manager-logger';
import { NodeWatch } from './node-watch';
import type { Planner } from './planner';
import type { CreateDriver, ProvisionerCatalogue, Publisher } from './ports';

export interface FleetOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly nextId: NextId;
  readonly random: Random;
  readonly createDriver: CreateDriver;
  readonly provisioners: ProvisionerCatalogue;
  readonly planner: Planner;
  readonly publisher: Publisher;
  readonly logger: ManagerLogger;
}

const CONNECT_TIMEOUT_MS = 15_000;
/** How often storage drops what its retention no longer covers. */
const PRUNE_EVERY_MS = 3_600_000;
const CLUSTERS_MAX = 64;

export class Fleet {
  readonly #managers = new Map<string, ElasticScalingManager>();
  #connecting: Promise<unknown> = Promise.resolve();
  #pruning: Disposable | null = null;

  private constructor(private readonly options: FleetOptions) {}

  /** Takes over every stored cluster (a higher epoch fences any manager before) and starts its manager. */
  static async open(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options);
    for (const stored of await options.store.clusters()) {
      const record: ClusterRecord = { ...stored, epoch: stored.epoch + 1 };
      const taken = await options.store.commit([{ kind: 'take-over', clusterId: record.id, expectedEpoch: stored.epoch, epoch: record.epoch }]);
      if (!taken.ok) {
        options.logger.error({ clusterId: record.id, conflict: taken.error }, 'Another manager is taking this cluster over; it is left alone');
        continue;
      }
      await fleet.#start(record, options.createDriver(record.connection, { clusterId: record.id }));
    }
    fleet.#pruneLater();
    return fleet;
  }

  /** Oldest first. */
  managers(): readonly ElasticScalingManager[] {
    return [...this.#managers.values()];
  }

  manager(clusterId: string): ElasticScalingManager | null {
    return this.#managers.get(clusterId) ?? null;
  }

  async managerOfPlan(planId: string): Promise<ElasticScalingManager | null> {
    const clusterId = await this.options.store.clusterOfPlan(planId);
    return clusterId === null ? null : this.manager(clusterId);
  }

  async managerOfOperation(operationId: string): Promise<ElasticScalingManager | null> {
    const operation = await this.options.store.operation(operationId);
    return operation === null ? null : this.manager(operation.clusterId);
  }

  /** Reads the cluster once; kept only when that succeeds, it is not connected yet and the name is free. */
  connect(input: ConnectCluster, context: CommandContext): Promise<CommandResult<ClusterSummary>> {
    const run = this.#connecting.then(() => this.#connect(input, context));
    this.#connecting = run;
    return run;
  }

  /** Reads the cluster once and keeps nothing. */
  async testConnection(connection: Connection): Promise<CommandResult<ConnectionTest>> {
    const { clock, nextId } = this.options;
    const driver = this.options.createDriver(connection, { clusterId: nextId('test') });
    const beganMs = clock.monotonicMs();
    try {
      const read = await this.#read(driver);
      if (!read.ok) return refused(refusalOfDriver(read.error));
      const { engine, nodes, shards, warnings } = read.value;
      return ok({ reachable: true, engine, nodeCount: nodes.length, shardCount: shards?.shardCount ?? 0, warnings, latencyMs: clock.monotonicMs() - beganMs });
    } finally {
      await driver.close();
    }
  }

  /** Forgets the cluster; the cluster itself is not touched. Moves under way stop at their safe point first. */
  async disconnect(clusterId: string, context: CommandContext): Promise<CommandResult<null>> {
    const manager = this.#managers.get(clusterId);
    if (manager === undefined) return notFound('cluster', clusterId);
    const open = manager.view().summary.operations.filter((operation) => operation.status !== 'pending');
    if (open.length > 0) return refused(refusal('operation-running', 'An operation is running: cancel it first, so that no move is left half-way'));
    this.#managers.delete(clusterId);
    await manager.close();
    const committed = await this.options.store.commit([{ kind: 'delete-cluster', clusterId }, ...(context.alsoCommit?.(null) ?? [])]);
    if (!committed.ok) {
      const stored = (await this.options.store.clusters()).find((record) => record.id === clusterId);
      if (stored !== undefined) await this.#start(stored, this.options.createDriver(stored.connection, { clusterId }));
      return err(failureOfStore(committed.error));
    }
    this.options.publisher.clusterGone(clusterId);
    return ok(null);
  }

  async close(): Promise<void> {
    this.#pruning?.[Symbol.dispose]();
    await this.#connecting;
    await Promise.all(this.managers().map((manager) => manager.close()));
    this.#managers.clear();
  }

  #pruneLater(): void {
    const { clock, store, logger } = this.options;
    this.#pruning = clock.after(PRUNE_EVERY_MS, () => {
      store.prune(Math.round(clock.wallMs())).catch((error: unknown) => { logger.warn({ error: String(error) }, 'Old records were not dropped'); });
      this.#pruneLater();
    });
  }

  async #connect(input: ConnectCluster, context: CommandContext): Promise<CommandResult<ClusterSummary>> {
    const { nextId, clock, store } = this.options;
    if (this.#managers.size >= CLUSTERS_MAX) return refused(refusal('not-supported', `At most ${CLUSTERS_MAX} clusters`, { numbers: { clustersMax: CLUSTERS_MAX } }));
    if (this.managers().some((manager) => manager.view().summary.name === input.name)) {
      return refused(refusal('duplicate-name', `There is a cluster named "${input.name}" already`));
    }
    const clusterId = nextId('cluster');
    const driver = this.options.createDriver(input.connection, { clusterId });
    const read = await this.#read(driver);
    const obstacle = read.ok ? this.#duplicateOf(input.connection, read.value) : refusalOfDriver(read.error);
    if (!read.ok || obstacle !== null) {
      await driver.close();
      return refused(...(obstacle === null ? [] : [obstacle]));
    }
    const record: ClusterRecord = { id: clusterId, name: input.name, environment: input.environment, connection: input.connection, createdAtMs: Math.round(clock.wallMs()), freeze: null, epoch: 1 };
    const settings: VersionedSettings = { generation: 1, settings: firstSettingsOf(input.connection.kind) };
    const summary = firstSummary(record, settings, driver, read.value, clock);
    const committed = await store.commit([
      { kind: 'insert-cluster', cluster: record, settings },
      { kind: 'append-event', event: {
        id: nextId('event'), clusterId, sequence: 1, type: 'cluster.connected', atMs: record.createdAtMs, actor: context.actor, severity: 'notice',
        message: `${input.name} connected (${input.connection.kind})`, nodeId: null, shardId: null, planId: null, operationId: null, data: { kind: input.connection.kind },
      } },
      ...(context.alsoCommit?.(summary) ?? []),
    ]);
    if (!committed.ok) {
      await driver.close();
      return err(failureOfStore(committed.error));
    }
    const manager = await this.#start(record, driver);
    await manager.firstReading();
    return ok(summary);
  }

  async #start(record: ClusterRecord, driver: ClusterDriver): Promise<ElasticScalingManager> {
    const { store, clock, nextId, planner, publisher, logger, random, provisioners } = this.options;
    const settings = await store.settings(record.id) ?? { generation: 1, settings: DEFAULT_SETTINGS };
    const manager = await ElasticScalingManager.start({ record, settings, driver, provisioners, planner, store, clock, random: random.fork(record.id), nextId, publisher, logger });
    this.#managers.set(record.id, manager);
    return manager;
  }

  async #read(driver: ClusterDriver): Promise<Result<Observation, DriverFailure>> {
    const abort = new AbortController();
    const timer = this.options.clock.after(CONNECT_TIMEOUT_MS, () => { abort.abort(new Error('timeout')); });
    const read = await driver.observe({ detail: 'full', signal: abort.signal });
    timer[Symbol.dispose]();
    if (!read.ok) return read;
    const parsed = ObservationSchema.safeParse(read.value);
    return parsed.success ? ok(parsed.data) : err({ code: 'unexpected', message: `Malformed reading: ${parsed.error.issues[0]?.message ?? 'unknown'}`, retryable: false });
  }

  /** The same engine cluster must not have two managers: told by shared node ids of the engine. */
  #duplicateOf(connection: Connection, observation: Observation): Refusal | null {
    if (connection.kind === 'simulator') return null;
    const ids = new Set(observation.nodes.map((node) => node.id));
    for (const manager of this.#managers.values()) {
      const { summary, nodes } = manager.view();
      if (summary.kind !== connection.kind) continue;
      const shared = nodes.filter((node) => ids.has(node.id)).length;
      if (shared > 0) return refusal('duplicate-cluster', `This cluster is connected already, as "${summary.name}": ${shared} nodes are the same`, { numbers: { sharedNodes: shared } });
    }
    return null;
  }
}

/** Failures of a first reading that have a name of their own; all others mean that nobody answered. */
const CONNECT_REFUSALS: Partial<Record<DriverFailure['code'], RefusalCode>> = {
  'authentication-failed': 'authentication-failed',
  'not-a-cluster': 'not-a-cluster',
  'not-supported': 'not-supported',
  'refused-by-engine': 'engine-refused',
};

/** A failed reading as a refusal of the connection. */
function refusalOfDriver(failure: DriverFailure): Refusal {
  return refusal(CONNECT_REFUSALS[failure.code] ?? 'unreachable', failure.message.slice(0, 500));
}

const NOBODY: Publisher = { clusterChanged: () => undefined, eventAppended: () => undefined, shardMoved: () => undefined, clusterGone: () => undefined };

/** The cluster as its first reading shows it: what a connect answers, known before it is stored (D1). */
function firstSummary(record: ClusterRecord, settings: VersionedSettings, driver: ClusterDriver, observation: Observation, clock: Clock): ClusterSummary {
  const model = new ClusterModel(record, settings, driver.capabilities, clock, NOBODY);
  const { health, observationIntervalMs } = settings.settings;
  const watch = new NodeWatch(clock, driver);
  const heard = watch.hear(observation.nodes, { known: model.nodes, settings: health, readingIntervalMs: observationIntervalMs, frozen: false });
  const now = { nowMs: Math.round(clock.wallMs()), monotonicMs: clock.monotonicMs() };
  model.replaceState(applyObservation(model.state, { ...observation, nodes: heard.nodes }, { ...now, wishes: model.wishes, verdicts: heard.verdicts, flags: heard.flags }).state);
  watch[Symbol.dispose]();
  return viewOf(model).summary;
}
