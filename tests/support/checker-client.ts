import { Cluster, type Redis } from 'ioredis';
import type { RedisAccess } from '../../scripts/redis/redis-process';
import { ClosedConnections } from './closed-connections';
import { FLAWLESS, filledLedger, LEDGERS, LEDGER_KINDS, type Ledger, type LedgerKind, type Verdict } from './checker-ledgers';

export interface CheckedCluster {
  readonly seeds: readonly string[];
  readonly access: RedisAccess;
}

export interface CheckerOptions {
  /** Operations per second over all workers; reached as far as the cluster answers. */
  readonly operationsPerSecond: number;
  readonly workers?: number;
  /** Keys of each kind and worker; nobody else writes them. */
  readonly keysPerWorker?: number;
  readonly kinds?: readonly LedgerKind[];
  /** Keys that others filled in and that are read as well, one read for every operation of ours. */
  readonly filled?: { readonly keys: number; readonly nameOf: (n: number) => string };
  /** Ends by itself after this time, whoever forgot to stop it. */
  readonly durationMsMax?: number;
  /** First part of all key names, so that several checkers may share a cluster. */
  readonly prefix?: string;
  /**
   * Nodes leave during the run. A connection that its node ends on leaving may have a command
   * on the way, which no server can spare a client; every cluster client sends that command
   * again by a fresh map (ioredis: retryDelayOnFailover, on by default), and so does this one
   * then. A write that had taken effect before would count as duplicated, and a connection
   * ended by a node that is a member to the end counts as an error.
   */
  readonly nodesLeave?: boolean;
}

export interface PhaseLatency {
  readonly operations: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** Fresh maps of the slots that the client fetched meanwhile. */
  readonly refreshes: number;
}

export interface CheckerReport extends Verdict {
  readonly acknowledged: number;
  /** Reads during the run that were older than an acknowledged write of the same client. */
  readonly stale: number;
  /** Errors that the cluster client did not handle by itself: all but MOVED, ASK and TRYAGAIN. */
  readonly clientErrors: number;
  /** The first of them, for the failure message of a test. */
  readonly errors: readonly string[];
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The same per phase, by the name given to `phase`. */
  readonly phases: Readonly<Record<string, PhaseLatency>>;
}

const CATCH_UP_MS_MAX = 1_000;
const LEFT_RETRY_MS = 20;

/**
 * Writes with a memory: see checker-ledgers.ts for what is written. Latency is counted
 * from the moment an operation was due when an earlier one of the same worker held it
 * up, so that a stall counts for all that it delays.
 */
export class CheckerClient {
  readonly #cluster: Cluster;
  readonly #workers: Worker[];
  readonly #latencies = new Map<string, number[]>();
  readonly #refreshes = new Map<string, number>();
  readonly #closed: ClosedConnections | null;
  #phase = 'all';
  #stopped = false;
  readonly #done: Promise<void>;

  static start(cluster: CheckedCluster, options: CheckerOptions): CheckerClient {
    return new CheckerClient(cluster, options);
  }

