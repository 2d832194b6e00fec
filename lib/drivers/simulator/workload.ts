import { createRandom, shuffled, type Random } from '@/lib/platform/random';
import { NODE, SIZING, type ClusterShape } from './cluster-parameters';
import { hashUnit, smoothNoise } from './hash-noise';

/**
 * What clients ask of each shard, as a pure function of (seed, time):
 *
 *   load(shard, t) = base(shard) x rhythm(t) x noise(shard, t)   held for HOLD_MS
 *                    x surges(shard, t) x controls(shard)        at once
 *
 * - base: Zipf-like weights rank^-s (see SIZING), ranks dealt out at random; each shard
 *   has its own mix of reads and writes and its own cost per operation.
 * - rhythm: a day with its peak in the afternoon and its trough before dawn.
 * - noise: +-10 % over two minutes and +-8 % over half an hour, smooth.
 * - surges: bursts over some two hundredths of the shards, and a single hot key.
 * - controls: what a test or the Simulator screen sets.
 *
 * Held: an engine reports means, and a shard's mean is renewed every HOLD_MS, a different
 * share of the shards each second. So in a steady state 5 % of the rows change per second,
 * by a few per cent of their value, and deltas to browsers stay small.
 */
export interface ShardDemands {
  readonly cpu: Float64Array;
  readonly reads: Float64Array;
  readonly writes: Float64Array;
  readonly network: Float64Array;
}

export interface WorkloadControls {
  /** Factor on the load of every shard. */
  readonly loadScale: number;
  /** Factors on the load of single shards: [shard id, factor]. */
  readonly hotShards: readonly (readonly [number, number])[];
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** The simulation begins on a weekday morning, some way below the peak. */
const START_OF_DAY_MS = 10 * HOUR_MS;
const HOLD_MS = 20_000;
const HOLD_STEP_MS = 1_000;
const HOLD_STEPS = HOLD_MS / HOLD_STEP_MS;

/** Factor of the time of day, mean 1 over a day; 0.67 at about 4:00, 1.31 at about 16:00. */
export function dailyRhythm(nowMs: number): number {
  const hour = ((nowMs + START_OF_DAY_MS) % DAY_MS) / HOUR_MS;
  return 1 + 0.3 * Math.cos((2 * Math.PI * (hour - 15.5)) / 24) + 0.05 * Math.cos((4 * Math.PI * (hour - 19)) / 24);
}

export class Workload {
  /** Base demand of one shard's primary. */
  readonly base: ShardDemands;
  /** Share of writes among the operations; what a secondary carries of the network. */
  readonly writeShare: Float64Array;
  /** Bytes and keys of one copy, growing slowly; renewed with the held means. */
  readonly sizeBytes: Float64Array;
  readonly keyCount: Float64Array;
  /** Load now as a multiple of the base, without surges and controls. */
  readonly #held: Float64Array;
  readonly #factors: Float64Array;
  readonly #baseSizes: Float64Array;
  readonly #seed: number;
  #heldStep = -Infinity;
  #sizesVersion = 0;
  #surges: readonly Surge[] = [];
  #surgesOfSlot = -1;
  #loadScale = 1;
  readonly #hotShards = new Map<number, number>();

  constructor(shape: ClusterShape) {
    const { shardCount, seed } = shape;
    const random = createRandom(`${seed}/workload`);
    this.#seed = seed;
    this.#held = new Float64Array(shardCount);
    this.#factors = new Float64Array(shardCount);
    this.#baseSizes = baseSizesOf(shape, random.fork('sizes'));
    this.sizeBytes = new Float64Array(shardCount);
    this.keyCount = new Float64Array(shardCount);
    this.writeShare = new Float64Array(shardCount);
    this.base = baseDemandsOf(shape, random.fork('loads'), this.writeShare);
    this.renewUntil(0);
  }

  /** Grows whenever a size changed. */
  get sizesVersion(): number {
    return this.#sizesVersion;
  }

