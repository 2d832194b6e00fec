import { err, ok, type Result } from '@/lib/platform/result';
import type { Clock } from '@/lib/platform/clock';
import { ATOMIC_COMMANDS, type AtomicKind } from './atomic-engine';
import type { Endpoint } from './endpoints';
import { driverFailure, failureOf } from './failures';
import type { DriverFailure } from '@/lib/contract/operation';
import type { Command, NodeClient } from './node-client';
import { listOf, pairsOf, parseFields, textOf, type CommandResult, type Reply } from './replies';
import { keepsMarks } from './server-faults';
import { parseClusterNodes, type ClusterView } from './topology';

/** Configuration that plans depend on; changes rarely and is read every FACTS_EVERY_MS. */
const FACTS_EVERY_MS = 30_000;

const SETTINGS = [
  'maxmemory', 'maxmemory-policy', 'cluster-require-full-coverage', 'cluster-allow-replica-migration', 'cluster-node-timeout',
  'min-replicas-to-write', 'cluster-slot-stats-enabled', 'availability-zone',
] as const;

/** What a node says about itself that does not change from second to second. */
export interface NodeFacts {
  readonly readAtMs: number;
  /** CONFIG GET; empty where the user may not read it. */
  readonly settings: ReadonlyMap<string, string>;
  /** Lower-case command names by what they do to keys; `null` when the server does not tell. */
  readonly readCommands: ReadonlySet<string> | null;
  readonly writeCommands: ReadonlySet<string> | null;
  readonly hasSlotStats: boolean;
  /** Moves slots by itself, and by which commands; `null`: only the classic migration. */
  readonly atomic: AtomicKind | null;
  /** See stale-claims.ts. */
  readonly keepsMarks: boolean;
}

/** Everything one node answered in one reading. */
export interface NodeReading {
  readonly endpoint: Endpoint;
  readonly view: ClusterView;
  readonly info: ReadonlyMap<string, string>;
  readonly clusterInfo: ReadonlyMap<string, string>;
  /** LATENCY HISTOGRAM; `null` where it is not to be had. */
  readonly latency: Reply | null;
  readonly facts: NodeFacts;
  /** Monotonic time of the answer. */
  readonly atMs: number;
  readonly answerMs: number;
}

const STATE: readonly Command[] = [
  ['INFO', 'server', 'clients', 'memory', 'stats', 'replication', 'cpu', 'keyspace', 'cluster', 'commandstats'],
  ['CLUSTER', 'NODES'],
  ['CLUSTER', 'INFO'],
  ['LATENCY', 'HISTOGRAM'],
];
const FACTS: readonly Command[] = [
  ['CONFIG', 'GET', ...SETTINGS],
  ['COMMAND', 'LIST', 'FILTERBY', 'ACLCAT', 'read'],
  ['COMMAND', 'LIST', 'FILTERBY', 'ACLCAT', 'write'],
  ['COMMAND', 'LIST', 'FILTERBY', 'PATTERN', 'cluster|*'],
];

/**
 * Reads one node in one round trip. Failures: connection-lost, timeout,
 * authentication-failed, not-a-cluster, refused-by-engine, unexpected.
 */
export async function readNode(options: {
  client: NodeClient; endpoint: Endpoint; clock: Clock; timeoutMs: number; knownFacts: NodeFacts | null;
}): Promise<Result<NodeReading, DriverFailure>> {
  const { client, endpoint, clock, timeoutMs, knownFacts } = options;
  const startedAtMs = clock.monotonicMs();
  const factsDue = knownFacts === null || startedAtMs - knownFacts.readAtMs >= FACTS_EVERY_MS;
  const replies = await client.pipeline(factsDue ? [...STATE, ...FACTS] : STATE, { timeoutMs });
  const atMs = clock.monotonicMs();
  const info = textOf(replies[0], 'INFO');
  if (!info.ok) return err(driverFailure(info.error, `${client.address}: INFO`));
  const fields = parseFields(info.value);
  if (fields.get('cluster_enabled') === '0') {
    return err(failureOf('not-a-cluster', `${client.address} is a Redis server that is not in cluster mode (cluster-enabled no)`));
  }
  const view = viewOf(replies[1], client.address);
  if (!view.ok) return view;
  const clusterInfo = textOf(replies[2], 'CLUSTER INFO');
  if (!clusterInfo.ok) return err(driverFailure(clusterInfo.error, `${client.address}: CLUSTER INFO`));
  const latency = replies[3];
  return ok({
    endpoint,
    view: view.value,
    info: fields,
    clusterInfo: parseFields(clusterInfo.value),
    latency: latency?.ok === true ? latency.value : null,
    facts: factsDue ? factsOf(replies.slice(STATE.length), fields, atMs) : knownFacts,
    atMs,
    answerMs: atMs - startedAtMs,
  });
}

/** CLUSTER NODES of one node, for those who need nothing else. */
export async function readView(client: NodeClient, timeoutMs: number): Promise<Result<ClusterView, DriverFailure>> {
  return viewOf(await client.call(['CLUSTER', 'NODES'], { timeoutMs }), client.address);
}

function viewOf(result: CommandResult | undefined, address: string): Result<ClusterView, DriverFailure> {
  const text = textOf(result, 'CLUSTER NODES');
  if (!text.ok) return err(driverFailure(text.error, `${address}: CLUSTER NODES`));
  const view = parseClusterNodes(text.value);
  return view.ok ? view : err(failureOf('unexpected', `${address}: ${view.error}`));
}

/** A server that refuses one of these (older, or by its ACL) tells less; nothing depends on all of them. */
function factsOf(replies: readonly CommandResult[], info: ReadonlyMap<string, string>, readAtMs: number): NodeFacts {
  const settings = replies[0]?.ok === true ? pairsOf(replies[0].value) : new Map<string, Reply>();
  const clusterCommands = namesOf(replies[3]);
  return {
    readAtMs,
    settings: new Map([...settings].map(([name, value]) => [name, typeof value === 'string' ? value : ''])),
    readCommands: namesOf(replies[1]),
    writeCommands: namesOf(replies[2]),
    hasSlotStats: clusterCommands?.has('cluster|slot-stats') ?? false,
    atomic: atomicOf(clusterCommands),
    keepsMarks: keepsMarks(info),
  };
}

function atomicOf(clusterCommands: ReadonlySet<string> | null): AtomicKind | null {
  if (clusterCommands?.has(ATOMIC_COMMANDS.valkey) === true) return 'valkey';
  return clusterCommands?.has(ATOMIC_COMMANDS.redis) === true ? 'redis' : null;
}

function namesOf(result: CommandResult | undefined): ReadonlySet<string> | null {
  const list = listOf(result, 'COMMAND LIST');
  return list.ok ? new Set(list.value.filter((name) => typeof name === 'string').map((name) => name.toLowerCase())) : null;
}
