import type { BalanceDimension } from '@/lib/contract/imbalance';
import type { Node } from '@/lib/contract/node';
import type { Plan, PlanStep } from '@/lib/contract/plan';
import type { SafetyLines } from '@/lib/contract/settings';
import { applyPlacement } from '@/lib/contract/apply-placement';
import { acceptsPlacement, type ClusterState } from '@/lib/core/cluster/cluster-state';
import { imbalanceOf } from '@/lib/core/load/imbalance';

/**
 * The rules once more, by brute force over plain objects and without a line of the
 * planner: after every single step, is the cluster still one that P1 to P5 allow?
 * Returns what is broken, as text; empty = sound.
 */
export function violationsOf(state: ClusterState, plan: Plan, lines: SafetyLines, nowMs: number): string[] {
  const { steps } = plan;
  const evacuating = new Set(plan.scope.kind === 'evacuate' ? plan.scope.nodeIds : []);
  const found: string[] = [];
  const placed = replicasOf(state);
  const inFlight = new Set(state.inFlight.map(({ shardId }) => shardId));
  const room = new Room(state, lines);
  const reclaims = new Set(plan.waves.filter((wave) => wave.reclaims).map(({ fromStep }) => fromStep));
  steps.forEach((step, index) => {
    if (reclaims.has(index)) room.reclaim();
    const say = (rule: string, what: string) => { found.push(`[${rule}] step ${index} ${step.kind} ${step.shardId} ${step.sourceNodeId}>${step.targetNodeId}: ${what}`); };
    const replicas = placed[step.shardId]!;
    const source = state.nodes.get(step.sourceNodeId)!;
    const target = state.nodes.get(step.targetNodeId)!;
    if (inFlight.has(step.shardId)) say('M1', 'a move of the shard is in flight');
    // The copy of a node that is to be emptied and is gone can be made again from its primary.
    const madeAgain = step.kind === 'move' && step.role === 'secondary' && evacuating.has(source.id) && isReadable(state.nodes.get(replicas[0]!));
    if (!isReadable(source) && !madeAgain) say('P2', 'the source cannot be read');
    if (!acceptsPlacement(target, nowMs)) say('P5', 'the target is not eligible');
    if (evacuating.has(target.id)) say('P5', 'the target is being emptied');
    if (step.kind === 'transfer') {
      if (replicas[0] !== source.id) say('P1', 'the source is not the primary');
      if (!replicas.slice(1).includes(target.id)) say('P1', 'the target holds no secondary');
      room.transfer(step.shardId, source.id, target.id);
      replicas[replicas.indexOf(target.id)] = source.id;
      replicas[0] = target.id;
      return;
    }
    const column = replicas.indexOf(source.id);
    if (column < 0) say('P2', 'the source holds no replica');
    if ((column === 0) !== (step.role === 'primary')) say('P1', 'the role is wrong');
    if (replicas.includes(target.id)) say('P3', 'the target has a replica already');
    const { disk } = target.usage;
    if (disk !== null && target.capacity.disk !== null && disk >= lines.disk * target.capacity.disk) say('P5', 'the target is above its disk line');
    const overflow = room.arrive(step.shardId, source.id, target.id, step.role === 'primary');
    if (overflow !== null) say('P4', overflow);
    const zonesBefore = zonesOf(state, replicas);
    const others = replicas.filter((id) => id !== source.id);
    replicas[column] = target.id;
    if (zonesOf(state, replicas) < zonesBefore) {
      const elsewhere = evacuating.size === 0 ? 'not evacuating' : betterPlace(state, { others, evacuating, zones: zonesBefore, nowMs, hasRoom: (id) => room.fits(step.shardId, id, step.role === 'primary') });
      if (elsewhere !== null) say('P3', `zones fell from ${zonesBefore} although: ${elsewhere}`);
    }
  });
  return found;
}

/** The relevant imbalance after every prefix, from the shard table alone; index 0 = before the first step. */
export function scoresOf(state: ClusterState, steps: readonly PlanStep[], dimensions: readonly BalanceDimension[], nowMs: number): number[] {
  const scoreOf = (prefix: readonly PlanStep[]) => {
    const imbalance = imbalanceOf({ ...state, shards: applyPlacement(state.shards, prefix) }, nowMs);
    return Math.max(0, ...dimensions.map((dimension) => imbalance[dimension] ?? 0));
  };
  return Array.from({ length: steps.length + 1 }, (_, count) => scoreOf(steps.slice(0, count)));
}

function isReadable(node: Node | undefined): boolean {
  return node?.liveness === 'alive' || node?.liveness === 'suspect';
}

export function replicasOf(state: ClusterState): string[][] {
  const { shardCount, replicaMax, replicas, nodeIds } = state.shards;
  return Array.from({ length: shardCount }, (_, shardId) =>
    [...replicas.slice(shardId * replicaMax, (shardId + 1) * replicaMax)].filter((index) => index >= 0).map((index) => nodeIds[index]!));
}

function zonesOf(state: ClusterState, nodeIds: readonly string[]): number {
  return new Set(nodeIds.map((id) => state.nodes.get(id)?.domain.zone ?? null)).size;
}

interface ZoneQuestion {
  readonly others: readonly string[];
  readonly evacuating: ReadonlySet<string>;
  readonly zones: number;
  readonly nowMs: number;
  readonly hasRoom: (nodeId: string) => boolean;
}

