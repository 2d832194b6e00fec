import type { Capabilities } from '@/lib/contract/cluster';
import type { RedisConnection } from '@/lib/contract/connection';
import type { Observation } from '@/lib/contract/observation';
import type { DriverFailure } from '@/lib/contract/operation';
import type { NodeSample } from '@/lib/contract/pacing';
import type { Risk } from '@/lib/contract/plan';
import type { BatchContext, ClusterDriver, DriverStep, ForeseenMove, MoveBatches, MoveTarget, MoveTruth, ShardMending, StepContext, StepOutcome } from '@/lib/drivers/driver';
import { assertNever } from '@/lib/platform/assert';
import type { Clock } from '@/lib/platform/clock';
import type { Outbound } from '@/lib/platform/outbound';
import { err, ok, type Result } from '@/lib/platform/result';
import { ClusterReader } from './cluster-reader';
import type { JobLimits } from './atomic-engine';
import { AtomicMover } from './atomic-mover';
import { Connections } from './connections';
import { driverFailure, failureOf, INTERRUPTED } from './failures';
import { LinkedAbort } from '../linked-abort';
import { Foresight } from './foresight';
import { Membership } from './membership';
import { Promotion } from './promotion';
import { NodeSampler } from './node-sampler';
import { Observer } from './observer';
import { SlotActivity } from './slot-activity';
import { SlotLooker } from './slot-looker';
import { SlotMender } from './slot-mender';
import { SlotMover } from './slot-mover';
import { StrayWatch } from './stray-watch';
import { TruthReader } from './slot-truth';

/** M13: a stopped step answers within 1 s. */
const STOP_MS_MAX = 800;
/** What the journal holds as one piece of work; the mover opens a few slots of it at a time. */
const CLASSIC_BATCH = { movesMax: 256, bytesMax: 16 * 1024 * 1024 };
/** The engine's own migration takes them in jobs of its own size (atomic-engine.ts). */
const ATOMIC_BATCH = { movesMax: 2_048, bytesMax: 256 * 1024 * 1024 };

/**
 * Drives a Redis Cluster (7.0 and newer) or a Valkey cluster through its own commands.
 * Keeps nothing but connections, what rates need of the reading before, and the highest
 * epoch that gave it a step; see README.md for the map of its files.
 */
export class RedisClusterDriver implements ClusterDriver {
  readonly kind = 'redis-cluster';
  readonly #connection: RedisConnection;
  readonly #connections: Connections;
  readonly #clock: Clock;
  readonly #reader: ClusterReader;
  readonly #activity: SlotActivity;
  readonly #observer: Observer;
  readonly #mover: SlotMover;
  readonly #membership: Membership;
  readonly #promotion: Promotion;
  readonly #sampler: NodeSampler;
  readonly mending: ShardMending;
  readonly #foresight: Foresight;
  readonly #closing = new AbortController();
  readonly #steps = new Set<Promise<unknown>>();
  #epoch = 0;

