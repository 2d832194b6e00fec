import * as z from 'zod';
import { StrategySchema } from './plan';
import { ProvisionerNameSchema } from './provisioner';
import { HEALTH_DEFAULTS, HEALTH_RANGES, THROTTLE_PRESETS } from './vocabulary';

const ratio = z.number().min(0).max(1);

export const ThrottleSchema = z.strictObject({
  /** Moves running at once in the whole cluster. */
  movesInFlightMax: z.number().int().min(1).max(256),
  /** Moves running at once that touch one node, at either end. */
  movesPerNodeMax: z.number().int().min(1).max(64),
  /** Cluster-wide; `null` = no limit of ours. */
  bytesPerSecondMax: z.number().int().min(65_536).max(1_000_000_000_000).nullable(),
}).refine((t) => t.movesPerNodeMax <= t.movesInFlightMax, { path: ['movesPerNodeMax'], message: 'Not above the moves in flight of the whole cluster' })
  .meta({ id: 'Throttle' });
export type Throttle = z.infer<typeof ThrottleSchema>;

export const RebalancingSettingsSchema = z.strictObject({
  /** manual: only an operator starts one. automatic: the manager proposes and runs its own plans. */
  mode: z.enum(['manual', 'automatic']),
  strategy: StrategySchema,
  /** Imbalance (max - mean) / mean above which a rebalance is worth its moves, 0.01..1. */
  imbalanceThreshold: z.number().min(0.01).max(1),
  /** automatic: act when a node joined or left. */
  onTopologyChange: z.boolean(),
  /** automatic: act when the imbalance stays above the threshold. */
  aboveThreshold: z.boolean(),
  /** How long it must stay above before acting, so that a burst moves nothing. */
  holdMs: z.number().int().min(0).max(86_400_000),
  /** Least time from the end of one automatic rebalance to the next. */
  cooldownMs: z.number().int().min(0).max(86_400_000),
}).meta({ id: 'RebalancingSettings' });

const within = ({ min, max }: { readonly min: number; readonly max: number }) => z.number().min(min).max(max);

export const HealthSettingsSchema = z.strictObject({
  /** Beats missed in a row before a node is suspect. */
  suspectAfterMissed: within(HEALTH_RANGES.suspectAfterMissed).int(),
  /** Silence, with a failed probe, before it is unreachable. */
  unreachableAfterMs: within(HEALTH_RANGES.unreachableAfterMs).int(),
  /** Silence before it is dead and repair may start. */
  deadAfterMs: within(HEALTH_RANGES.deadAfterMs).int(),
  /** Phi up to which the silence of a node is taken for its own irregularity. */
  phiThreshold: within(HEALTH_RANGES.phiThreshold).default(HEALTH_DEFAULTS.phiThreshold),
  /** How many times `unreachableAfterMs` a node's irregularity may make of it; 1 = never longer. */
  patienceMax: within(HEALTH_RANGES.patienceMax).default(HEALTH_DEFAULTS.patienceMax),
  /** automatic: what a dead node served and held is taken over and copied again without anybody's word. manual: an operator starts it. */
  repair: z.enum(['manual', 'automatic']).default(HEALTH_DEFAULTS.repair),
}).refine((h) => h.unreachableAfterMs < h.deadAfterMs, { path: ['deadAfterMs'], message: 'Longer than the time to unreachable' })
  .meta({ id: 'HealthSettings' });
export type HealthSettings = z.infer<typeof HealthSettingsSchema>;

/** Utilization a node may reach in each resource, 0..1. Nothing is placed that would cross it. */
export const SafetyLinesSchema = z.strictObject({ cpu: ratio, memory: ratio, disk: ratio, network: ratio }).meta({ id: 'SafetyLines' });
export type SafetyLines = z.infer<typeof SafetyLinesSchema>;

export const ScalingSettingsSchema = z.strictObject({
  /** off: not evaluated. recommend: says what it would do, changes nothing. */
  mode: z.enum(['off', 'recommend']),
  /** Mean utilization to size the cluster for, 0.05..0.95. */
  targetUtilization: z.strictObject({
    cpu: z.number().min(0.05).max(0.95), memory: z.number().min(0.05).max(0.95),
    disk: z.number().min(0.05).max(0.95), network: z.number().min(0.05).max(0.95),
  }),
  nodeCountMin: z.number().int().min(1).max(10_000),
  nodeCountMax: z.number().int().min(1).max(10_000),
  /** What new nodes come from, by its name in the configuration file; `null` = what comes with the kind of cluster, which for all but simulated ones is nothing. */
  provisioner: ProvisionerNameSchema.nullable().default(null),
}).refine((s) => s.nodeCountMin <= s.nodeCountMax, { path: ['nodeCountMax'], message: 'Not below the minimum' })
  .meta({ id: 'ScalingSettings' });

export const MembershipSettingsSchema = z.strictObject({
  /** What becomes of nodes that are found, or enrol without a token that accepts them: they own nothing until then. */
  acceptNewNodes: z.enum(['by-hand', 'automatically']),
}).meta({ id: 'MembershipSettings' });

export const ClusterSettingsSchema = z.strictObject({
  observationIntervalMs: z.number().int().min(250).max(60_000),
  rebalancing: RebalancingSettingsSchema,
  throttle: ThrottleSchema,
  health: HealthSettingsSchema,
  safetyLines: SafetyLinesSchema,
  membership: MembershipSettingsSchema.default({ acceptNewNodes: 'by-hand' }),
  scaling: ScalingSettingsSchema,
}).meta({ id: 'ClusterSettings' });
export type ClusterSettings = z.infer<typeof ClusterSettingsSchema>;

/** Settings with the generation they carry; a change names the generation it was built on. */
export const VersionedSettingsSchema = z.strictObject({
  generation: z.number().int().min(1),
  settings: ClusterSettingsSchema,
}).meta({ id: 'VersionedSettings' });
export type VersionedSettings = z.infer<typeof VersionedSettingsSchema>;

export const DEFAULT_SETTINGS: ClusterSettings = {
  observationIntervalMs: 1_000,
  rebalancing: {
    mode: 'manual', strategy: 'optimal', imbalanceThreshold: 0.1,
    onTopologyChange: true, aboveThreshold: true, holdMs: 60_000, cooldownMs: 600_000,
  },
  throttle: THROTTLE_PRESETS.default,
  health: HEALTH_DEFAULTS,
  safetyLines: { cpu: 0.8, memory: 0.8, disk: 0.85, network: 0.8 },
  membership: { acceptNewNodes: 'by-hand' },
  scaling: { mode: 'recommend', targetUtilization: { cpu: 0.6, memory: 0.65, disk: 0.7, network: 0.6 }, nodeCountMin: 1, nodeCountMax: 100, provisioner: null },
};

/** What a cluster begins with. Agents beat every 2 s by themselves; reading them more often would double their beats. */
export function firstSettingsOf(kind: 'simulator' | 'redis-cluster' | 'http-agent'): ClusterSettings {
  // Nothing in such a database fails over by itself: its keys are served again only when we see to it.
  return kind === 'http-agent' ? { ...DEFAULT_SETTINGS, observationIntervalMs: 2_000, health: { ...DEFAULT_SETTINGS.health, repair: 'automatic' } } : DEFAULT_SETTINGS;
}