  get controls(): WorkloadControls {
    return { loadScale: this.#loadScale, hotShards: [...this.#hotShards] };
  }

  setControls(controls: WorkloadControls): void {
    this.#loadScale = controls.loadScale;
    this.#hotShards.clear();
    for (const [shardId, factor] of controls.hotShards) if (factor !== 1) this.#hotShards.set(shardId, factor);
  }

  /** Renews the held means that fell due up to `nowMs`; time does not go back. */
  renewUntil(nowMs: number): void {
    const step = Math.floor(nowMs / HOLD_STEP_MS);
    const first = Math.max(this.#heldStep + 1, step - HOLD_STEPS + 1);
    if (first > step) return;
    for (let due = first; due <= step; due += 1) this.#renewStep(due);
    this.#heldStep = step;
    this.#sizesVersion += 1;
  }

  /** Load of each shard at `nowMs` as a multiple of its base. The array is reused by the next call. */
  factorsAt(nowMs: number): Float64Array {
    this.renewUntil(nowMs);
    const factors = this.#factors;
    for (let shardId = 0; shardId < factors.length; shardId += 1) factors[shardId] = this.#held[shardId]! * this.#loadScale;
    for (const surge of this.#surgesAt(nowMs)) {
      const factor = surgeFactor(surge, nowMs);
      if (factor !== 1) for (const shardId of surge.shardIds) factors[shardId]! *= factor;
    }
    for (const [shardId, factor] of this.#hotShards) factors[shardId]! *= factor;
    return factors;
  }

  /** Shards of one residue class are renewed in one step; steps below 0 stand for the time before the start. */
  #renewStep(step: number): void {
    const atMs = step * HOLD_STEP_MS;
    const rhythm = dailyRhythm(Math.max(0, atMs));
    const growth = 1 + (SIZING.growthPerDay * Math.max(0, atMs)) / DAY_MS;
    const residue = ((step % HOLD_STEPS) + HOLD_STEPS) % HOLD_STEPS;
    for (let shardId = residue; shardId < this.#held.length; shardId += HOLD_STEPS) {
      const noise = 0.1 * smoothNoise(this.#seed, shardId, atMs / 120_000) + 0.08 * smoothNoise(this.#seed ^ 0x5bd1, shardId, atMs / 1_800_000);
      this.#held[shardId] = rhythm * (1 + noise);
      const bytes = Math.round(this.#baseSizes[shardId]! * growth);
      this.sizeBytes[shardId] = bytes;
      this.keyCount[shardId] = Math.max(1, Math.round(bytes / SIZING.bytesPerKey));
    }
  }

  #surgesAt(nowMs: number): readonly Surge[] {
    const slot = Math.floor(nowMs / SURGE_SLOT_MS);
    if (slot !== this.#surgesOfSlot) {
      this.#surges = surgesOfSlot(this.#seed, slot, this.#held.length);
      this.#surgesOfSlot = slot;
    }
    return this.#surges;
  }
}

interface Surge {
  readonly shardIds: readonly number[];
  readonly startMs: number;
  readonly endMs: number;
  readonly rampMs: number;
  readonly factor: number;
}

/** Every slot of this length may hold one burst and one hot key, each wholly inside it. */
const SURGE_SLOT_MS = 20 * 60_000;
const BURST = { chance: 0.6, shardShare: 0.02, rampMs: 15_000 } as const;
const HOT_KEY = { chance: 0.4, rampMs: 30_000 } as const;

function surgesOfSlot(seed: number, slot: number, shardCount: number): Surge[] {
  const random = createRandom(`${seed}/surges/${slot}`);
  const slotStartMs = slot * SURGE_SLOT_MS;
  const surges: Surge[] = [];
  if (random.next() < BURST.chance) {
    const startMs = slotStartMs + (0.1 + 0.5 * random.next()) * SURGE_SLOT_MS;
    const shardIds: number[] = [];
    for (let shardId = 0; shardId < shardCount; shardId += 1) if (hashUnit(seed, slot, shardId) < BURST.shardShare) shardIds.push(shardId);
    surges.push({ shardIds, startMs, endMs: startMs + 60_000 + 120_000 * random.next(), rampMs: BURST.rampMs, factor: 1.3 + 0.5 * random.next() });
  }
  if (random.next() < HOT_KEY.chance) {
    const startMs = slotStartMs + 0.3 * random.next() * SURGE_SLOT_MS;
    surges.push({ shardIds: [random.integer(shardCount)], startMs, endMs: startMs + (0.25 + 0.35 * random.next()) * SURGE_SLOT_MS, rampMs: HOT_KEY.rampMs, factor: 2 + 2.5 * random.next() });
  }
  return surges;
}

/** 1 outside of it, its full factor inside, straight ramps between. */
function surgeFactor(surge: Surge, nowMs: number): number {
  const share = Math.min((nowMs - surge.startMs) / surge.rampMs, (surge.endMs - nowMs) / surge.rampMs, 1);
  return share <= 0 ? 1 : 1 + (surge.factor - 1) * share;
}

/** Weights rank^-exponent in random order, mean 1, none above SIZING.weightMax. */
function zipfWeights(count: number, exponent: number, random: Random): Float64Array {
  const ranks = shuffled(random, Array.from({ length: count }, (_, index) => index + 1));
  const weights = Float64Array.from(ranks, (rank) => rank ** -exponent);
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / count;
  return weights.map((weight) => Math.min(SIZING.weightMax, weight / mean));
}

function baseSizesOf(shape: ClusterShape, random: Random): Float64Array {
  const replicas = shape.shardCount * Math.min(shape.replicationFactor, shape.nodeCount);
  const mean = Math.min((SIZING.dataShareOfDisk * NODE.diskBytes * shape.nodeCount) / replicas, SIZING.shardShareOfDiskMax * NODE.diskBytes);
  return zipfWeights(shape.shardCount, SIZING.sizeExponent, random).map((weight) => Math.round(weight * mean));
}

function baseDemandsOf(shape: ClusterShape, random: Random, writeShare: Float64Array): ShardDemands {
  const { shardCount } = shape;
  const mean = Math.min((SIZING.cpuShare * NODE.cpuCores * shape.nodeCount) / shardCount, SIZING.shardShareOfCpuMax * NODE.cpuCores);
  const weights = zipfWeights(shardCount, SIZING.loadExponent, random);
  const demands = { cpu: new Float64Array(shardCount), reads: new Float64Array(shardCount), writes: new Float64Array(shardCount), network: new Float64Array(shardCount) };
  for (let shardId = 0; shardId < shardCount; shardId += 1) {
    const cpu = weights[shardId]! * mean;
    const operations = cpu / (SIZING.cpuSecondsPerOperation * (0.75 + 0.5 * random.next()));
    writeShare[shardId] = 1 - SIZING.readShare + SIZING.readShareSpread * (2 * random.next() - 1);
    demands.cpu[shardId] = cpu;
    demands.writes[shardId] = operations * writeShare[shardId]!;
    demands.reads[shardId] = operations - demands.writes[shardId]!;
    demands.network[shardId] = operations * SIZING.networkBytesPerOperation * (0.7 + 0.6 * random.next());
  }
  return demands;
}
