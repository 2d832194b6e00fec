import type { RedisConnection } from '@/lib/contract/connection';
import type { DriverFailure } from '@/lib/contract/operation';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import type { AtomicKind } from './atomic-engine';
import type { Connections } from './connections';
import { formatEndpoint, parseEndpoint, type Endpoint } from './endpoints';
import { failureOf, INTERRUPTED } from './failures';
import { readNode, type NodeFacts, type NodeReading } from './node-reading';
import { isPrimary, nameOf, type ClusterNodeLine } from './topology';

/** How long a reading waits for a node whose last answer was overdue: it is asked, and nobody is held up. */
const PATIENCE_AFTER_MISS_MS = 250;
/** Nodes found through others are asked in further rounds of the same reading. */
const ROUNDS_MAX = 4;
/** How often seeds that are no members are tried again. */
const SEEDS_EVERY_MS = 30_000;

/** One reading of all members that are known by anybody who answered. */
export interface ClusterReading {
  readonly startedAtMs: number;
  /** Members that answered, by node id. */
  readonly answers: ReadonlyMap<string, NodeReading>;
  /** Every member: its own line where it answered, else what the others say of it. */
  readonly lines: ReadonlyMap<string, ClusterNodeLine>;
  /** Members that did not answer, and why. */
  readonly silent: ReadonlyMap<string, DriverFailure>;
  /** Node ids that some answering node calls failed (agreed by a majority of primaries). */
  readonly reportedFailed: ReadonlySet<string>;
  /** Seeds that did not answer or belong to another cluster, by address. */
  readonly badSeeds: ReadonlyMap<string, DriverFailure>;
}

/**
 * Asks all nodes side by side, each with its own deadline, and finds new ones through
 * those that answer. Between readings it remembers only whom to ask and where.
 */
export class ClusterReader {
  readonly #connection: RedisConnection;
  readonly #connections: Connections;
  readonly #clock: Clock;
  readonly #seedsOf: () => readonly Endpoint[];
  #lines: ReadonlyMap<string, ClusterNodeLine> = new Map();
  /** Where a node was reached when that is not what it announces (address translation). */
  readonly #reachedAt = new Map<string, Endpoint>();
  readonly #facts = new Map<string, NodeFacts>();
  readonly #questions = new Map<string, Promise<Result<NodeReading, DriverFailure>>>();
  readonly #overdue = new Set<string>();
  #badSeeds: ReadonlyMap<string, DriverFailure> = new Map();
  #seedsAskedAtMs = -Infinity;

  constructor(options: { connection: RedisConnection; connections: Connections; clock: Clock; moreSeeds?: (() => readonly string[]) | undefined }) {
    this.#connection = options.connection;
    this.#connections = options.connections;
    this.#clock = options.clock;
    const { moreSeeds } = options;
    const seeds = endpointsOf(options.connection.seeds);
    this.#seedsOf = moreSeeds === undefined ? () => seeds : () => [...seeds, ...endpointsOf(moreSeeds())];
  }

