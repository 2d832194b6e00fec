import type { RedisConnection } from '@/lib/contract/connection';
import type { NodeSample } from '@/lib/contract/pacing';
import type { Clock } from '@/lib/platform/clock';
import type { ClusterReader } from './cluster-reader';
import type { Connections } from './connections';
import type { NodeClient } from './node-client';
import { parseFields, quantityOf, textOf } from './replies';

const PINGS = 3;

/** Counters of the sample before, for rates. */
interface Before {
  readonly atMs: number;
  readonly cpuSeconds: number | null;
  readonly errors: number;
}

/** Answers by which a node turns clients away. Redirects are the normal course, and what an application asks wrongly is its own. */
const TURNED_AWAY = new Set(['CLUSTERDOWN', 'OOM', 'LOADING', 'BUSY', 'MASTERDOWN', 'NOREPLICAS', 'MISCONF', 'READONLY']);

/**
 * Feels nodes while moves run: pings on a connection of their own, so that nothing of ours
 * is in front of them, and one INFO. The median of a few pings in a row, since a single
 * one mostly measures when our own event loop came round.
 */
export class NodeSampler {
  readonly #options: { connection: RedisConnection; connections: Connections; reader: ClusterReader; clock: Clock };
  readonly #before = new Map<string, Before>();

  constructor(options: { connection: RedisConnection; connections: Connections; reader: ClusterReader; clock: Clock }) {
    this.#options = options;
  }

  async sample(nodeIds: readonly string[], signal: AbortSignal): Promise<readonly NodeSample[]> {
    const samples = await Promise.all(nodeIds.map(async (nodeId) => {
      const endpoint = this.#options.reader.endpointOf(nodeId);
      return endpoint === null || signal.aborted ? null : await this.#sampleOne(nodeId, this.#options.connections.client(endpoint, 'sample'));
    }));
    for (const id of this.#before.keys()) if (!nodeIds.includes(id)) this.#before.delete(id);
    return samples.filter((sample) => sample !== null);
  }

  async #sampleOne(nodeId: string, client: NodeClient): Promise<NodeSample | null> {
    const { clock, connection } = this.#options;
    const answersMs: number[] = [];
    for (let n = 0; n < PINGS; n += 1) {
      const beganAtMs = clock.monotonicMs();
      const answer = await client.call(['PING'], { timeoutMs: connection.commandTimeoutMs });
      if (!answer.ok) return null;
      answersMs.push(clock.monotonicMs() - beganAtMs);
    }
    const text = textOf(await client.call(['INFO', 'cpu', 'memory', 'replication', 'errorstats'], { timeoutMs: connection.commandTimeoutMs }), 'INFO');
    if (!text.ok) return null;
    const fields = parseFields(text.value);
    const rates = this.#rates(nodeId, fields);
    const maxBytes = quantityOf(fields, 'maxmemory') ?? 0;
    const usedBytes = quantityOf(fields, 'used_memory');
    return {
      nodeId,
      latencyMs: answersMs.sort((a, b) => a - b)[Math.floor(PINGS / 2)] ?? null,
      replicationLagBytes: lagOf(fields),
      memoryUtilization: maxBytes > 0 && usedBytes !== null ? usedBytes / maxBytes : null,
      ...rates,
    };
  }

  #rates(nodeId: string, fields: ReadonlyMap<string, string>): Pick<NodeSample, 'cpu' | 'errorsPerSecond'> {
    const user = quantityOf(fields, 'used_cpu_user_main_thread') ?? quantityOf(fields, 'used_cpu_user');
    const system = quantityOf(fields, 'used_cpu_sys_main_thread') ?? quantityOf(fields, 'used_cpu_sys');
    const now: Before = { atMs: this.#options.clock.monotonicMs(), cpuSeconds: user === null || system === null ? null : user + system, errors: errorsOf(fields) };
    const before = this.#before.get(nodeId);
    this.#before.set(nodeId, now);
    const seconds = before === undefined ? 0 : (now.atMs - before.atMs) / 1_000;
    if (before === undefined || seconds <= 0) return { cpu: null, errorsPerSecond: null };
    return {
      cpu: now.cpuSeconds === null || before.cpuSeconds === null ? null : Math.max(0, (now.cpuSeconds - before.cpuSeconds) / seconds),
      errorsPerSecond: Math.max(0, (now.errors - before.errors) / seconds),
    };
  }
}

/** Bytes of its stream that its slowest follower has not taken yet; `null` without a follower on line. */
function lagOf(fields: ReadonlyMap<string, string>): number | null {
  const written = quantityOf(fields, 'master_repl_offset');
  let lag: number | null = null;
  for (const [name, value] of fields) {
    const offset = /^slave\d+$/.test(name) && value.includes('state=online') ? /\boffset=(\d+)/.exec(value)?.[1] : undefined;
    if (offset !== undefined && written !== null) lag = Math.max(lag ?? 0, written - Number(offset));
  }
  return lag;
}

function errorsOf(fields: ReadonlyMap<string, string>): number {
  let errors = 0;
  for (const [name, value] of fields) {
    if (!TURNED_AWAY.has(name.slice('errorstat_'.length)) || !name.startsWith('errorstat_')) continue;
    errors += Number(/^count=(\d+)/.exec(value)?.[1] ?? 0);
  }
  return errors;
}
