import type { SimulatorConnection } from '@/lib/contract/connection';
import { AssertionFailure } from '@/lib/platform/assert';
import type { Clock } from '@/lib/platform/clock';
import type { SimulatorSnapshot } from './cluster-snapshot';
import { PhantomCluster } from './phantom-cluster';
import { SimulatedTime } from './simulated-time';
import { SimulatorDriver } from './simulator-driver';
import { SnapshotFile, type SnapshotProblem } from './snapshot-file';

export interface Simulator {
  readonly driver: SimulatorDriver;
  /** Faults and load controls, for tests and the Simulator screen. */
  readonly cluster: PhantomCluster;
  /** `time.speed` may be set while it runs. */
  readonly time: SimulatedTime;
}

/**
 * The cluster of a connection with its driver. All chance comes from `connection.seed`,
 * so the same connection is the same cluster in every process.
 */
export function createSimulator(options: { connection: SimulatorConnection; clock: Clock }): Simulator {
  const { connection, clock } = options;
  return openDriver({ cluster: PhantomCluster.create(connection), clock, speed: connection.speed });
}

/** Another driver over a cluster that lives on, as after a restart of the manager. */
export function openDriver(options: { cluster: PhantomCluster; clock: Clock; speed: number; onClose?: () => void }): Simulator {
  const { cluster, clock, speed, onClose } = options;
  const time = new SimulatedTime(clock, cluster.nowMs, speed);
  return { driver: new SimulatorDriver({ cluster, clock, time, onClose: onClose ?? (() => undefined) }), cluster, time };
}

/**
 * The same, kept in a file over restarts of the process. What is in the file is gone on
 * from when it was made by the same connection (the speed may differ); a file that cannot
 * be used is reported and the cluster begins anew from its seed. Closing the driver
 * writes the file a last time.
 */
export function openStoredSimulator(options: {
  connection: SimulatorConnection; clock: Clock; path: string; onProblem: (problem: SnapshotProblem) => void; onClose?: () => void;
}): Simulator {
  const { connection, clock, path, onProblem, onClose } = options;
  const file = new SnapshotFile(path);
  const loaded = file.load();
  if (!loaded.ok) onProblem(loaded.error);
  const snapshot = loaded.ok ? loaded.value : null;
  const kept = snapshot !== null && sameShape(snapshot.shape, connection) ? restored(snapshot, onProblem) : null;
  const cluster = kept ?? PhantomCluster.create(connection);
  const stopFollowing = file.follow(cluster, { clock, onProblem });
  return openDriver({
    cluster, clock, speed: connection.speed,
    onClose: () => {
      stopFollowing();
      onClose?.();
    },
  });
}

function restored(snapshot: SimulatorSnapshot, onProblem: (problem: SnapshotProblem) => void): PhantomCluster | null {
  try {
    return PhantomCluster.restore(snapshot);
  } catch (error) {
    if (!(error instanceof AssertionFailure)) throw error;
    onProblem({ code: 'malformed', message: error.message });
    return null;
  }
}

function sameShape(one: SimulatorSnapshot['shape'], other: SimulatorConnection): boolean {
  return one.nodeCount === other.nodeCount && one.zoneCount === other.zoneCount && one.shardCount === other.shardCount
    && one.replicationFactor === other.replicationFactor && one.seed === other.seed && one.lastNodeEmpty === other.lastNodeEmpty;
}
