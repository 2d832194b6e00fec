import { SimulatorConnectionSchema } from '@/lib/contract/connection';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { SIMULATOR_CAPABILITIES } from '@/lib/drivers/simulator/simulator-driver';
import { ClusterModel } from '@/lib/manager/cluster-model';
import type { Clock } from '@/lib/platform/clock';

/** The model of a cluster that nobody has read yet, with nobody who is told of its changes. */
export function modelOf(clusterId: string, clock: Clock): ClusterModel {
  const record = { id: clusterId, name: clusterId, environment: 'development', connection: SimulatorConnectionSchema.parse({ kind: 'simulator' }), createdAtMs: 0, freeze: null, epoch: 1 } as const;
  const publisher = { clusterChanged: () => undefined, clusterGone: () => undefined, eventAppended: () => undefined, shardMoved: () => undefined };
  return new ClusterModel(record, { generation: 1, settings: DEFAULT_SETTINGS }, SIMULATOR_CAPABILITIES, clock, publisher);
}
