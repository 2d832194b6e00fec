import fc from 'fast-check';
import type { Node } from '@/lib/contract/node';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { GIB, MIB, NOW_MS, nodeOf, stateOf, type ShardSpec } from './cluster-builder';

export interface ClusterShape {
  readonly nodeCountMin?: number;
  readonly shardCountMax?: number;
  /** Capacities and usages that never bind: for rules that hold only where there is room. */
  readonly roomy?: boolean;
  /** Every node takes part. */
  readonly healthy?: boolean;
  readonly withInFlight?: boolean;
  readonly withFollowers?: boolean;
}

const LIFECYCLES = ['active', 'active', 'active', 'active', 'joining', 'draining', 'decommissioning'] as const;
const LIVENESSES = ['alive', 'alive', 'alive', 'alive', 'suspect', 'unreachable', 'dead'] as const;

/** Clusters of every kind that a reading can bring: zones or none, replicas, broken spread, unknown and zero loads, tight and unknown capacities. */
export function clusterArbitrary(shape: ClusterShape = {}): fc.Arbitrary<ClusterState> {
  return fc.record({
    nodeCount: fc.integer({ min: shape.nodeCountMin ?? 1, max: 9 }),
    zoneCount: fc.integer({ min: 0, max: 4 }),
    replicationFactor: fc.integer({ min: 1, max: 3 }),
    shardCount: fc.integer({ min: 0, max: shape.shardCountMax ?? 60 }),
    known: fc.record({ bytes: fc.boolean(), load: fc.boolean(), zeroLoad: fc.boolean(), someUnknown: fc.boolean() }),
    capacities: fc.constantFrom('unknown', 'equal', 'mixed'),
    engine: fc.constantFrom('memory', 'disk'),
    entropy: fc.infiniteStream(fc.nat({ max: 0xffff })),
  }).map((draw) => {
    const next = (bound: number): number => draw.entropy.next().value! % bound;
    const ids = Array.from({ length: draw.nodeCount }, (_, index) => `n${index}`);
    const zones = ids.map(() => (draw.zoneCount === 0 ? null : `z${next(draw.zoneCount)}`));
    const shards = Array.from({ length: draw.shardCount }, (): ShardSpec => {
      const unknown = draw.known.someUnknown && next(5) === 0;
      const weight = 1 + next(100) * next(100);
      const load = draw.known.zeroLoad ? 0 : weight / 1_000;
      return {
        on: placementOf(ids, Math.min(draw.replicationFactor, draw.nodeCount), next),
        ...(draw.known.bytes && !unknown && { bytes: (1 + next(64)) * MIB, keys: next(1_000) }),
        ...(draw.known.load && !unknown && { cpu: load, reads: load * 1_000, writes: load * next(500), network: load * 10_000 }),
      };
    });
    const nodes = ids.map((id, index) => nodeWith(id, { zone: zones[index] ?? null, capacities: draw.capacities, engine: draw.engine, next, shape }));
    const followers = shape.withFollowers === true ? ids.map((id) => nodeOf(`${id}-f`, { followerOf: id })) : [];
    const inFlight = shape.withInFlight === true && draw.shardCount > 0 && draw.nodeCount > draw.replicationFactor ? [inFlightOf(shards, ids, next)] : [];
    return stateOf([...nodes, ...followers], shards, { inFlight });
  });
}

function placementOf(ids: readonly string[], count: number, next: (bound: number) => number): string[] {
  // Skewed towards the first nodes, so that there is something to even.
  const chosen: string[] = [];
  while (chosen.length < count) {
    const id = ids[Math.min(next(ids.length), next(ids.length))]!;
    const free = chosen.includes(id) ? ids.find((other) => !chosen.includes(other))! : id;
    chosen.push(free);
  }
  return chosen;
}

interface NodeDraw {
  readonly zone: string | null;
  readonly capacities: 'unknown' | 'equal' | 'mixed';
  readonly engine: 'memory' | 'disk';
  readonly next: (bound: number) => number;
  readonly shape: ClusterShape;
}

function nodeWith(id: string, { zone, capacities, engine, next, shape }: NodeDraw): Node {
  const factor = capacities === 'mixed' ? 1 + next(4) : 1;
  const size = (shape.roomy === true ? 1_000 * GIB : 4 * GIB) * factor;
  const used = (shape.roomy === true ? 0.01 : next(90) / 100) * size;
  const reports = capacities !== 'unknown';
  const troubled = shape.healthy !== true && next(4) === 0;
  return nodeOf(id, {
    zone,
    lifecycle: troubled ? LIFECYCLES[next(LIFECYCLES.length)]! : 'active',
    liveness: troubled ? LIVENESSES[next(LIVENESSES.length)]! : 'alive',
    cordoned: troubled && next(3) === 0,
    quarantinedUntilMs: troubled && next(4) === 0 ? NOW_MS + 60_000 : null,
    maintenanceUntilMs: troubled && next(4) === 0 ? NOW_MS + 60_000 : null,
    capacity: {
      cpu: reports ? 64 * factor * (shape.roomy === true ? 1_000 : 1) : null,
      memory: reports ? size : null,
      disk: reports && engine === 'disk' ? size : null,
      network: reports && shape.roomy !== true ? 10_000_000 * factor : null,
    },
    usage: {
      cpu: reports && shape.roomy !== true ? (next(80) / 100) * 64 * factor : null,
      memory: reports ? used : null,
      disk: reports && engine === 'disk' ? used : null,
      network: null,
    },
  });
}

function inFlightOf(shards: readonly ShardSpec[], ids: readonly string[], next: (bound: number) => number): ClusterState['inFlight'][number] {
  const shardId = next(shards.length);
  const { on, bytes } = shards[shardId]!;
  const targets = ids.filter((id) => !on.includes(id));
  return { shardId, role: 'primary', sourceNodeId: on[0]!, targetNodeId: targets[next(targets.length)]!, bytes: bytes ?? null };
}

/** Prints the seed of a failing run, which replays it; `runs` is bounded for the everyday check. */
export const runsOf = (runs: number): fc.Parameters<unknown> => {
  const seed = Number(process.env.FC_SEED ?? 20_261_107);
  return { numRuns: Number(process.env.FC_RUNS ?? runs), seed, verbose: fc.VerbosityLevel.None };
};
