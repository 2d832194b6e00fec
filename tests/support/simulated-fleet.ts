/**
 * A whole fleet on virtual time: real managers, real planner, the simulator as the
 * cluster, storage in memory. The cluster and the store outlive a fleet, so a test can
 * let one manager die and another take over.
 */
import { SimulatorConnectionSchema, type SimulatorConnection } from '@/lib/contract/connection';
import type { DomainEvent, ShardMoved } from '@/lib/contract/events';
import type { Operation } from '@/lib/contract/operation';
import type { Plan, PlanRequest } from '@/lib/contract/plan';
import type { ClusterSettings } from '@/lib/contract/settings';
import { openDriver } from '@/lib/drivers/simulator/create-simulator';
import { PhantomCluster } from '@/lib/drivers/simulator/phantom-cluster';
import { primaryNodeIdOf } from '@/lib/contract/shard-table';
import { SimulatedProcesses } from '@/lib/drivers/simulator/simulated-processes';
import { Catalogue } from '@/lib/provisioners/catalogue';
import type { ProvisionerCatalogue } from '@/lib/manager/ports';
import type { CommandContext, CommandResult } from '@/lib/manager/commands';
import type { ElasticScalingManager } from '@/lib/manager/elastic-scaling-manager';
import { Fleet } from '@/lib/manager/fleet';
import { planInPlace, type Planner } from '@/lib/manager/planner';
import { createNextId } from '@/lib/platform/ids';
import { createRandom } from '@/lib/platform/random';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { OutboundRule } from '@/lib/server/outbound-rule';
import { AbsentableStore } from './absentable-store';

export const OPERATOR: CommandContext = { actor: { kind: 'operator', name: 'ada' } };

export class SimulatedFleet {
  readonly clock = new VirtualClock();
  readonly store = new AbsentableStore(this.clock);
  readonly events: DomainEvent[] = [];
  readonly moved: ShardMoved[] = [];
  readonly problems: string[] = [];
  readonly #random = createRandom('simulated-fleet');
  readonly #nextId = createNextId({ wallMs: () => this.clock.wallMs(), random: () => this.#random.next() });
  #cluster: PhantomCluster | null = null;
  /** As in the product; a test may put another one in its place before it opens a fleet. */
  provisioners: ProvisionerCatalogue = new Catalogue({
    config: {}, clock: this.clock, outbound: new OutboundRule(), dataDir: '/nowhere', machinesOf: () => (this.#cluster === null ? null : new SimulatedProcesses(this.#cluster)), issueToken: () => Promise.resolve(null),
  });
  /** What makes the plans from now on. */
  planner: Planner = planInPlace;
  fleet!: Fleet;

  static async start(connection: Partial<SimulatorConnection> = {}): Promise<SimulatedFleet> {
    const rig = new SimulatedFleet();
    rig.fleet = await rig.openFleet();
    const wanted = SimulatorConnectionSchema.parse({ kind: 'simulator', ...connection });
    const connecting = rig.fleet.connect({ name: 'Simulated', environment: 'development', connection: wanted }, OPERATOR);
    await rig.clock.advance(1_000);
    valueOf(await connecting);
    return rig;
  }

  /** One more fleet over the same store and cluster: it takes over with a higher epoch. */
  async openFleet(): Promise<Fleet> {
    return Fleet.open({
      store: this.store,
      clock: this.clock,
      nextId: this.#nextId,
      random: this.#random.fork('fleet'),
      createDriver: (connection) => {
        if (connection.kind !== 'simulator') throw new Error('Only simulators here');
        this.#cluster ??= PhantomCluster.create(connection);
        return openDriver({ cluster: this.#cluster, clock: this.clock, speed: connection.speed }).driver;
      },
      provisioners: this.provisioners,
      planner: { plan: (job, options) => this.planner.plan(job, options), close: () => this.planner.close() },
      publisher: {
        clusterChanged: () => undefined,
        clusterGone: () => undefined,
        eventAppended: (event) => { this.events.push(event); },
        shardMoved: (moved) => { this.moved.push(moved); },
      },
      logger: {
        info: () => undefined,
        warn: (fields, message) => { this.problems.push(`warn: ${message} ${JSON.stringify(fields)}`); },
        error: (fields, message) => { this.problems.push(`error: ${message} ${JSON.stringify(fields)}`); },
      },
    });
  }

  get manager(): ElasticScalingManager {
    return this.fleet.managers()[0]!;
  }

  get cluster(): PhantomCluster {
    return this.#cluster!;
  }

  /** Awaits a command while virtual time passes, as commands wait for storage and drivers. */
  async run<T>(command: Promise<CommandResult<T>>): Promise<T> {
    let settled = false;
    const done = command.finally(() => { settled = true; });
    await this.clock.advanceUntil(() => settled, 60_000);
    return valueOf(await done);
  }

  preview(request: Partial<PlanRequest> = {}): Promise<Plan> {
    return this.run(this.manager.preview({ strategy: 'load-based', scope: { kind: 'cluster' }, seed: 1, ...request }, OPERATOR));
  }

  /** Runs until the operation has ended, at most `limitMs` of virtual time. */
  async untilEnded(operationId: string, limitMs = 3_600_000): Promise<Operation> {
    await this.clock.advanceUntil(() => !this.manager.view().summary.operations.some((operation) => operation.id === operationId), limitMs);
    return this.run(this.manager.operation(operationId));
  }

  /** Approves a plan and waits until so many of its moves are done. */
  async begin(plan: Plan, movesDone = 0): Promise<Operation> {
    const operation = await this.run(this.manager.approve({ planId: plan.id }, OPERATOR));
    await this.clock.advanceUntil(() => this.open(operation.id)?.status === 'running' && (this.open(operation.id)?.progress.movesDone ?? 0) >= movesDone, 120_000);
    return operation;
  }

  /** The operation as the console shows it while it is open. */
  open(operationId: string): Operation | undefined {
    return this.manager.view().summary.operations.find((operation) => operation.id === operationId);
  }

  /** Somebody else, with tools of their own, moves a replica. */
  async moveByHand(shardId: number, sourceNodeId: string, targetNodeId: string): Promise<void> {
    const role = primaryNodeIdOf(this.manager.view().shards, shardId) === sourceNodeId ? 'primary' : 'secondary';
    const started = this.cluster.steps.startMove({ shardId, role, sourceNodeId, targetNodeId }, null);
    if (!started.ok) throw new Error(started.error.message);
    const { run } = started.value;
    await this.clock.advanceUntil(() => {
      this.cluster.core.catchUp();
      return run.ended !== null;
    }, 60_000);
    if (run.ended?.ok !== true) throw new Error(`The move by hand failed: ${JSON.stringify(run.ended)}`);
  }

  /** The manager ends at its safe points and another one begins, over the same storage and cluster. */
  async restart(): Promise<void> {
    await this.close();
    this.fleet = await this.openFleet();
    await this.clock.advance(1_000);
  }

  async change(edit: (settings: ClusterSettings) => ClusterSettings): Promise<void> {
    const { generation, settings } = this.manager.settings();
    await this.run(this.manager.updateSettings({ generation, settings: edit(settings) }, OPERATOR));
  }

  typesOf(): string[] {
    return this.events.map((event) => event.type);
  }

  async close(): Promise<void> {
    let closed = false;
    const closing = this.fleet.close().finally(() => { closed = true; });
    await this.clock.advanceUntil(() => closed, 60_000);
    await closing;
  }
}

export function valueOf<T>(result: CommandResult<T>): T {
  if (!result.ok) throw new Error(`Refused: ${JSON.stringify(result.error)}`);
  return result.value;
}