  constructor(options: { connection: RedisConnection; clock: Clock; outbound: Outbound; /** Addresses of members found by other means than the connection's seeds. */ moreSeeds?: () => readonly string[];
    /** Other sizes of the engines' jobs than their own, for measuring. */
    atomicJobs?: Partial<JobLimits>; }) {
    const { connection, clock, moreSeeds } = options;
    this.#connection = connection;
    this.#clock = clock;
    this.#connections = new Connections(options);
    this.#reader = new ClusterReader({ connection, clock, connections: this.#connections, moreSeeds });
    this.#activity = new SlotActivity(clock);
    const truths = new TruthReader({ reader: this.#reader, connections: this.#connections, clock, timeoutMs: connection.commandTimeoutMs });
    const strays = new StrayWatch({ clock, connections: this.#connections, reader: this.#reader, activity: this.#activity, timeoutMs: connection.commandTimeoutMs });
    this.#observer = new Observer({ connection, clock, connections: this.#connections, reader: this.#reader, activity: this.#activity, strays });
    this.#mover = new SlotMover({ connection, clock, truths, connections: this.#connections, reader: this.#reader, activity: this.#activity, atomic: new AtomicMover(clock, options.atomicJobs) });
    this.#membership = new Membership({ connection, clock, connections: this.#connections, reader: this.#reader });
    this.#promotion = new Promotion({ connection, clock, connections: this.#connections, reader: this.#reader });
    this.#sampler = new NodeSampler({ connection, clock, connections: this.#connections, reader: this.#reader });
    const looking = { truths, reader: this.#reader, connections: this.#connections, activity: this.#activity, clock, timeoutMs: connection.commandTimeoutMs, strays };
    const looker = new SlotLooker(looking);
    const mender = new SlotMender({ ...looking, connection, looker, mover: this.#mover });
    this.mending = {
      look: async (asked) => asked.signal.aborted || this.#closing.signal.aborted ? err(INTERRUPTED) : await looker.look(asked),
      mend: async (order, context) => {
        const refused = this.#admit(context);
        return refused === null ? await this.#tracked(context.signal, (signal) => mender.mend(order, { ...context, signal }), err(INTERRUPTED)) : err(refused);
      },
    };
    this.#foresight = new Foresight({ connection, connections: this.#connections, reader: this.#reader, activity: this.#activity });
  }

  /** Client libraries ask for the map at every MOVED, and some (ioredis) every 5 s besides. */
  readonly clientsFollowWithinMs = 7_000;

  get capabilities(): Capabilities {
    return {
      replication: 'followers', moveShard: true, transferPrimary: false, addNode: true, addNodeNeeds: 'address', removeNode: true, repair: false, mendShards: true,
      loadPerShard: this.#observer.loadPerShard,
    };
  }

  async observe({ detail, signal }: { detail: 'nodes' | 'full'; signal: AbortSignal }): Promise<Result<Observation, DriverFailure>> {
    const abort = new LinkedAbort(signal, this.#closing.signal);
    try {
      return abort.signal.aborted ? err(INTERRUPTED) : await this.#observer.observe({ detail, signal: abort.signal });
    } finally {
      abort[Symbol.dispose]();
    }
  }

  async probe(nodeId: string, signal: AbortSignal): Promise<Result<{ answerMs: number }, DriverFailure>> {
    if (signal.aborted || this.#closing.signal.aborted) return err(INTERRUPTED);
    const endpoint = this.#reader.endpointOf(nodeId);
    if (endpoint === null) return err(failureOf('node-down', `Node ${nodeId.slice(0, 40)} is not known`));
    const client = this.#connections.fresh(endpoint);
    const beganAtMs = this.#clock.monotonicMs();
    try {
      const reply = await client.call(['PING'], { timeoutMs: this.#connection.commandTimeoutMs });
      // LOADING, BUSY or NOAUTH are answers too: the process is there.
      if (reply.ok || reply.error.kind === 'error-reply') return ok({ answerMs: this.#clock.monotonicMs() - beganAtMs });
      return err(driverFailure(reply.error, `${client.address}: PING`));
    } finally {
      client.close();
    }
  }

  get batches(): MoveBatches {
    const { atomic } = this.#reader;
    const { movesMax, bytesMax } = atomic === null ? CLASSIC_BATCH : ATOMIC_BATCH;
    return { movesMax, bytesMax, execute: (moves, context) => this.#executeBatch(moves, context) };
  }

  async execute(step: DriverStep, context: StepContext): Promise<Result<StepOutcome, DriverFailure>> {
    const refused = this.#admit(context);
    if (refused !== null) return err(refused);
    return await this.#tracked(context.signal, (signal) => this.#run(step, { ...context, signal }), err(INTERRUPTED));
  }

  async #executeBatch(moves: readonly MoveTarget[], context: BatchContext): Promise<readonly Result<StepOutcome, DriverFailure>[]> {
    const refused = this.#admit(context);
    if (refused !== null) return moves.map(() => err(refused));
    return await this.#tracked(context.signal, (signal) => this.#mover.moveBatch(moves, { ...context, signal }), moves.map(() => err(INTERRUPTED)));
  }

  #admit(context: Pick<StepContext, 'signal' | 'epoch'>): DriverFailure | null {
    if (this.#closing.signal.aborted) return failureOf('interrupted', 'The driver is closed');
    if (context.signal.aborted) return INTERRUPTED;
    if (context.epoch < this.#epoch) return failureOf('stale-epoch', `A manager with epoch ${this.#epoch} acts on this cluster; ${context.epoch} is outdated`);
    this.#epoch = context.epoch;
    return null;
  }

  async #tracked<T>(stop: AbortSignal, run: (signal: AbortSignal) => Promise<T>, interrupted: T): Promise<T> {
    const abort = new LinkedAbort(stop, this.#closing.signal);
    const work = this.#withinSecond(run(abort.signal), abort.signal, interrupted);
    this.#steps.add(work);
    try {
      return await work;
    } finally {
      this.#steps.delete(work);
      // What runs on behind an early answer keeps its (already aborted) signal.
      abort[Symbol.dispose]();
    }
  }

  async sampleNodes(nodeIds: readonly string[], signal: AbortSignal): Promise<readonly NodeSample[]> {
    return this.#closing.signal.aborted ? [] : await this.#sampler.sample(nodeIds, signal);
  }

  async foresee(moves: readonly ForeseenMove[], signal: AbortSignal): Promise<Result<readonly Risk[], DriverFailure>> {
    return signal.aborted || this.#closing.signal.aborted ? err(INTERRUPTED) : await this.#foresight.foresee(moves, signal);
  }

  async inspectMove(move: MoveTarget, signal: AbortSignal): Promise<Result<MoveTruth, DriverFailure>> {
    if (signal.aborted || this.#closing.signal.aborted) return err(INTERRUPTED);
    return await this.#mover.inspect(move);
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('The driver is closing'));
    await Promise.allSettled([...this.#steps]);
    this.#connections.close();
  }

  /**
   * A stopped step ends at its next safe point. Where that is far (a huge value on its
   * way, a node that hangs) the answer comes all the same; the slot stays reserved until
   * the command under way has ended, so nothing can overtake it.
   */
  async #withinSecond<T>(work: Promise<T>, signal: AbortSignal, interrupted: T): Promise<T> {
    return await new Promise((resolve, reject) => {
      let timer: Disposable | null = null;
      const onAbort = () => { timer = this.#clock.after(STOP_MS_MAX, () => { resolve(interrupted); }); };
      signal.addEventListener('abort', onAbort, { once: true });
      work.then(resolve, reject).finally(() => {
        signal.removeEventListener('abort', onAbort);
        timer?.[Symbol.dispose]();
      });
    });
  }

  async #run(step: DriverStep, context: StepContext): Promise<Result<StepOutcome, DriverFailure>> {
    switch (step.kind) {
      case 'move': return await this.#mover.move(step, context);
      case 'revert-move': return await this.#mover.revert(step, context);
      case 'transfer': return err(failureOf('not-supported', 'Redis Cluster gives the primary role of a slot away only with the slot; promote a follower by CLUSTER FAILOVER'));
      case 'add-node': return await this.#membership.add(step, context.signal);
      case 'promote-follower': return await this.#promotion.promote(step, context.signal);
      case 'verify-empty': return await this.#membership.verifyEmpty(step.nodeId, context.signal);
      case 'fail-over': return err(failureOf('not-supported', 'Redis Cluster fails over by itself'));
      case 'remove-node': return await this.#membership.remove(step.nodeId, context.signal, { lost: step.lost === true });
      default: return assertNever(step);
    }
  }
}
