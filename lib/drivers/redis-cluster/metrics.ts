import { UNKNOWN_STATS, type NodeStats } from '@/lib/contract/node';
import { UNKNOWN_RESOURCES, type ResourceVector } from '@/lib/contract/resources';
import { isAdministrative, latencyBuckets, latencyP99Ms } from './latency';
import type { NodeFacts, NodeReading } from './node-reading';
import { quantityOf } from './replies';

/** Two readings closer than this give no rate worth showing; the rates before are kept. */
const RATE_INTERVAL_MS_MIN = 200;

/** Counters that only grow while the process lives. */
interface Counters {
  readonly atMs: number;
  readonly runId: string;
  /** s of processor time of the main thread (of the process where it is not told apart). */
  readonly cpuSeconds: number | null;
  readonly networkBytes: number | null;
  readonly calls: { readonly reads: number | null; readonly writes: number | null; readonly all: number | null };
  readonly latency: ReadonlyMap<number, number>;
}

interface Rates {
  readonly cpu: number | null;
  readonly networkBytesPerSecond: number | null;
  readonly readsPerSecond: number | null;
  readonly writesPerSecond: number | null;
  readonly operationsPerSecond: number | null;
  readonly latencyP99Ms: number | null;
}

export interface NodeMetrics {
  readonly incarnation: number;
  readonly capacity: ResourceVector;
  readonly usage: ResourceVector;
  readonly stats: NodeStats;
  readonly version: string | null;
  readonly labels: Record<string, string>;
  /** Replication offset: of its own stream for a leader, applied for a follower. */
  readonly replicationOffset: number | null;
}

/** Turns one node's readings into rates; remembers only the reading before. */
export class NodeMeter {
  #base: Counters | null = null;
  #rates: Rates | null = null;
  #incarnation = 0;

