import type { SimulatorConnection } from '@/lib/contract/connection';

/** The part of a connection that makes one cluster and no other. */
export type ClusterShape = Pick<SimulatorConnection, 'nodeCount' | 'zoneCount' | 'shardCount' | 'replicationFactor' | 'seed' | 'lastNodeEmpty'> & Partial<Pick<SimulatorConnection, 'clientRouting'>>;

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** What one node of PhantomDB has. All nodes are alike. */
export const NODE = {
  cpuCores: 8,
  memoryBytes: 16 * GIB,
  diskBytes: 32 * GIB,
  networkBytesPerSecond: 1_250_000_000,
  /** What a copy may read from or write to the disk, all copies of a node together. */
  diskBytesPerSecond: 500 * MIB,
  /** Taken by the process itself, with no shard on it. */
  idleCpuCores: 0.12,
  idleMemoryBytes: 640 * MIB,
  idleDiskBytes: 256 * MIB,
  idleNetworkBytesPerSecond: 200_000,
  /** Share of the bytes held that stay in the cache. */
  cachedShare: 0.38,
} as const;

/**
 * Sizes of the demo. Chosen so that eleven loaded nodes stand at 25-55 % in every
 * resource, and evening out the twelfth moves 10 to 13 GiB: about a minute with the default
 * throttle of 256 MiB/s. They hold per node, so a cluster of any size looks alike.
 */
export const SIZING = {
  /** Mean over all nodes of bytes held, as a share of the disk. */
  dataShareOfDisk: 0.36,
  /** Mean over all nodes of cores that the shards ask for, as a share of the node's. */
  cpuShare: 0.3,
  /** A shard is never larger than this share of a disk, however few shards there are. */
  shardShareOfDiskMax: 0.15,
  /** And never asks for more than this share of a node's cores on average. */
  shardShareOfCpuMax: 0.4,
  /** Exponents of the Zipf-like weights rank^-s, and the largest weight as a multiple of the mean. */
  sizeExponent: 0.3,
  loadExponent: 0.45,
  weightMax: 25,
  bytesPerKey: 1_400,
  cpuSecondsPerOperation: 60e-6,
  networkBytesPerOperation: 6_000,
  /** Mean share of reads among the operations of a shard; each shard has its own, +- `readShareSpread`. */
  readShare: 0.76,
  readShareSpread: 0.12,
  /** Applying a replicated write costs this share of executing it. */
  applyCostShare: 0.25,
  /** Growth of every shard per simulated day, as a share of its first size. */
  growthPerDay: 0.005,
} as const;

/** What clients ask for changes this often, in simulated milliseconds. */
export const WORKLOAD_BEAT_MS = 100;

/** Times and costs of a move, all in simulated milliseconds. */
export const MOVING = {
  /** Spare bandwidth a copy may always take, as a share of the capacity: a busy node still gives a shard away. */
  spareShareMin: 0.05,
  /** Share of the capacity that clients and copies together leave free. */
  headroomShare: 0.1,
  cpuSecondsPerByte: 1 / (400 * MIB),
  verifyMs: 80,
  verifyBytesPerSecond: 1 * GIB,
  commitMs: 40,
  /** While copies run, their speed is set anew this often, from the load of that moment. */
  tickMs: 1_000,
  /** A partial copy that nobody continues is dropped by its node after this. */
  abandonedMs: 30 * 60_000,
} as const;

export const MEMBERSHIP = {
  joinMs: 1_500,
  transferMs: 150,
  /** Silence until the other nodes call a node failed and promote secondaries of its primaries. */
  failoverMs: 3_000,
} as const;

export const ENGINE_VERSION = '1.0';