  private constructor(cluster: CheckedCluster, options: CheckerOptions) {
    const { workers = 16, durationMsMax = 120_000 } = options;
    this.#cluster = connect(cluster, options);
    this.#cluster.on('refresh', () => { this.#refreshes.set(this.#phase, (this.#refreshes.get(this.#phase) ?? 0) + 1); });
    this.#closed = options.nodesLeave === true ? new ClosedConnections(this.#cluster) : null;
    this.#workers = Array.from({ length: workers }, (_, index) => new Worker(ledgersOf(this.#cluster, index, options)));
    const deadline = performance.now() + durationMsMax;
    const intervalMs = (1_000 * workers) / options.operationsPerSecond;
    const isOver = () => this.#stopped || performance.now() > deadline;
    this.#done = Promise.all(this.#workers.map((worker, index) => worker.run({
      intervalMs, isOver, firstInMs: (index * intervalMs) / workers, took: (ms) => { this.#note(ms); },
    }))).then(() => undefined);
  }

  get acknowledged(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.acknowledged, 0);
  }

  /** What is measured from now on belongs to this phase. */
  phase(name: string): void {
    this.#phase = name;
  }

  /** Ends the load, reads everything back and reports. */
  async stop(): Promise<CheckerReport> {
    this.#stopped = true;
    await this.#done;
    try {
      const verdict = (await Promise.all(this.#workers.map((worker) => worker.verify()))).reduce(add, FLAWLESS);
      const all = latencyOf([...this.#latencies.values()].flat());
      const errors = [...this.#workers.flatMap((worker) => worker.errors), ...await this.#closed?.byMembers() ?? []];
      return {
        ...verdict,
        acknowledged: this.acknowledged,
        stale: this.#workers.reduce((sum, worker) => sum + worker.stale, 0),
        clientErrors: errors.length,
        errors: errors.slice(0, 10),
        p50Ms: all.p50Ms,
        p99Ms: all.p99Ms,
        phases: Object.fromEntries([...this.#latencies].map(([name, latencies]) => [name, { ...latencyOf(latencies), refreshes: this.#refreshes.get(name) ?? 0 }])),
      };
    } finally {
      this.#cluster.disconnect();
    }
  }

  #note(ms: number): void {
    const known = this.#latencies.get(this.#phase);
    if (known === undefined) this.#latencies.set(this.#phase, [ms]);
    else known.push(ms);
  }
}

interface Run {
  readonly intervalMs: number;
  readonly firstInMs: number;
  readonly isOver: () => boolean;
  readonly took: (ms: number) => void;
}

/** One client: one operation at a time, its ledgers in turn. */
class Worker {
  readonly errors: string[] = [];
  stale = 0;
  acknowledged = 0;

  constructor(private readonly ledgers: readonly Ledger[]) {}

  async run({ intervalMs, firstInMs, isOver, took }: Run): Promise<void> {
    let due = performance.now() + firstInMs;
    for (let n = 0; !isOver(); n += 1) {
      const waitMs = due - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      const beganAtMs = waitMs > 0 ? performance.now() : due;
      await this.#act(this.ledgers[n % this.ledgers.length]!);
      took(performance.now() - beganAtMs);
      due = Math.max(due + intervalMs, performance.now() - CATCH_UP_MS_MAX);
    }
  }

  async verify(): Promise<Verdict> {
    return (await Promise.all(this.ledgers.map((ledger) => ledger.verify()))).reduce(add, FLAWLESS);
  }

  async #act(ledger: Ledger): Promise<void> {
    try {
      this.stale += await ledger.act();
      this.acknowledged += 1;
    } catch (error) {
      this.errors.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
  }
}

function ledgersOf(cluster: Cluster, worker: number, options: CheckerOptions): Ledger[] {
  const { keysPerWorker = 100, kinds = LEDGER_KINDS, filled, prefix = 'check' } = options;
  const ledgers: Ledger[] = [];
  for (let key = 0; key < keysPerWorker; key += 1) {
    for (const kind of kinds) {
      ledgers.push(LEDGERS[kind](cluster, `${prefix}:${worker}:${kind}:${key}`));
      if (filled !== undefined) ledgers.push(filledLedger(cluster, filled.nameOf, filled.keys, (worker * 104_729 + ledgers.length) % filled.keys));
    }
  }
  return ledgers;
}

function connect({ seeds, access }: CheckedCluster, { nodesLeave = false }: CheckerOptions): Cluster {
  const { username, password, tls } = access;
  const client = new Cluster(seeds.map((address) => {
    const colon = address.lastIndexOf(':');
    return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
  }), {
    redisOptions: {
      ...(username !== undefined && { username }), ...(password !== undefined && { password }),
      ...(tls !== undefined && { tls: { ca: tls.ca } }),
    },
    // No retries that would hide an error; redirects are what a cluster client is for, and so is to come
    // again while a slot is open, which lasts seconds when the one who moves it was killed: each time
    // is a MOVED, an ASK and a TRYAGAIN. So many last some 30 s, within which a manager must go on after its
    // restart; nodes that only send it back and forth use them up soon.
    retryDelayOnClusterDown: 0, retryDelayOnFailover: nodesLeave ? LEFT_RETRY_MS : 0, retryDelayOnTryAgain: 100, maxRedirections: 1_000,
  });
  for (const node of client.nodes()) hearAsking(node);
  client.on('+node', hearAsking);
  return client;
}

/**
 * ioredis sends ASKING with nobody who waits for its answer (6.0, cluster/index.js), so a node that dies
 * just then would end the process with an unhandled rejection. The command that follows fails by itself.
 */
function hearAsking(node: Redis): void {
  const asking = node.asking.bind(node);
  node.asking = (...callback: Parameters<typeof asking>) => {
    const answer = asking(...callback);
    answer.catch(() => undefined);
    return answer;
  };
}

function add(a: Verdict, b: Verdict): Verdict {
  return { lost: a.lost + b.lost, duplicated: a.duplicated + b.duplicated, resurrected: a.resurrected + b.resurrected, ttlWrong: a.ttlWrong + b.ttlWrong };
}

function latencyOf(latencies: readonly number[]): Omit<PhaseLatency, 'refreshes'> {
  const sorted = [...latencies].sort((a, b) => a - b);
  const at = (share: number) => Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(3));
  return { operations: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), maxMs: at(1) };
}
