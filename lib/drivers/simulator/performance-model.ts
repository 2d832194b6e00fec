import { NODE } from './cluster-parameters';

/** Time in the network and in the client, under no load. */
const FLOOR_MS = 0.4;
/** Mean time one operation takes on an idle node. */
const SERVICE_MS = 0.55;
/** Clients give up after this: no latency is reported above it. */
const LATENCY_MS_MAX = 2_000;
/** p99 of an exponential distribution, in means. */
const P99_IN_MEANS = Math.log(100);
/** Above this the queue of a stationary M/M/1 is without end; what would exceed it is shed. */
const UTILIZATION_MAX = 0.995;

/**
 * p99 latency in milliseconds of a node at `utilization` (0..1, of its busiest resource).
 * M/M/1: the time in the system is exponential with mean S / (1 - rho), so its 99th
 * percentile is ln(100) * S / (1 - rho) (Kleinrock, Queueing Systems I, 1975). `slowFactor`
 * >= 1 stretches the service time. Grows strictly with utilization up to the cap.
 */
export function latencyP99Ms(utilization: number, slowFactor = 1): number {
  const rho = Math.min(UTILIZATION_MAX, Math.max(0, utilization));
  return Math.min(LATENCY_MS_MAX, FLOOR_MS + (P99_IN_MEANS * SERVICE_MS * slowFactor) / (1 - rho));
}

/** What a node is asked for by clients, by replication and by copies. */
export interface NodeDemand {
  readonly cpuCores: number;
  readonly networkBytesPerSecond: number;
  readonly slowFactor: number;
}

/** What comes of it. */
export interface NodePerformance {
  /** Share of the clients' operations that is served, 0..1; the rest is shed with an error. */
  readonly servedShare: number;
  readonly cpuCores: number;
  readonly networkBytesPerSecond: number;
  readonly latencyP99Ms: number;
}

/**
 * A slow node needs `slowFactor` times the cores for the same work. Demand above a
 * capacity is shed in proportion, so usage never passes the capacity.
 */
export function performanceOf(demand: NodeDemand): NodePerformance {
  const cpuWanted = demand.cpuCores * demand.slowFactor;
  const cpuShare = cpuWanted > NODE.cpuCores ? NODE.cpuCores / cpuWanted : 1;
  const networkShare = demand.networkBytesPerSecond > NODE.networkBytesPerSecond ? NODE.networkBytesPerSecond / demand.networkBytesPerSecond : 1;
  const servedShare = Math.min(cpuShare, networkShare);
  const busiest = Math.max(cpuWanted / NODE.cpuCores, demand.networkBytesPerSecond / NODE.networkBytesPerSecond);
  return {
    servedShare,
    cpuCores: cpuWanted * servedShare,
    networkBytesPerSecond: demand.networkBytesPerSecond * servedShare,
    latencyP99Ms: latencyP99Ms(busiest, demand.slowFactor),
  };
}
