import { contract } from './context';
import { agents } from './handlers/agents';
import { clusters } from './handlers/clusters';
import { events } from './handlers/events';
import { mending } from './handlers/mending';
import { metrics } from './handlers/metrics';
import { nodes } from './handlers/nodes';
import { operations } from './handlers/operations';
import { plans } from './handlers/plans';
import { routing } from './handlers/routing';
import { settings } from './handlers/settings';
import { scaling } from './handlers/scaling';
import { shards } from './handlers/shards';

/** Every operation of the contract; the compiler refuses a missing one. */
export const router = contract.router({ clusters, nodes, routing, agents, shards, mending, plans, operations, settings, scaling, events, metrics });
