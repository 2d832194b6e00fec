import { setMaxListeners } from 'node:events';
import type { AgentCommand } from '@/lib/contract/agent-protocol';
import type { DriverFailure } from '@/lib/contract/operation';
import { shardCountOf } from '@/lib/contract/sharding';
import { firstPlacement } from '@/lib/core/cluster/first-placement';
import { err, ok, type Result } from '@/lib/platform/result';
import type { AgentCluster } from './agent-cluster';
import { failureOf } from './failures';

const REPORT_TIMEOUT_MS = 5_000;
/** Orders on their way at once; each node makes those that come together with one sync of its disk. */
const ORDERS_AT_ONCE = 512;
const FIRST_EPOCH = 1;

type SetRole = Extract<AgentCommand, { kind: 'setRole' }>;

/**
 * Makes the shards of a cluster that has none: an operator's act, once. Refused when any member
 * holds any part of a shard, unless it is what an earlier, unfinished try has made.
 */
export async function createShards(cluster: AgentCluster, options: { readonly epoch: number; readonly nextKey: () => string; readonly signal: AbortSignal }): Promise<Result<{ readonly shardsCreated: number }, DriverFailure>> {
  const { epoch, nextKey, signal } = options;
  if (!cluster.raiseEpoch(epoch)) return err(failureOf('stale-epoch', `A manager with a higher epoch than ${epoch} acts on this cluster`));
  // One signal for all orders is no leak: each takes its listener away again.
  setMaxListeners(0, signal);
  const members = cluster.sessions().filter((session) => session.isMember);
  const { sharding, replicationFactor } = cluster.connection;
  if (members.length < replicationFactor) return err(failureOf('refused-by-engine', `${members.length} members cannot hold ${replicationFactor} copies of each shard`));
  const placement = firstPlacement({ shardCount: shardCountOf(sharding), replicationFactor, nodes: members.map(({ record }) => ({ id: record.nodeId, zone: record.domain.zone })) });
  const reports = await Promise.all(members.map(async (session) => ({ session, received: await session.ask({ shards: true, timeoutMs: REPORT_TIMEOUT_MS, signal }) })));
  for (const { session, received } of reports) {
    if (received === null) return err(failureOf('node-down', `${session.record.name} gave no list of its shards`, true));
    const foreign = received.beat.shards.held?.find((shard) => shard.epoch !== FIRST_EPOCH || roleIn(placement[shard.shardId], session.record.nodeId) !== shard.role);
    if (foreign !== undefined) return err(failureOf('not-empty', `${session.record.name} holds shard ${foreign.shardId} already: the shards of this cluster have been made`));
  }
  const heldCount = reports.reduce((count, { received }) => count + (received?.beat.shards.held?.length ?? 0), 0);
  if (heldCount === placement.flat().length) return err(failureOf('not-empty', `All ${placement.length} shards of this cluster have been made`));
  const orders = placement.flatMap((nodeIds, shardId) => ordersFor(cluster, shardId, nodeIds, { epoch, nextKey }));
  // Copies first: a primary finds its secondaries there with the first write.
  for (const role of ['secondary', 'primary'] as const) {
    const some = orders.filter(({ command }) => command.role === role);
    for (let start = 0; start < some.length; start += ORDERS_AT_ONCE) {
      const results = await Promise.all(some.slice(start, start + ORDERS_AT_ONCE).map(({ nodeId, command }) => cluster.session(nodeId)!.call(command, { signal })));
      const failed = results.find((result) => !result.ok);
      if (failed?.ok === false) return failed;
    }
  }
  cluster.ownersChanged(placement.map(([primary]) => primary ?? null));
  for (const session of members) session.nudge();
  return ok({ shardsCreated: placement.length });
}

function roleIn(nodeIds: readonly string[] | undefined, nodeId: string): 'primary' | 'secondary' | null {
  const position = nodeIds?.indexOf(nodeId) ?? -1;
  return position === -1 ? null : position === 0 ? 'primary' : 'secondary';
}

function ordersFor(cluster: AgentCluster, shardId: number, nodeIds: readonly string[], { epoch, nextKey }: { epoch: number; nextKey: () => string }): { nodeId: string; command: SetRole }[] {
  const peers = nodeIds.flatMap((nodeId) => cluster.peerOf(nodeId) ?? []);
  const [primary, ...secondaries] = peers;
  if (primary === undefined) return [];
  return peers.map((peer, position) => ({
    nodeId: peer.nodeId,
    command: { kind: 'setRole', key: `create/${shardId}/${nextKey()}`, epoch, shardId, role: position === 0 ? 'primary' : 'secondary', shardEpoch: FIRST_EPOCH, primary, secondaries, create: true, takeOver: false },
  }));
}