function betterPlace(state: ClusterState, { others, evacuating, zones, nowMs, hasRoom }: ZoneQuestion): string | null {
  const better = [...state.nodes.values()].find((node) => acceptsPlacement(node, nowMs) && !evacuating.has(node.id) && !others.includes(node.id)
    && zonesOf(state, [...others, node.id]) >= zones && hasRoom(node.id));
  return better === undefined ? null : `${better.id} keeps the zones apart`;
}

interface Need {
  readonly cpu: number;
  readonly memory: number;
  readonly disk: number;
  readonly network: number;
}
const RESOURCES = ['cpu', 'memory', 'disk', 'network'] as const;

/**
 * P4 by hand: observed usage (what is attributed where none is observed), plus everything
 * that ever arrived; memory and disk are given back only where a wave of the plan begins
 * that says it rests on that. NaN = unknown: it fits unless
 * the node is over its line already.
 */
class Room {
  readonly #used = new Map<string, Record<keyof Need, number>>();
  readonly #left = new Map<string, { memory: number; disk: number }>();
  /** Where data lives on disk, memory is a cache that follows it. */
  readonly #memoryPerByte: number;

  constructor(private readonly state: ClusterState, private readonly lines: SafetyLines) {
    const placed = replicasOf(state);
    const nodes = [...state.nodes.values()];
    const onDisk = nodes.some(({ usage, capacity }) => usage.disk !== null || capacity.disk !== null);
    const held = placed.reduce((sum, on, shardId) => sum + on.length * orMean(state.shards.sizeBytes, shardId), 0);
    this.#memoryPerByte = !onDisk ? 1 : held > 0 ? Math.min(1, nodes.reduce((sum, { usage }) => sum + (usage.memory ?? 0), 0) / held) : 1;
    for (const { id, usage } of state.nodes.values()) {
      const held = { cpu: 0, memory: 0, disk: 0, network: 0 };
      placed.forEach((on, shardId) => {
        if (!on.includes(id)) return;
        const need = this.#need(shardId, on[0] === id);
        for (const resource of RESOURCES) held[resource] += need[resource];
      });
      this.#used.set(id, { cpu: usage.cpu ?? held.cpu, memory: usage.memory ?? held.memory, disk: usage.disk ?? held.disk, network: usage.network ?? held.network });
    }
    for (const move of state.inFlight) {
      if (placed[move.shardId]!.includes(move.sourceNodeId)) this.#add(move.targetNodeId, this.#need(move.shardId, placed[move.shardId]![0] === move.sourceNodeId));
    }
  }

  fits(shardId: number, nodeId: string, primary: boolean): boolean {
    return this.#overflow(shardId, nodeId, primary) === null;
  }

  arrive(shardId: number, sourceId: string, targetId: string, primary: boolean): string | null {
    const overflow = this.#overflow(shardId, targetId, primary);
    const need = this.#need(shardId, primary);
    this.#add(targetId, need);
    this.#add(sourceId, { cpu: -need.cpu, memory: 0, disk: 0, network: -need.network });
    const left = this.#left.get(sourceId) ?? { memory: 0, disk: 0 };
    this.#left.set(sourceId, { memory: left.memory + (need.memory || 0), disk: left.disk + (need.disk || 0) });
    return overflow;
  }

  reclaim(): void {
    for (const [id, { memory, disk }] of this.#left) this.#add(id, { cpu: 0, memory: -memory, disk: -disk, network: 0 });
    this.#left.clear();
  }

  transfer(shardId: number, sourceId: string, targetId: string): void {
    const primary = this.#need(shardId, true);
    const secondary = this.#need(shardId, false);
    const cpu = primary.cpu - secondary.cpu;
    const network = primary.network - secondary.network;
    this.#add(targetId, { cpu, memory: 0, disk: 0, network });
    this.#add(sourceId, { cpu: -cpu, memory: 0, disk: 0, network: -network });
  }

  #add(nodeId: string, need: Need): void {
    const used = this.#used.get(nodeId)!;
    for (const resource of RESOURCES) used[resource] += Number.isNaN(need[resource]) ? 0 : need[resource];
  }

  #need(shardId: number, primary: boolean): Need {
    const { sizeBytes, load } = this.state.shards;
    const bytes = orMean(sizeBytes, shardId);
    const reads = orMean(load.readsPerSecond, shardId);
    const writes = orMean(load.writesPerSecond, shardId);
    const network = orMean(load.networkBytesPerSecond, shardId);
    const written = reads + writes > 0 ? (network * writes) / (reads + writes) : network * 0;
    const cpu = orMean(load.cpu, shardId);
    return { cpu: primary ? cpu : cpu * 0, memory: bytes * this.#memoryPerByte, disk: bytes, network: primary ? network : written };
  }

  #overflow(shardId: number, nodeId: string, primary: boolean): string | null {
    const { capacity, usage } = this.state.nodes.get(nodeId)!;
    const used = this.#used.get(nodeId)!;
    const need = this.#need(shardId, primary);
    if (usage.disk !== null && capacity.disk !== null && usage.disk >= this.lines.disk * capacity.disk) return `disk of ${nodeId} at its line`;
    for (const resource of RESOURCES) {
      const room = capacity[resource];
      if (room === null) continue;
      const limit = this.lines[resource] * room;
      if (Number.isNaN(need[resource]) ? used[resource] >= limit : need[resource] > 0 && used[resource] + need[resource] > limit * (1 + 1e-9)) return `${resource} of ${nodeId} over its line`;
    }
    return null;
  }
}

function orMean(column: Float64Array | Float32Array, row: number): number {
  if (!Number.isNaN(column[row]!)) return column[row]!;
  const known = [...column].filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
