import type { Store } from '@/lib/contract/storage';
import type { ClusterDriver } from '@/lib/drivers/driver';
import type { Clock } from '@/lib/platform/clock';
import type { NextId } from '@/lib/platform/ids';
import type { Random } from '@/lib/platform/random';
import type { ClusterModel } from './cluster-model';
import type { EventLog } from './event-log';
import type { ManagerCallbacks } from './manager-callbacks';
import type { ManagerLogger } from './manager-logger';
import type { Planner } from './planner';
import type { Publisher } from './ports';
import type { NodeSupply } from './provisioning/node-supply';

/** What the parts of one cluster's manager are given. */
export interface ManagerResources {
  readonly clusterId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly nextId: NextId;
  readonly store: Store;
  readonly driver: ClusterDriver;
  readonly planner: Planner;
  readonly publisher: Publisher;
  readonly logger: ManagerLogger;
  readonly model: ClusterModel;
  readonly log: EventLog;
  readonly callbacks: ManagerCallbacks;
  readonly supply: NodeSupply;
}
