import type { ConnectionView } from '@/lib/contract/connection';
import type { Node } from '@/lib/contract/node';
import type { Endpoint, Routing } from '@/lib/contract/routing';
import { NO_REPLICA, type ShardTable } from '@/lib/contract/shard-table';
import type { KeySharding } from './key-lookup';

const RUNS_MAX = 65_536;
const WEIGHT_MAX = 100;

/** How keys of this cluster find their shard; the simulator, which has no keys, hashes them. */
export function shardingOf(connection: Pick<ConnectionView, 'kind'> & { readonly sharding?: KeySharding }, shards: Pick<ShardTable, 'shardCount'>): KeySharding {
  if (connection.kind === 'redis-cluster') return { method: 'redis-slot' };
  return connection.sharding ?? { method: 'hash', shardCount: Math.max(1, shards.shardCount) };
}

/** What clients and load balancers need to know of a cluster; everything but the revision, which is made of it. */
export function buildRouting(cluster: { readonly clusterId: string; readonly sharding: KeySharding; readonly nodes: readonly Node[]; readonly shards: ShardTable; readonly nowMs: number }): Omit<Routing, 'revision'> {
  const { clusterId, sharding, shards } = cluster;
  const nodes = cluster.nodes.filter((node) => node.lifecycle !== 'joining' && node.lifecycle !== 'decommissioned');
  const indexOf = new Map(nodes.map((node, index) => [node.id, index]));
  const column = shards.nodeIds.map((nodeId) => indexOf.get(nodeId) ?? NO_REPLICA);
  const { primaries, replicas } = countHoldings(shards, column, nodes.length);
  const strongest = Math.max(0, ...nodes.map((node) => node.capacity.cpu ?? 0));
  return {
    clusterId, sharding, shardCount: shards.shardCount,
    endpoints: nodes.map((node, index) => endpointOf(node, { strongest, nowMs: cluster.nowMs, primaries: primaries[index]!, replicas: replicas[index]! })),
    runs: runsOf(shards, column),
  };
}

function endpointOf(node: Node, { strongest, nowMs, primaries, replicas }: { strongest: number; nowMs: number; primaries: number; replicas: number }): Endpoint {
  const state = stateOf(node, nowMs);
  const share = strongest > 0 && node.capacity.cpu !== null ? node.capacity.cpu / strongest : 1;
  return {
    nodeId: node.id, name: node.name, address: node.address, zone: node.domain.zone,
    role: node.followerOf === null ? 'leader' : 'follower', followerOf: node.followerOf,
    state, weight: state === 'ready' ? Math.max(1, Math.round(share * WEIGHT_MAX)) : 0, primaries, replicas,
  };
}

/** A node that is suspect still gets requests: suspicion is cheap and often wrong. */
function stateOf(node: Node, nowMs: number): Endpoint['state'] {
  if (node.liveness === 'unreachable' || node.liveness === 'dead') return 'down';
  if (node.maintenanceUntilMs !== null && node.maintenanceUntilMs > nowMs) return 'maintenance';
  return node.lifecycle === 'active' ? 'ready' : 'drain';
}

function countHoldings(shards: ShardTable, column: readonly number[], nodeCount: number): { primaries: Uint32Array; replicas: Uint32Array } {
  const primaries = new Uint32Array(nodeCount);
  const replicas = new Uint32Array(nodeCount);
  for (let cell = 0; cell < shards.replicas.length; cell += 1) {
    const index = column[shards.replicas[cell]!] ?? NO_REPLICA;
    if (index === NO_REPLICA) continue;
    replicas[index]! += 1;
    if (cell % shards.replicaMax === 0) primaries[index]! += 1;
  }
  return { primaries, replicas };
}

function runsOf({ shardCount, replicaMax, replicas }: ShardTable, column: readonly number[]): number[][] | null {
  const runs: number[][] = [];
  for (let shardId = 0; shardId < shardCount; shardId += 1) {
    const row = Array.from(replicas.subarray(shardId * replicaMax, (shardId + 1) * replicaMax), (index) => column[index] ?? NO_REPLICA);
    const holders = row.filter((index, position) => position === 0 || index !== NO_REPLICA);
    const last = runs.at(-1);
    if (last !== undefined && last.length === holders.length + 2 && holders.every((index, position) => last[position + 2] === index)) last[1] = shardId;
    else if (runs.length === RUNS_MAX) return null;
    else runs.push([shardId, shardId, ...holders]);
  }
  return runs;
}
