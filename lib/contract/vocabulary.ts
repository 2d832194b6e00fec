/**
 * The closed lists of the contract and its few bare numbers. Apart from the schemas that
 * are made of them, so that a screen which only names them does not load a validator.
 */
export const RESOURCES = ['cpu', 'memory', 'disk', 'network'] as const;

/** Readings of a node besides its resources. */
export const NODE_STATS = ['readsPerSecond', 'writesPerSecond', 'operationsPerSecond', 'connections', 'latencyP99Ms', 'keyCount', 'replicationLagBytes'] as const;

/** Why a number of a node is unknown although it was reported, or is expected to be. */
export const METRIC_FLAGS = ['missing', 'not-a-number', 'negative', 'absurd', 'frozen'] as const;

/** What an operator may do with a node; moving its shards is planned apart. */
export const NODE_ACTIONS = ['cordon', 'uncordon', 'maintain', 'activate', 'accept', 'lift-quarantine', 'drain', 'decommission'] as const;

/** What can be even or uneven over nodes. `shards` counts replicas, `primaries` the leading ones, `data` bytes held, `operations` requests per second. */
export const BALANCE_DIMENSIONS = ['cpu', 'memory', 'disk', 'network', 'operations', 'data', 'shards', 'primaries'] as const;

export const STRATEGIES = ['consistent-hashing', 'round-robin', 'load-based', 'optimal'] as const;

/** What each strategy evens: only these are held against the threshold. What is unknown in all of them falls back to shards. */
export const WEIGHED_DIMENSIONS: Readonly<Record<(typeof STRATEGIES)[number], readonly (typeof BALANCE_DIMENSIONS)[number][]>> = {
  'load-based': ['cpu', 'operations', 'network', 'data'],
  'round-robin': ['shards', 'primaries'],
  'consistent-hashing': ['shards'],
  optimal: ['cpu', 'operations', 'network', 'data'],
};

/**
 * Ready choices of objectives for the strategy `optimal`. balanced: overload, then evenness against bytes.
 * light: only what is over its safety line. thorough: evenness whatever it moves. drain: empties nodes and
 * evens only by what moves anyway. even-counts: the same number of shards and primaries everywhere.
 */
export const PRESETS = ['balanced', 'light', 'thorough', 'drain', 'even-counts'] as const;

/**
 * What the strategy `optimal` scores. evacuate: replicas on nodes to be emptied. spread: replicas that share a
 * zone needlessly. overload: use above a safety line. Then evenness per dimension, and what moving costs.
 */
export const OBJECTIVES = ['evacuate', 'spread', 'overload', ...BALANCE_DIMENSIONS, 'bytes', 'moves', 'shard-moves'] as const;

/** Priorities of objectives, first things first. */
export const BUCKETS = ['evacuate', 'repair', 'overload', 'balance', 'moves'] as const;

export const HEADROOMS = ['none', 'largest-node', 'largest-zone'] as const;

/** Why a search ended. */
export const STOP_REASONS = ['converged', 'work-budget', 'time', 'canceled'] as const;

/** What a plan is held against besides its constraints. */
export const GUARD_RAILS = [
  'capacity', 'disk-line', 'replica-conflict', 'zone-spread', 'eligibility', 'safety-line', 'imbalance', 'headroom-node', 'headroom-zone', 'hotspot',
] as const;

/** simulator comes with a simulated cluster; the others are named in the configuration file. */
export const PROVISIONER_KINDS = ['simulator', 'local-process', 'standby', 'command', 'webhook'] as const;

export const OPERATION_KINDS = ['rebalance', 'scale-out', 'scale-in', 'add-node', 'drain', 'decommission', 'replace', 'move-shards', 'reverse', 'repair', 'mend-shards'] as const;

/**
 * unassigned: nobody serves the shard. served-by-gone: who served it does not answer. open: a move of somebody else's
 * was left half done. disputed: several nodes say that they serve it. strayed: a node that neither serves it nor says that it moves has keys of it.
 */
export const SHARD_FAULTS = ['unassigned', 'served-by-gone', 'open', 'disputed', 'strayed'] as const;

/** Why a shard is mended the way it is. */
export const REMEDY_REASONS = ['no-keys-anywhere', 'only-holder', 'holds-most-keys', 'keys-arrived', 'nothing-moved', 'owner-keeps', 'keys-astray'] as const;

/** One stage each, with one more that verifies. */
export const MEND_STEPS_MAX = 500;

