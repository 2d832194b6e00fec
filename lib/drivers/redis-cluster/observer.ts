import type { RedisConnection } from '@/lib/contract/connection';
import { UNKNOWN_STATS } from '@/lib/contract/node';
import { ObservationSchema, type EngineFacts, type NodeObservation, type Observation } from '@/lib/contract/observation';
import type { DriverFailure } from '@/lib/contract/operation';
import { UNKNOWN_RESOURCES } from '@/lib/contract/resources';
import type { ShardTable } from '@/lib/contract/shard-table';
import type { Clock } from '@/lib/platform/clock';
import { nextTurn } from '@/lib/platform/in-turns';
import { err, ok, type Result } from '@/lib/platform/result';
import { ATOMIC_ENGINES } from './atomic-engine';
import type { ClusterReader, ClusterReading } from './cluster-reader';
import type { Connections } from './connections';
import { formatEndpoint } from './endpoints';
import { failureOf, INTERRUPTED } from './failures';
import { keyCountOf, NodeMeter, type NodeMetrics } from './metrics';
import { NodeDictionary } from './node-dictionary';
import type { NodeReading } from './node-reading';
import { forEachSlot, resolveOwnership, type Ownership } from './ownership';
import { isServing } from './serving';
import { buildShardTable, type SlotHoldings } from './shard-columns';
import { SizeSampler } from './sizes';
import type { SlotActivity } from './slot-activity';
import { countKeys, emptyCounters, readSlotStats, type SlotCounters } from './slots';
import type { StrayWatch } from './stray-watch';
import { isPrimary, nameOf, type ClusterNodeLine } from './topology';
import { warningsOf } from './warnings';

const SHOWN_SETTINGS = [
  'cluster-require-full-coverage', 'cluster-allow-replica-migration', 'cluster-node-timeout', 'min-replicas-to-write', 'maxmemory-policy', 'cluster-slot-stats-enabled',
] as const;

/** Makes observations; keeps per node what rates and estimates need of the reading before. */
export class Observer {
  readonly #connection: RedisConnection;
  readonly #connections: Connections;
  readonly #reader: ClusterReader;
  readonly #activity: SlotActivity;
  readonly #clock: Clock;
  readonly #strays: StrayWatch;
  readonly #dictionary = new NodeDictionary();
  readonly #meters = new Map<string, NodeMeter>();
  readonly #samplers = new Map<string, SizeSampler>();
  readonly #countersBefore = new Map<string, { counters: SlotCounters; atMs: number }>();
  #sequence = 0;
  #loadPerShard: 'measured' | 'estimated' = 'estimated';

  constructor(options: { connection: RedisConnection; connections: Connections; reader: ClusterReader; activity: SlotActivity; clock: Clock; strays: StrayWatch }) {
    this.#connection = options.connection;
    this.#connections = options.connections;
    this.#reader = options.reader;
    this.#activity = options.activity;
    this.#clock = options.clock;
    this.#strays = options.strays;
  }

  get loadPerShard(): 'measured' | 'estimated' {
    return this.#loadPerShard;
  }