  get #seeds(): readonly Endpoint[] {
    return this.#seedsOf();
  }

  /** The members of the last reading; empty before the first. */
  get lines(): ReadonlyMap<string, ClusterNodeLine> {
    return this.#lines;
  }

  /** Where to reach a member; `null` for one that is unknown or has no address. */
  endpointOf(nodeId: string): Endpoint | null {
    return this.#reachedAt.get(nodeId) ?? this.#lines.get(nodeId)?.endpoint ?? null;
  }

  /** How slots move between these two by the servers themselves; `null`: not both can, or not the same way. */
  atomicBetween(sourceNodeId: string, targetNodeId: string): AtomicKind | null {
    const [source, target] = [this.#atomicOf(sourceNodeId), this.#atomicOf(targetNodeId)];
    return source === target ? source : null;
  }

  /** The same for the whole cluster, as far as it was read. */
  get atomic(): AtomicKind | null {
    const kinds = new Set(primaryIds(this.#lines).map((id) => this.#atomicOf(id)));
    return kinds.size === 1 ? [...kinds][0] ?? null : null;
  }

  /** See unseen-keys.ts. */
  hidesUnserved(nodeId: string): boolean {
    return this.#atomicOf(nodeId) === 'redis';
  }

  /** See stale-claims.ts. */
  keepsMarks(nodeId: string): boolean {
    return this.#factsOf(nodeId)?.keepsMarks ?? false;
  }

  #atomicOf(nodeId: string): AtomicKind | null {
    return this.#factsOf(nodeId)?.atomic ?? null;
  }

  #factsOf(nodeId: string): NodeFacts | undefined {
    const endpoint = this.endpointOf(nodeId);
    return endpoint === null ? undefined : this.#facts.get(formatEndpoint(endpoint));
  }

  /** Fails only when nobody answered: with the reason of the first seed, all seeds in its message. */
  async read(signal: AbortSignal): Promise<Result<ClusterReading, DriverFailure>> {
    const startedAtMs = this.#clock.monotonicMs();
    const asked = new Map<string, Result<NodeReading, DriverFailure>>();
    await this.#ask(this.#firstRound(startedAtMs), { asked, signal });
    if (![...asked.values()].some((result) => result.ok)) await this.#ask(this.#seeds, { asked, signal });
    for (let round = 1; round < ROUNDS_MAX && !signal.aborted; round += 1) {
      const found = this.#notAsked(asked);
      if (found.length === 0) break;
      await this.#ask(found, { asked, signal });
    }
    if (signal.aborted) return err(INTERRUPTED);
    const anchor = mainCluster([...asked.values()].flatMap((result) => result.ok ? [result.value] : []));
    if (anchor.length === 0) return err(this.#nobody(asked));
    return ok(this.#assemble({ startedAtMs, asked, members: anchor }));
  }

  #firstRound(nowMs: number): Endpoint[] {
    const members = [...this.#lines.keys()].map((id) => this.endpointOf(id)).filter((endpoint) => endpoint !== null);
    if (members.length > 0 && nowMs - this.#seedsAskedAtMs < SEEDS_EVERY_MS) return members;
    this.#seedsAskedAtMs = nowMs;
    return [...members, ...this.#seeds];
  }

  async #ask(endpoints: readonly Endpoint[], { asked, signal }: { asked: Map<string, Result<NodeReading, DriverFailure>>; signal: AbortSignal }): Promise<void> {
    const fresh = new Map(endpoints.map((endpoint) => [formatEndpoint(endpoint), endpoint]));
    await Promise.all([...fresh].filter(([address]) => !asked.has(address)).map(async ([address, endpoint]) => {
      asked.set(address, await this.#askOne(address, endpoint, signal));
    }));
  }

  async #askOne(address: string, endpoint: Endpoint, signal: AbortSignal): Promise<Result<NodeReading, DriverFailure>> {
    const question = this.#questions.get(address) ?? this.#question(address, endpoint);
    const patienceMs = this.#overdue.has(address) ? PATIENCE_AFTER_MISS_MS : this.#connection.commandTimeoutMs + PATIENCE_AFTER_MISS_MS;
    return await new Promise((resolve, reject) => {
      const onAbort = () => { resolve(err(INTERRUPTED)); };
      const patience = this.#clock.after(patienceMs, () => { resolve(err(failureOf('timeout', `${address}: no answer within ${patienceMs} ms`, true))); });
      signal.addEventListener('abort', onAbort, { once: true });
      question.then(resolve, reject).finally(() => {
        patience[Symbol.dispose]();
        signal.removeEventListener('abort', onAbort);
      });
    });
  }

  /** Runs to its own end whoever waits for it: an answer that comes late makes the node trusted again. */
  async #question(address: string, endpoint: Endpoint): Promise<Result<NodeReading, DriverFailure>> {
    const question = readNode({
      client: this.#connections.client(endpoint, 'observe'), endpoint, clock: this.#clock,
      timeoutMs: this.#connection.commandTimeoutMs, knownFacts: this.#facts.get(address) ?? null,
    }).then((result) => {
      this.#questions.delete(address);
      if (result.ok) {
        this.#overdue.delete(address);
        this.#facts.set(address, result.value.facts);
      } else {
        this.#overdue.add(address);
      }
      return result;
    });
    this.#questions.set(address, question);
    return await question;
  }

  #notAsked(asked: ReadonlyMap<string, Result<NodeReading, DriverFailure>>): Endpoint[] {
    const answered = new Set([...asked.values()].flatMap((result) => result.ok ? [result.value.view.self.id] : []));
    return [...asked.values()].flatMap((result) => result.ok ? [...result.value.view.nodes.values()] : [])
      .filter((line) => !answered.has(line.id))
      .flatMap((line) => this.#reachedAt.get(line.id) ?? line.endpoint ?? [])
      .filter((endpoint) => !asked.has(formatEndpoint(endpoint)));
  }

  #assemble({ startedAtMs, asked, members }: {
    startedAtMs: number; asked: ReadonlyMap<string, Result<NodeReading, DriverFailure>>; members: readonly NodeReading[];
  }): ClusterReading {
    const answers = new Map(members.map((reading) => [reading.view.self.id, reading]));
    const lines = new Map<string, ClusterNodeLine>();
    const reportedFailed = new Set<string>();
    for (const reading of members) {
      for (const line of reading.view.nodes.values()) {
        if (!lines.has(line.id) || line.flags.has('myself')) lines.set(line.id, withAddress(line, reading));
        if (line.flags.has('fail')) reportedFailed.add(line.id);
      }
    }
    for (const [id, reading] of answers) this.#remember(id, reading);
    const silent = new Map<string, DriverFailure>();
    for (const line of lines.values()) {
      if (answers.has(line.id)) continue;
      silent.set(line.id, this.#whySilent(line, asked));
      this.#reachedAt.delete(line.id);
    }
    this.#lines = lines;
    this.#connections.keepOnly([...this.#seeds, ...[...lines.keys()].map((id) => this.endpointOf(id)).filter((endpoint) => endpoint !== null)]);
    this.#badSeeds = this.#judgeSeeds(asked, answers);
    return { startedAtMs, answers, lines, silent, reportedFailed, badSeeds: this.#badSeeds };
  }

  #remember(id: string, reading: NodeReading): void {
    const announced = reading.view.self.endpoint;
    if (announced !== null && formatEndpoint(announced) === formatEndpoint(reading.endpoint)) this.#reachedAt.delete(id);
    else this.#reachedAt.set(id, reading.endpoint);
  }

  #whySilent(line: ClusterNodeLine, asked: ReadonlyMap<string, Result<NodeReading, DriverFailure>>): DriverFailure {
    const endpoint = this.#reachedAt.get(line.id) ?? line.endpoint;
    const result = endpoint === null ? undefined : asked.get(formatEndpoint(endpoint));
    if (result === undefined) return failureOf('connection-lost', `${nameOf(line)} has no address that is known`, true);
    return result.ok ? failureOf('node-down', `Another node answers at ${nameOf(line)}`, true) : result.error;
  }

  #judgeSeeds(asked: ReadonlyMap<string, Result<NodeReading, DriverFailure>>, answers: ReadonlyMap<string, NodeReading>): ReadonlyMap<string, DriverFailure> {
    const bad = new Map<string, DriverFailure>();
    for (const seed of this.#seeds.map(formatEndpoint)) {
      const result = asked.get(seed);
      const before = this.#badSeeds.get(seed);
      if (result === undefined && before !== undefined) bad.set(seed, before);
      if (result?.ok === false) bad.set(seed, result.error);
      if (result?.ok === true && !answers.has(result.value.view.self.id)) bad.set(seed, failureOf('topology-changed', `${seed} belongs to another cluster`));
    }
    return bad;
  }

  #nobody(asked: ReadonlyMap<string, Result<NodeReading, DriverFailure>>): DriverFailure {
    const failures = [...asked.values()].flatMap((result) => result.ok ? [] : [result.error]);
    const telling = failures.find((failure) => failure.code === 'authentication-failed')
      ?? failures.find((failure) => failure.code === 'not-a-cluster') ?? failures[0];
    const message = [...new Set(failures.map((failure) => failure.message))].join('; ');
    return telling === undefined ? failureOf('connection-lost', 'No seed has a usable address') : failureOf(telling.code, message, telling.retryable);
  }
}