  /** Readings come in the order they were made. */
  update(reading: NodeReading): NodeMetrics {
    const counters = countersOf(reading);
    if (this.#base !== null && counters.runId !== this.#base.runId) {
      this.#incarnation += 1;
      this.#base = null;
    }
    if (this.#base === null) {
      this.#base = counters;
      this.#rates = instantaneousRates(reading.info);
    } else if (counters.atMs - this.#base.atMs >= RATE_INTERVAL_MS_MIN) {
      this.#rates = ratesBetween(this.#base, counters);
      this.#base = counters;
    }
    return metricsOf(reading, { rates: this.#rates, incarnation: this.#incarnation });
  }

  get incarnation(): number {
    return this.#incarnation;
  }
}

function countersOf({ info, facts, latency, atMs }: NodeReading): Counters {
  const sum = (...names: string[]) => {
    const values = names.map((name) => quantityOf(info, name));
    return values.some((value) => value === null) ? null : values.reduce<number>((total, value) => total + (value ?? 0), 0);
  };
  return {
    atMs,
    runId: info.get('run_id') ?? '',
    cpuSeconds: sum('used_cpu_user_main_thread', 'used_cpu_sys_main_thread') ?? sum('used_cpu_user', 'used_cpu_sys'),
    networkBytes: sum('total_net_input_bytes', 'total_net_output_bytes'),
    calls: callsOf(info, facts),
    latency: latencyBuckets(latency),
  };
}

/** Calls per kind from `cmdstat_<command>:calls=n,...`; `null` where the server does not tell. */
function callsOf(info: ReadonlyMap<string, string>, facts: NodeFacts): Counters['calls'] {
  let reads = 0;
  let writes = 0;
  let all = 0;
  let told = false;
  for (const [name, value] of info) {
    if (!name.startsWith('cmdstat_')) continue;
    told = true;
    const command = name.slice('cmdstat_'.length);
    if (isAdministrative(command)) continue;
    const calls = Number(/^calls=(\d+)/.exec(value)?.[1] ?? 0);
    all += calls;
    if (facts.writeCommands?.has(command) === true) writes += calls;
    else if (facts.readCommands?.has(command) === true) reads += calls;
  }
  return {
    reads: told && facts.readCommands !== null ? reads : null,
    writes: told && facts.writeCommands !== null ? writes : null,
    all: told ? all : null,
  };
}

function ratesBetween(before: Counters, after: Counters): Rates {
  const seconds = (after.atMs - before.atMs) / 1000;
  // A counter that fell was reset (CONFIG RESETSTAT): the rate is unknown, never negative.
  const rate = (from: number | null, to: number | null) => from === null || to === null || to < from ? null : (to - from) / seconds;
  return {
    cpu: rate(before.cpuSeconds, after.cpuSeconds),
    networkBytesPerSecond: rate(before.networkBytes, after.networkBytes),
    readsPerSecond: rate(before.calls.reads, after.calls.reads),
    writesPerSecond: rate(before.calls.writes, after.calls.writes),
    operationsPerSecond: rate(before.calls.all, after.calls.all),
    latencyP99Ms: latencyP99Ms(before.latency, after.latency),
  };
}

/** The server's own short means stand in until there are two readings. */
function instantaneousRates(info: ReadonlyMap<string, string>): Rates {
  const inputKib = quantityOf(info, 'instantaneous_input_kbps');
  const outputKib = quantityOf(info, 'instantaneous_output_kbps');
  return {
    cpu: null,
    networkBytesPerSecond: inputKib === null || outputKib === null ? null : (inputKib + outputKib) * 1024,
    readsPerSecond: null,
    writesPerSecond: null,
    operationsPerSecond: quantityOf(info, 'instantaneous_ops_per_sec'),
    latencyP99Ms: null,
  };
}

function metricsOf({ info, facts }: NodeReading, { rates, incarnation }: { rates: Rates | null; incarnation: number }): NodeMetrics {
  const maxmemory = quantityOf(info, 'maxmemory');
  const limited = maxmemory !== null && maxmemory > 0;
  const isFollower = info.get('role') === 'slave';
  return {
    incarnation,
    // Redis runs commands on one thread: one core is all that its main thread can use.
    capacity: { ...UNKNOWN_RESOURCES, cpu: 1, memory: limited ? maxmemory : positive(quantityOf(info, 'total_system_memory')) },
    usage: { ...UNKNOWN_RESOURCES, cpu: rates?.cpu ?? null, memory: quantityOf(info, 'used_memory'), network: rates?.networkBytesPerSecond ?? null },
    stats: {
      ...UNKNOWN_STATS,
      readsPerSecond: rates?.readsPerSecond ?? null,
      writesPerSecond: rates?.writesPerSecond ?? null,
      operationsPerSecond: rates?.operationsPerSecond ?? null,
      connections: quantityOf(info, 'connected_clients'),
      latencyP99Ms: rates?.latencyP99Ms ?? null,
      keyCount: keyCountOf(info),
    },
    version: info.get('valkey_version') ?? info.get('redis_version') ?? null,
    labels: {
      engine: info.has('valkey_version') ? 'Valkey' : 'Redis',
      role: isFollower ? 'follower' : 'primary',
      memoryCapacity: limited ? 'maxmemory' : 'system',
      ...(facts.settings.has('maxmemory-policy') && { maxmemoryPolicy: facts.settings.get('maxmemory-policy') ?? '' }),
      ...(info.has('process_id') && { processId: info.get('process_id') ?? '' }),
      ...(isFollower && { replicationLink: info.get('master_link_status') ?? 'unknown' }),
    },
    replicationOffset: quantityOf(info, isFollower ? 'slave_repl_offset' : 'master_repl_offset'),
  };
}

/** Keys in database 0, the only one of a cluster; an empty keyspace has no line. */
export function keyCountOf(info: ReadonlyMap<string, string>): number {
  return Number(/^keys=(\d+)/.exec(info.get('db0') ?? '')?.[1] ?? 0);
}

function positive(value: number | null): number | null {
  return value !== null && value > 0 ? value : null;
}