export const MOVE_STATUSES = ['pending', 'copying', 'verifying', 'committing', 'done', 'failed', 'reverted'] as const;

export const EXECUTION_STATUSES = ['pending', 'running', 'pausing', 'paused', 'canceling', 'canceled', 'succeeded', 'failed', 'expired', 'superseded'] as const;

export const TERMINAL_STATUSES: readonly (typeof EXECUTION_STATUSES)[number][] = ['canceled', 'succeeded', 'failed', 'expired', 'superseded'];

export function isTerminal(status: (typeof EXECUTION_STATUSES)[number]): boolean {
  return TERMINAL_STATUSES.includes(status);
}

export const EVENT_TYPES = [
  'cluster.connected', 'cluster.disconnected', 'cluster.healthChanged', 'cluster.observationFailed', 'cluster.observationRecovered',
  'node.added', 'node.removed', 'node.livenessChanged', 'node.lifecycleChanged', 'node.cordoned', 'node.uncordoned', 'node.quarantined', 'node.quarantineEnded', 'node.restarted', 'node.metricsFlagged',
  'node.enrolled', 'agents.tokenIssued', 'agents.tokenRevoked',
  'provisioner.asked', 'provisioner.ready', 'provisioner.returned', 'provisioner.failed', 'provisioner.found',
  'shards.created', 'shards.ownershipChanged',
  'plan.proposed', 'plan.approved', 'plan.superseded',
  'operation.queued', 'operation.started', 'operation.pausing', 'operation.paused', 'operation.resumed', 'operation.canceling', 'operation.canceled', 'operation.succeeded', 'operation.failed', 'operation.throttled', 'operation.recovered', 'operation.preempted', 'operation.superseded', 'operation.reordered', 'operation.reversed', 'operation.compensated',
  'move.failed',
  'settings.changed', 'automation.frozen', 'automation.unfrozen', 'scaling.decided', 'scaling.proposed', 'scaling.rejected', 'scaling.started', 'scaling.refused', 'scaling.overridden', 'scaling.policySaved', 'scaling.policyRemoved', 'rebalance.skipped', 'repair.refused', 'invariant.violated', 'command.refused',
] as const;

/** How a client chooses among endpoints that would all do. */
export const ROUTING_CHOICES = ['round-robin', 'random', 'least-connections', 'weighted-round-robin'] as const;

export const LIVE_VIEWS = ['summary', 'nodes', 'shards', 'moves', 'events'] as const;

/** The fast-changing numbers of a node, in wire order. */
export const NODE_METRIC_COLUMNS = [
  'usage.cpu', 'usage.memory', 'usage.disk', 'usage.network',
  'stats.readsPerSecond', 'stats.writesPerSecond', 'stats.operationsPerSecond', 'stats.connections',
  'stats.latencyP99Ms', 'stats.keyCount', 'stats.replicationLagBytes', 'observedAtMs',
] as const;

export const EVENTS_LIVE_MAX = 200;

export const HEARTBEAT_MS = 1_000;

/** How gently data moves, from careful to fast; the unit of each limit is in its name, `null` = no limit. */
export const THROTTLE_PRESETS = {
  low: { movesInFlightMax: 2, movesPerNodeMax: 1, bytesPerSecondMax: 16 * 1024 * 1024 },
  default: { movesInFlightMax: 16, movesPerNodeMax: 8, bytesPerSecondMax: 256 * 1024 * 1024 },
  high: { movesInFlightMax: 64, movesPerNodeMax: 32, bytesPerSecondMax: null },
} as const;

/** Ids of rules and schedules inside a policy: they are keys of records and parts of events. */
export const RULE_ID_PATTERN = /^[a-z0-9][a-z0-9-]{0,39}$/;

/** What the health settings may be, and what they are unless set; the reason for each is in components/scaling/health-fields.tsx. */
export const HEALTH_RANGES = {
  suspectAfterMissed: { min: 1, max: 20 },
  unreachableAfterMs: { min: 1_000, max: 600_000 },
  deadAfterMs: { min: 10_000, max: 86_400_000 },
  phiThreshold: { min: 1, max: 16 },
  patienceMax: { min: 1, max: 10 },
} as const;

export const HEALTH_DEFAULTS = { suspectAfterMissed: 3, unreachableAfterMs: 15_000, deadAfterMs: 300_000, phiThreshold: 8, patienceMax: 3, repair: 'manual' } as const;
