import * as z from 'zod';
import { ConnectionSchema, ConnectionViewSchema, DriverKindSchema } from './connection';
import { ClusterHealthSchema, FreezeSchema } from './health';
import { ImbalanceSchema } from './imbalance';
import { EngineFactsSchema, EngineWarningSchema } from './observation';
import { OperationSchema } from './operation';
import { CountSchema, IdSchema, QuantitySchema, TimestampMsSchema } from './primitives';
import { ScalingDecisionSchema } from './scaling';

export const EnvironmentSchema = z.enum(['development', 'staging', 'production']);

export const ConnectClusterSchema = z.strictObject({
  name: z.string().trim().min(1).max(64),
  environment: EnvironmentSchema.default('development'),
  connection: ConnectionSchema,
}).meta({ id: 'ConnectCluster' });
export type ConnectCluster = z.infer<typeof ConnectClusterSchema>;

/** What a cluster can do, so that the console offers only what works. */
export const CapabilitiesSchema = z.object({
  /** per-shard: every replica is placed on its own. followers: shards live on leaders, followers mirror them. */
  replication: z.enum(['per-shard', 'followers']),
  moveShard: z.boolean(),
  transferPrimary: z.boolean(),
  addNode: z.boolean(),
  /** What add-node needs: nothing (the driver makes one) or the address of a running, empty process. */
  addNodeNeeds: z.enum(['nothing', 'address']),
  removeNode: z.boolean(),
  /** Primaries and copies of a node that is gone can be made again from the copies that are left, when we say so. */
  repair: z.boolean(),
  /** Shards that nobody serves, or that somebody's half-done move left open, can be looked at and mended. */
  mendShards: z.boolean(),
  loadPerShard: z.enum(['measured', 'estimated', 'unknown']),
}).meta({ id: 'Capabilities' });
export type Capabilities = z.infer<typeof CapabilitiesSchema>;

/** The numbers of a cluster at a glance; rates are means over the last observation interval. */
export const ClusterTotalsSchema = z.object({
  nodes: CountSchema,
  leaders: CountSchema,
  shards: CountSchema,
  operationsPerSecond: QuantitySchema,
  latencyP99Ms: QuantitySchema,
  dataBytes: QuantitySchema,
  keyCount: QuantitySchema,
  /** Mean utilization over eligible leaders, 0..1. */
  cpu: QuantitySchema,
  memory: QuantitySchema,
  disk: QuantitySchema,
  network: QuantitySchema,
}).meta({ id: 'ClusterTotals' });
export type ClusterTotals = z.infer<typeof ClusterTotalsSchema>;

/** One cluster as the console shows it: the live `summary` view and GET /clusters/{id}. */
export const ClusterSummarySchema = z.object({
  id: IdSchema,
  name: z.string(),
  environment: EnvironmentSchema,
  kind: DriverKindSchema,
  connection: ConnectionViewSchema,
  createdAtMs: TimestampMsSchema,
  epoch: CountSchema,
  revision: CountSchema,
  settingsGeneration: z.number().int().min(1),
  observationIntervalMs: CountSchema,
  /** Last complete reading; `null` = never. */
  observedAtMs: TimestampMsSchema.nullable(),
  /** Why the last reading failed; `null` when it did not. */
  observationError: z.string().nullable(),
  capabilities: CapabilitiesSchema,
  engine: EngineFactsSchema.nullable(),
  warnings: z.array(EngineWarningSchema),
  health: ClusterHealthSchema,
  freeze: FreezeSchema.nullable(),
  totals: ClusterTotalsSchema,
  imbalance: ImbalanceSchema,
  scaling: ScalingDecisionSchema.nullable(),
  /** The operation that runs, then those that wait, the next one first; finished ones are asked for. */
  operations: z.array(OperationSchema),
}).meta({ id: 'ClusterSummary' });
export type ClusterSummary = z.infer<typeof ClusterSummarySchema>;

export const ConnectionTestSchema = z.object({
  reachable: z.boolean(),
  engine: EngineFactsSchema.nullable(),
  nodeCount: CountSchema,
  shardCount: CountSchema,
  warnings: z.array(EngineWarningSchema),
  latencyMs: z.number().min(0),
}).meta({ id: 'ConnectionTest' });
export type ConnectionTest = z.infer<typeof ConnectionTestSchema>;
