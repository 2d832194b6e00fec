import { createHash } from 'node:crypto';
import { ORPCError } from '@orpc/server';
import type { LocatedKey, Routing } from '@/lib/contract/routing';
import { primaryNodeIdOf, replicaNodeIdsOf } from '@/lib/contract/shard-table';
import { buildRouting, shardingOf } from '@/lib/core/routing/build-routing';
import { createKeyLookup, hashedPart } from '@/lib/core/routing/key-lookup';
import type { ElasticScalingManager } from '@/lib/manager/elastic-scaling-manager';
import type { ClusterView } from '@/lib/manager/ports';
import { sleep, type Clock } from '@/lib/platform/clock';
import { contract, managerOf } from '../context';

const routes = contract.routing;

/** How soon a change reaches those that wait for one. */
const LOOK_EVERY_MS = 100;
/** Beyond so many the answer does not wait: a crowd is slowed down by asking again, and the server does not carry it. */
const WAITING_MAX = 512;

/** Made once per picture of a cluster, however many ask. */
const made = new WeakMap<ClusterView, Routing>();
let waiting = 0;

export const routing = {
  get: routes.get.handler(async ({ input, context }) => {
    const manager = managerOf(context, input.clusterId);
    const { clock, conditional } = context;
    const current = await waitForNews({ manager, clock, known: conditional.known, waitMs: input.waitMs });
    conditional.etag = current.revision;
    return current;
  }),
  locate: routes.locate.handler(({ input, context }): LocatedKey => {
    const view = managerOf(context, input.clusterId).view();
    const sharding = shardingOf(view.summary.connection, view.shards);
    const shardId = createKeyLookup(sharding)(input.key);
    if (shardId >= view.shards.shardCount) throw new ORPCError('NOT_FOUND', { status: 404, message: 'The shards of this cluster are not known yet' });
    const primaryNodeId = primaryNodeIdOf(view.shards, shardId);
    const move = view.movesInFlight.find(({ step }) => step.shardId === shardId);
    return {
      key: input.key, method: sharding.method, shardId, primaryNodeId,
      hashedPart: sharding.method === 'range' ? input.key : hashedPart(input.key),
      secondaryNodeIds: replicaNodeIdsOf(view.shards, shardId).filter((nodeId) => nodeId !== primaryNodeId),
      followerNodeIds: view.nodes.filter((node) => primaryNodeId !== null && node.followerOf === primaryNodeId).map((node) => node.id),
      address: view.nodes.find((node) => node.id === primaryNodeId)?.address ?? null,
      moving: move === undefined ? null : { sourceNodeId: move.step.sourceNodeId, targetNodeId: move.step.targetNodeId },
    };
  }),
};

async function waitForNews({ manager, clock, known, waitMs }: { manager: ElasticScalingManager; clock: Clock; known: readonly string[]; waitMs: number }): Promise<Routing> {
  const deadlineMs = clock.monotonicMs() + waitMs;
  let current = routingOf(manager.view(), clock);
  if (waiting >= WAITING_MAX || !known.includes(current.revision)) return current;
  waiting += 1;
  try {
    while (known.includes(current.revision) && clock.monotonicMs() < deadlineMs) {
      await sleep(clock, Math.min(LOOK_EVERY_MS, deadlineMs - clock.monotonicMs()));
      current = routingOf(manager.view(), clock);
    }
    return current;
  } finally {
    waiting -= 1;
  }
}

function routingOf(view: ClusterView, clock: Clock): Routing {
  let routingOfView = made.get(view);
  if (routingOfView === undefined) {
    const { summary, nodes, shards } = view;
    const content = buildRouting({ clusterId: summary.id, sharding: shardingOf(summary.connection, shards), nodes, shards, nowMs: clock.wallMs() });
    routingOfView = { ...content, revision: createHash('sha256').update(JSON.stringify(content)).digest('base64url').slice(0, 22) };
    made.set(view, routingOfView);
  }
  return routingOfView;
}