  async observe({ detail, signal }: { detail: 'nodes' | 'full'; signal: AbortSignal }): Promise<Result<Observation, DriverFailure>> {
    const read = await this.#reader.read(signal);
    if (!read.ok) return read;
    const reading = read.value;
    // Sixteen thousand slots take milliseconds at each of these stations: others get a turn in between.
    await nextTurn();
    const metrics = new Map([...reading.answers].map(([id, answer]) => [id, this.#meterOf(id).update(answer)]));
    const ownership = resolveOwnership([...reading.answers.values()].map((answer) => answer.view));
    for (const id of [...reading.lines.keys()].sort()) this.#dictionary.indexOf(id);
    const shards = detail === 'nodes' ? null : await this.#shards({ reading, ownership, metrics, signal });
    if (signal.aborted) return err(INTERRUPTED);
    this.#forget(reading);
    this.#sequence += 1;
    await nextTurn();
    const parsed = ObservationSchema.safeParse({
      nodes: [...reading.lines.values()].map((line) => this.#nodeOf(line, reading, metrics)),
      shards,
      engine: engineOf(reading, metrics),
      warnings: [
        ...warningsOf({ reading, ownership, strays: this.#strays.found(), isOurs: (slot) => this.#activity.touchedSince(slot, reading.startedAtMs) }),
        ...this.#sampledWarning(shards),
      ],
    } satisfies Observation);
    return parsed.success ? ok(parsed.data) : err(failureOf('unexpected', `The reading is not an observation: ${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message ?? ''}`));
  }

  #nodeOf(line: ClusterNodeLine, reading: ClusterReading, metrics: ReadonlyMap<string, NodeMetrics>): NodeObservation {
    const known = metrics.get(line.id);
    const answer = reading.answers.get(line.id);
    const address = line.endpoint === null ? line.id : formatEndpoint(line.endpoint);
    return {
      id: line.id,
      name: nameOf(line),
      address,
      domain: { region: null, zone: zoneOf(answer), rack: null, host: line.hostname ?? line.endpoint?.host ?? null },
      pool: 'default',
      followerOf: isPrimary(line) ? null : line.leaderId,
      answered: answer !== undefined,
      answerMs: answer?.answerMs ?? null,
      reportedFailed: reading.reportedFailed.has(line.id),
      member: !line.flags.has('noaddr'),
      incarnation: known?.incarnation ?? this.#meterOf(line.id).incarnation,
      sequence: this.#sequence,
      capacity: known?.capacity ?? UNKNOWN_RESOURCES,
      usage: known?.usage ?? UNKNOWN_RESOURCES,
      stats: known === undefined ? UNKNOWN_STATS : { ...known.stats, replicationLagBytes: lagOf(line, metrics) },
      version: known?.version ?? null,
      labels: known?.labels ?? {},
    };
  }

  async #shards({ reading, ownership, metrics, signal }: {
    reading: ClusterReading; ownership: Ownership; metrics: ReadonlyMap<string, NodeMetrics>; signal: AbortSignal;
  }): Promise<ShardTable> {
    const primaries = [...reading.answers.values()].filter((answer) => isPrimary(answer.view.self));
    const entries = await Promise.all(primaries.map(async (answer) => [answer.view.self.id, await this.#holdingsOf(answer, signal)] as const));
    const holdings = new Map(entries.flatMap(([id, held]) => held === null ? [] : [[id, held] as const]));
    await this.#strays.note(primaries.flatMap(({ view, info }) => {
      const held = holdings.get(view.self.id);
      return held === undefined ? [] : [{ view, keysInAll: keyCountOf(info), keysServed: sumOf(held.counters.keyCount) }];
    }), signal);
    await nextTurn();
    const table = buildShardTable({ ownership, dictionary: this.#dictionary, holdings, metrics });
    this.#loadPerShard = table.quality.load === 'measured' ? 'measured' : 'estimated';
    return table;
  }

  /** `null` when the node stopped answering in between: its slots are unknown in this reading. */
  async #holdingsOf(answer: NodeReading, signal: AbortSignal): Promise<SlotHoldings | null> {
    const { id, slots } = answer.view.self;
    const client = this.#connections.client(answer.endpoint, 'observe');
    const timeoutMs = this.#connection.commandTimeoutMs;
    const owned: number[] = [];
    forEachSlot(slots, (slot) => { owned.push(slot); });
    const counted = await this.#count(answer, owned, signal);
    if (!counted.ok) return null;
    const counters = counted.value;
    const sampler = this.#samplers.get(id) ?? new SizeSampler();
    this.#samplers.set(id, sampler);
    if (counters.memoryBytes.size === 0) await sampler.sample(client, owned.filter((slot) => (counters.keyCount.get(slot) ?? 0) > 0), { timeoutMs });
    const before = this.#countersBefore.get(id);
    this.#countersBefore.set(id, { counters, atMs: answer.atMs });
    return {
      counters,
      before: before === undefined ? null : { counters: before.counters, seconds: (answer.atMs - before.atMs) / 1000 },
      meanKeyBytes: sampler.meanBytes,
      sampleCount: sampler.sampleCount,
    };
  }

  async #count(answer: NodeReading, owned: readonly number[], signal: AbortSignal): Promise<Result<SlotCounters, DriverFailure>> {
    const client = this.#connections.client(answer.endpoint, 'observe');
    const timeoutMs = this.#connection.commandTimeoutMs;
    if (answer.facts.hasSlotStats) {
      const stats = await readSlotStats(client, { timeoutMs, signal });
      if (stats.ok) return stats;
    }
    if (keyCountOf(answer.info) > 0) return await countKeys(client, owned, { timeoutMs, signal });
    // A node without any key needs no 16,384 questions.
    return ok({ ...emptyCounters(), keyCount: new Map(owned.map((slot) => [slot, 0])) });
  }

  #meterOf(nodeId: string): NodeMeter {
    const meter = this.#meters.get(nodeId) ?? new NodeMeter();
    this.#meters.set(nodeId, meter);
    return meter;
  }

  #sampledWarning(shards: ShardTable | null): Observation['warnings'] {
    if (shards?.quality.size !== 'sampled') return [];
    return [{
      code: 'size-sampled', nodeId: null, shardId: null, remedy: null,
      message: `Sizes of shards are their keys times the mean bytes per key of their node (${shards.quality.sizeSampleCount} keys sampled so far): an estimate`,
    }];
  }

  #forget(reading: ClusterReading): void {
    this.#strays.keepOnly(reading.lines);
    for (const kept of [this.#meters, this.#samplers, this.#countersBefore]) {
      for (const id of kept.keys()) {
        if (!reading.lines.has(id)) kept.delete(id);
      }
    }
  }
}

function sumOf(counts: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

function zoneOf(answer: NodeReading | undefined): string | null {
  const zone = answer?.info.get('availability_zone') ?? answer?.facts.settings.get('availability-zone');
  return zone === undefined || zone === '' ? null : zone.slice(0, 128);
}

/** Bytes of the leader's stream that the follower has not applied; `null` where either end is unknown. */
function lagOf(line: ClusterNodeLine, metrics: ReadonlyMap<string, NodeMetrics>): number | null {
  if (isPrimary(line) || line.leaderId === null) return null;
  const leader = metrics.get(line.leaderId)?.replicationOffset ?? null;
  const applied = metrics.get(line.id)?.replicationOffset ?? null;
  // The two are read a moment apart, so the follower may seem ahead.
  return leader === null || applied === null ? null : Math.max(0, leader - applied);
}

/** The replication factor is that of the weakest primary that owns slots: 1 + its followers not reported as failed. */
function engineOf(reading: ClusterReading, metrics: ReadonlyMap<string, NodeMetrics>): EngineFacts {
  const answers = [...reading.answers.values()];
  const lines = [...reading.lines.values()];
  const owners = lines.filter((line) => isPrimary(line) && line.slots.length > 0);
  const followers = (id: string) => lines.filter((line) => line.leaderId === id && !isPrimary(line) && !reading.reportedFailed.has(line.id)).length;
  const fewest = owners.length === 0 ? 0 : Math.min(...owners.map((line) => followers(line.id)));
  const versions = [...new Set([...metrics.values()].flatMap((node) => node.version ?? []))].sort();
  const settings = new Map<string, Set<string>>();
  for (const { facts } of answers) {
    for (const name of SHOWN_SETTINGS) {
      const value = facts.settings.get(name);
      if (value !== undefined) settings.set(name, (settings.get(name) ?? new Set()).add(value));
    }
  }
  return {
    name: answers.some((answer) => answer.info.has('valkey_version')) ? 'Valkey' : 'Redis',
    version: versions[0] ?? null,
    serving: isServing(answers),
    replicationFactor: Math.min(16, 1 + fewest),
    settings: {
      'slot-migration': migrationOf(answers),
      ...Object.fromEntries([...settings].map(([name, values]) => [name, [...values].sort().join(' / ')])),
    },
  };
}

/** How slots move in this cluster, for plans and the console. */
function migrationOf(answers: readonly NodeReading[]): string {
  const kinds = new Set(answers.filter((answer) => isPrimary(answer.view.self)).map((answer) => answer.facts.atomic));
  return [...kinds].map((kind) => kind === null ? 'classic (MIGRATE)' : `atomic (${ATOMIC_ENGINES[kind].title})`).sort().join(' / ') || 'unknown';
}