/** Before it has met anybody a node does not know its own address. */
function withAddress(line: ClusterNodeLine, reading: NodeReading): ClusterNodeLine {
  return line.endpoint === null && line.flags.has('myself') ? { ...line, endpoint: reading.endpoint } : line;
}

/**
 * The readings that belong together: seeds may name two clusters by mistake, and a
 * forgotten node still lists those who forgot it. Two nodes belong together when each
 * lists the other; the largest such group is the cluster.
 */
function mainCluster(readings: readonly NodeReading[]): NodeReading[] {
  let largest: NodeReading[] = [];
  const grouped = new Set<NodeReading>();
  for (const start of readings) {
    if (grouped.has(start)) continue;
    const group = [start];
    grouped.add(start);
    for (const member of group) {
      for (const other of readings) {
        if (grouped.has(other) || !member.view.nodes.has(other.view.self.id) || !other.view.nodes.has(member.view.self.id)) continue;
        grouped.add(other);
        group.push(other);
      }
    }
    // The same node reached by two addresses counts once.
    const distinct = [...new Map(group.map((reading) => [reading.view.self.id, reading])).values()];
    if (distinct.length > largest.length) largest = distinct;
  }
  return largest;
}

/** Ids of the primaries among these lines. */
export function primaryIds(lines: ReadonlyMap<string, ClusterNodeLine>): string[] {
  return [...lines.values()].filter(isPrimary).map((line) => line.id);
}

function endpointsOf(seeds: readonly string[]): Endpoint[] {
  return seeds.map(parseEndpoint).filter((endpoint) => endpoint !== null);
}
