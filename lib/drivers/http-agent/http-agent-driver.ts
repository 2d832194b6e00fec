import type { Capabilities } from '@/lib/contract/cluster';
import { shardCountOf } from '@/lib/contract/sharding';
import type { Observation } from '@/lib/contract/observation';
import type { DriverFailure } from '@/lib/contract/operation';
import type { ClusterDriver, DriverStep, LossForecast, MoveTarget, MoveTruth, StepContext, StepOutcome } from '@/lib/drivers/driver';
import { assertNever } from '@/lib/platform/assert';
import type { Clock } from '@/lib/platform/clock';
import type { Outbound } from '@/lib/platform/outbound';
import { err, ok, type Result } from '@/lib/platform/result';
import { LinkedAbort } from '../linked-abort';
import type { AgentCluster } from './agent-cluster';
import type { AgentHub } from './agent-hub';
import { Failover } from './fail-over';
import { failureOf, INTERRUPTED } from './failures';
import { Leftovers } from './leftovers';
import { Membership } from './membership';
import { probeAgent } from './probe';
import { Reader } from './reading';
import { ReturnedNodes } from './returned-nodes';
import { ShardMover } from './shard-mover';
import { ShardView } from './shard-view';

export const HTTP_AGENT_CAPABILITIES: Capabilities = {
  replication: 'per-shard', moveShard: true, transferPrimary: true, addNode: true, addNodeNeeds: 'address', removeNode: true, repair: true, mendShards: false, loadPerShard: 'measured',
};

export interface HttpAgentDriverOptions {
  readonly hub: AgentHub;
  readonly cluster: AgentCluster;
  readonly clock: Clock;
  readonly outbound: Outbound;
  /** Makes the keys of orders: unique over restarts. */
  readonly nextKey: () => string;
}

/** Drives any database whose nodes run an agent (docs/agent-protocol.md). Keeps nothing but the last word of each node. */
export class HttpAgentDriver implements ClusterDriver {
  readonly kind = 'http-agent';
  readonly capabilities = HTTP_AGENT_CAPABILITIES;
  readonly #cluster: AgentCluster;
  readonly #reader: Reader;
  readonly #mover: ShardMover;
  readonly #membership: Membership;
  readonly #failover: Failover;
  readonly #returned: ReturnedNodes;
  readonly #leftovers: Leftovers;
  readonly #closing = new AbortController();
  readonly #steps = new Set<Promise<unknown>>();

  constructor(private readonly options: HttpAgentDriverOptions) {
    const { cluster, clock, nextKey } = options;
    const { sharding, replicationFactor } = cluster.connection;
    this.#cluster = cluster;
    const view = new ShardView({ shardCount: shardCountOf(sharding), replicationFactor });
    this.#failover = new Failover({ cluster, view, nextKey });
    this.#returned = new ReturnedNodes({ cluster, view, nextKey, isFailingOver: (nodeId) => this.#failover.isRunning(nodeId) });
    this.#leftovers = new Leftovers({ cluster, view, nextKey });
    this.#reader = new Reader({
      cluster, view, clock,
      onReturned: (session) => { this.#beside((signal) => this.#returned.settle(session, signal)); },
      onHeld: (reports) => {
        for (const { session, leftovers } of this.#leftovers.note(reports)) this.#beside((signal) => this.#leftovers.drop(session, leftovers, signal));
      },
    });
    this.#mover = new ShardMover({ cluster, view, nextKey });
    this.#membership = new Membership({ cluster, view, clock, nextKey });
  }

  async observe({ detail, signal }: { detail: 'nodes' | 'full'; signal: AbortSignal }): Promise<Result<Observation, DriverFailure>> {
    return await this.#during(signal, (linked) => this.#reader.read(detail, linked));
  }

  async probe(nodeId: string, signal: AbortSignal): Promise<Result<{ answerMs: number }, DriverFailure>> {
    const { clock, outbound } = this.options;
    return await this.#during(signal, async (linked) => {
      const session = this.#cluster.session(nodeId);
      if (session === null) return err(failureOf('node-down', `Node ${nodeId.slice(0, 40)} is not known`));
      return await probeAgent({ address: session.record.address, nodeId, timeoutMs: this.#cluster.connection.answerTimeoutMs, clock, outbound, signal: linked });
    });
  }

  async execute(step: DriverStep, context: StepContext): Promise<Result<StepOutcome, DriverFailure>> {
    return await this.#during(context.signal, (signal) => {
      if (!this.#cluster.raiseEpoch(context.epoch)) return Promise.resolve(err(failureOf('stale-epoch', `A manager with a higher epoch than ${context.epoch} acts on this cluster`)));
      return this.#run(step, { ...context, signal });
    });
  }

  /** Beside the readings: a node that comes back with thousands of shards delays nobody. */
  #beside(work: (signal: AbortSignal) => Promise<void>): void {
    const working = work(this.#closing.signal).finally(() => { this.#steps.delete(working); });
    this.#steps.add(working);
  }

  takeAuthority(epoch: number): void {
    this.#cluster.raiseEpoch(epoch);
  }

  async foreseeLoss(nodeId: string, signal: AbortSignal): Promise<Result<LossForecast, DriverFailure>> {
    return await this.#during(signal, (linked) => this.#failover.foresee(nodeId, linked));
  }

  async inspectMove(move: MoveTarget, signal: AbortSignal): Promise<Result<MoveTruth, DriverFailure>> {
    return await this.#during(signal, (linked) => this.#mover.inspect(move, linked));
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new Error('The driver is closing'));
    await Promise.allSettled([...this.#steps]);
    this.options.hub.close(this.#cluster);
  }

  async #run(step: DriverStep, context: StepContext): Promise<Result<StepOutcome, DriverFailure>> {
    switch (step.kind) {
      case 'move': return await this.#mover.move(step, context);
      case 'revert-move': return await this.#mover.revert(step, context);
      case 'transfer': return await this.#mover.transfer(step, context);
      case 'add-node': return await this.#membership.add(step);
      case 'verify-empty': return await this.#membership.verifyEmpty(step.nodeId, context.signal);
      case 'fail-over': return await this.#failover.run(step.nodeId, step, context);
      case 'remove-node': return step.lost === true ? await this.#membership.removeLost(step.nodeId) : await this.#membership.remove(step.nodeId, context.signal);
      case 'promote-follower': return err(failureOf('not-supported', 'Agents have no followers: transfer the shards one by one'));
      default: return assertNever(step);
    }
  }

  /** Runs work that ends with the caller's signal and with the driver. */
  async #during<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<Result<T, DriverFailure>>): Promise<Result<T, DriverFailure>> {
    if (signal.aborted || this.#closing.signal.aborted) return err(INTERRUPTED);
    const abort = new LinkedAbort(signal, this.#closing.signal);
    const running = this.#whenReady().then((ready) => (ready.ok ? work(abort.signal) : ready));
    this.#steps.add(running);
    try {
      return await running;
    } finally {
      this.#steps.delete(running);
      abort[Symbol.dispose]();
    }
  }

  async #whenReady(): Promise<Result<null, DriverFailure>> {
    try {
      await this.#cluster.ready();
      return ok(null);
    } catch (error) {
      return err(failureOf('connection-lost', `The enrolled agents cannot be read from the database: ${error instanceof Error ? error.message : String(error)}`, true));
    }
  }
}
