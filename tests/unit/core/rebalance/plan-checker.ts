import type { BalanceDimension } from '@/lib/contract/imbalance';
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
  steps.forEach((step, index) => {
    const say = (rule: string, what: string) => { found.push(`[${rule}] step ${index} ${step.kind} ${step.shardId} ${step.sourceNodeId}>${step.targetNodeId}: ${what}`); };
    const replicas = placed[step.shardId]!;
    const source = state.nodes.get(step.sourceNodeId)!;
    const target = state.nodes.get(step.targetNodeId)!;
    if (inFlight.has(step.shardId)) say('M1', 'a move of the shard is in flight');
    if (source.liveness === 'dead' || source.liveness === 'unreachable') say('P2', 'the source cannot be read');
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

/** P4 by hand: observed usage, plus everything that ever arrived; memory and disk are never given back. */
class Room {
  readonly #used = new Map<string, { cpu: number; memory: number; disk: number; network: number }>();
  readonly #meanBytes: number;

  constructor(private readonly state: ClusterState, private readonly lines: SafetyLines) {
    const sizes = [...state.shards.sizeBytes].filter((bytes) => !Number.isNaN(bytes));
    this.#meanBytes = sizes.reduce((sum, bytes) => sum + bytes, 0) / Math.max(1, sizes.length);
    for (const { id, usage } of state.nodes.values()) {
      this.#used.set(id, { cpu: usage.cpu ?? NaN, memory: usage.memory ?? NaN, disk: usage.disk ?? NaN, network: usage.network ?? NaN });
    }
    for (const move of state.inFlight) {
      if (replicasOf(state)[move.shardId]!.includes(move.sourceNodeId)) this.arrive(move.shardId, move.sourceNodeId, move.targetNodeId, move.role === 'primary');
    }
  }

  fits(shardId: number, nodeId: string, primary: boolean): boolean {
    return this.#overflow(shardId, nodeId, primary) === null;
  }

  arrive(shardId: number, sourceId: string, targetId: string, primary: boolean): string | null {
    const overflow = this.#overflow(shardId, targetId, primary);
    const target = this.#used.get(targetId)!;
    const need = this.#need(shardId, primary);
    target.cpu += need.cpu;
    target.memory += need.bytes;
    target.disk += need.bytes;
    this.#used.get(sourceId)!.cpu -= need.cpu;
    return overflow;
  }

  transfer(shardId: number, sourceId: string, targetId: string): void {
    const { cpu } = this.#need(shardId, true);
    this.#used.get(targetId)!.cpu += cpu;
    this.#used.get(sourceId)!.cpu -= cpu;
  }

  #need(shardId: number, primary: boolean): { cpu: number; bytes: number } {
    const bytes = this.state.shards.sizeBytes[shardId]!;
    const cpu = this.state.shards.load.cpu[shardId]!;
    return { cpu: primary && !Number.isNaN(cpu) ? cpu : 0, bytes: Number.isNaN(bytes) ? this.#meanBytes : bytes };
  }

  #overflow(shardId: number, nodeId: string, primary: boolean): string | null {
    const { capacity, usage } = this.state.nodes.get(nodeId)!;
    const used = this.#used.get(nodeId)!;
    const need = this.#need(shardId, primary);
    const tolerance = 1e-9;
    if (need.cpu > 0 && capacity.cpu !== null && used.cpu + need.cpu > this.lines.cpu * capacity.cpu + tolerance) return `cpu of ${nodeId} over its line`;
    if (capacity.disk !== null && used.disk + need.bytes > this.lines.disk * capacity.disk + tolerance) return `disk of ${nodeId} over its line`;
    // Where data lives on disk, memory is a cache that follows it at a rate this checker does not model.
    if (usage.disk === null && capacity.disk === null && capacity.memory !== null && used.memory + need.bytes > this.lines.memory * capacity.memory + tolerance) return `memory of ${nodeId} over its line`;
    return null;
  }
}
