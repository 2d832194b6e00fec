import type { SimulatorConnection } from '@/lib/contract/connection';
import type { Clock } from '@/lib/platform/clock';
import type { SimulatorSnapshot } from './cluster-snapshot';
import { PhantomCluster } from './phantom-cluster';
import { SimulatedTime } from './simulated-time';
import { SimulatorDriver } from './simulator-driver';

export interface Simulator {
  readonly driver: SimulatorDriver;
  /** Faults and load controls, for tests and the Simulator screen. */
  readonly cluster: PhantomCluster;
  /** `time.speed` may be set while it runs. */
  readonly time: SimulatedTime;
}

/**
 * The cluster of a connection with its driver. All chance comes from `connection.seed`,
 * so the same connection is the same cluster in every process. A `snapshot` of the same
 * shape is gone on from; one of another shape is another cluster and is not used.
 */
export function createSimulator(options: { connection: SimulatorConnection; clock: Clock; snapshot?: SimulatorSnapshot | null }): Simulator {
  const { connection, clock, snapshot } = options;
  const cluster = snapshot && sameShape(snapshot.shape, connection) ? PhantomCluster.restore(snapshot) : PhantomCluster.create(connection);
  return openDriver({ cluster, clock, speed: connection.speed });
}

/** Another driver over a cluster that lives on, as after a restart of the manager. */
export function openDriver(options: { cluster: PhantomCluster; clock: Clock; speed: number }): Simulator {
  const { cluster, clock, speed } = options;
  const time = new SimulatedTime(clock, cluster.nowMs, speed);
  return { driver: new SimulatorDriver({ cluster, clock, time }), cluster, time };
}

function sameShape(one: SimulatorSnapshot['shape'], other: SimulatorConnection): boolean {
  return one.nodeCount === other.nodeCount && one.zoneCount === other.zoneCount && one.shardCount === other.shardCount
    && one.replicationFactor === other.replicationFactor && one.seed === other.seed && one.lastNodeEmpty === other.lastNodeEmpty;
}
