import { oc } from '@orpc/contract';
import * as z from 'zod';
import { AgentViewSchema, IssuedTokenSchema, OpenTokenSchema, TokenRequestSchema } from './agents';
import { ClusterSummarySchema, ConnectClusterSchema, ConnectionTestSchema } from './cluster';
import { ConnectionSchema } from './connection';
import { DomainEventSchema, EventTypeSchema } from './events';
import { DrainStatusSchema, FreezeSchema, NodeActionCheckSchema, NodeLivenessSchema } from './health';
import { MetricSchema, MetricSeriesSchema } from './metrics';
import { NodeSchema } from './node';
import { ExecutionStatusSchema, MoveRecordSchema, OperationKindSchema, OperationSchema } from './operation';
import { PlanRequestSchema, PlanSchema, PlanSummarySchema, RefusalSchema, WhatIfSchema } from './plan';
import { IdSchema, QuantitySchema, ShardIdSchema } from './primitives';
import { ProvisioningSchema } from './provisioner';
import { LocatedKeySchema, RoutingSchema } from './routing';
import { PolicyDocumentSchema, ScalingOverrideSchema } from './scaling-policy';
import {
  BacktestAnswerSchema, BacktestSeriesSchema, DecisionEntrySchema, PolicyChangeSchema, PolicyProblemSchema, PolicyRoleSchema, PolicyVersionSchema, PoolNameSchema, PoolScalingSchema,
} from './scaling-view';
import { MendPreviewSchema, MendRequestSchema } from './shard-mending';
import { ClusterSettingsSchema, ThrottleSchema, VersionedSettingsSchema } from './settings';

/**
 * The HTTP API, contract first: the handlers, the browser's client and openapi.json are
 * all derived from this one object. Base path /api/v1. Mutations take an Idempotency-Key
 * header (8..128 characters): the same key with the same body is one effect with one answer.
 */
const base = oc.errors({
  NOT_FOUND: { status: 404, message: 'There is no such thing' },
  CONFLICT: { status: 409, message: 'It changed meanwhile', data: z.object({ current: z.unknown() }) },
  UNPROCESSABLE_CONTENT: { status: 422, message: 'Refused', data: z.object({ refusals: z.array(RefusalSchema) }) },
  SERVICE_UNAVAILABLE: { status: 503, message: 'Not available now' },
});

const cluster = z.object({ clusterId: IdSchema });
const pool = cluster.extend({ pool: PoolNameSchema });
const page = { limit: z.coerce.number().int().min(1).max(1_000).default(100), cursor: z.string().max(128).optional() };

/** The record's version that the caller looked at; another one stored is a 409 with what is stored. Absent: whatever it is. */
const version = z.number().int().min(0).optional();
/** Take the turn of what runs, at its safe point. Refused unless something is at stake: a node over its line, or one that fails. */
const preempt = z.boolean().default(false);

const ShardRowSchema = z.object({
  shardId: ShardIdSchema,
  primaryNodeId: IdSchema.nullable(),
  secondaryNodeIds: z.array(IdSchema),
  sizeBytes: QuantitySchema,
  keyCount: QuantitySchema,
  cpu: QuantitySchema,
  readsPerSecond: QuantitySchema,
  writesPerSecond: QuantitySchema,
  networkBytesPerSecond: QuantitySchema,
}).meta({ id: 'ShardRow' });
export type ShardRow = z.infer<typeof ShardRowSchema>;

const AcceptedSchema = z.object({ operation: OperationSchema }).meta({ id: 'Accepted' });

export const api = {
  clusters: {
    list: base.route({ method: 'GET', path: '/clusters', tags: ['clusters'], summary: 'All clusters' })
      .output(z.object({ clusters: z.array(ClusterSummarySchema) })),
    connect: base.route({ method: 'POST', path: '/clusters', successStatus: 201, tags: ['clusters'], summary: 'Connect a cluster' })
      .input(ConnectClusterSchema).output(ClusterSummarySchema),
    test: base.route({ method: 'POST', path: '/clusters/test-connection', tags: ['clusters'], summary: 'Try a connection without keeping it' })
      .input(z.strictObject({ connection: ConnectionSchema })).output(ConnectionTestSchema),
    get: base.route({ method: 'GET', path: '/clusters/{clusterId}', tags: ['clusters'], summary: 'One cluster' })
      .input(cluster).output(ClusterSummarySchema),
    disconnect: base.route({ method: 'DELETE', path: '/clusters/{clusterId}', successStatus: 204, tags: ['clusters'], summary: 'Forget a cluster; the cluster itself is not touched' })
      .input(cluster),
    freeze: base.route({ method: 'POST', path: '/clusters/{clusterId}/freeze', tags: ['clusters'], summary: 'Stop all automation and hold running moves' })
      .input(cluster.extend({ reason: z.string().trim().min(1).max(500) }).strict()).output(FreezeSchema),
    unfreeze: base.route({ method: 'POST', path: '/clusters/{clusterId}/unfreeze', successStatus: 204, tags: ['clusters'], summary: 'Let automation act again' })
      .input(cluster),
  },
  nodes: {
    list: base.route({ method: 'GET', path: '/clusters/{clusterId}/nodes', tags: ['nodes'], summary: 'All nodes with state and metrics' })
      .input(cluster).output(z.object({ nodes: z.array(NodeSchema), observedAtMs: z.number().nullable() })),
    get: base.route({ method: 'GET', path: '/clusters/{clusterId}/nodes/{nodeId}', tags: ['nodes'], summary: 'One node' })
      .input(cluster.extend({ nodeId: IdSchema })).output(NodeSchema),
    add: base.route({ method: 'POST', path: '/clusters/{clusterId}/nodes', successStatus: 202, tags: ['nodes'], summary: 'Add a node' })
      .input(cluster.extend({ address: z.string().min(1).max(300).optional(), zone: z.string().min(1).max(128).optional(), followerOf: IdSchema.optional() }).strict()).output(AcceptedSchema),
    liveness: base.route({ method: 'GET', path: '/clusters/{clusterId}/nodes/{nodeId}/liveness', tags: ['nodes'], summary: 'What the failure detector knows about it: beats, phi, time-outs in force, probes' })
      .input(cluster.extend({ nodeId: IdSchema })).output(NodeLivenessSchema),
    checks: base.route({ method: 'GET', path: '/clusters/{clusterId}/nodes/{nodeId}/checks', tags: ['nodes'], summary: 'What speaks against each action on it now' })
      .input(cluster.extend({ nodeId: IdSchema })).output(z.object({ checks: z.array(NodeActionCheckSchema) })),
    drainStatus: base.route({ method: 'GET', path: '/clusters/{clusterId}/nodes/{nodeId}/drain', tags: ['nodes'], summary: 'What is still on it, and which shards hold its drain up and why' })
      .input(cluster.extend({ nodeId: IdSchema })).output(DrainStatusSchema),
    accept: base.route({ method: 'POST', path: '/clusters/{clusterId}/nodes/{nodeId}/accept', successStatus: 202, tags: ['nodes'], summary: 'Make a node that is joining a member; it owns nothing until a plan gives it something' })
      .input(cluster.extend({ nodeId: IdSchema }).strict()).output(AcceptedSchema),
    cordon: nodeAction('cordon', 'Accept no new replicas'),
    uncordon: nodeAction('uncordon', 'Accept new replicas again'),
    deactivate: base.route({ method: 'POST', path: '/clusters/{clusterId}/nodes/{nodeId}/deactivate', tags: ['nodes'], summary: 'Maintenance: silence is expected until the expiry' })
      .input(cluster.extend({ nodeId: IdSchema, durationMs: z.number().int().min(60_000).max(7 * 86_400_000).default(3_600_000) }).strict()).output(NodeSchema),
    activate: nodeAction('activate', 'End the maintenance, or take a drained node back; a newcomer is accepted instead'),
    liftQuarantine: nodeAction('lift-quarantine', 'Place on it again although it fell over again and again'),
    drain: base.route({ method: 'POST', path: '/clusters/{clusterId}/nodes/{nodeId}/drain', successStatus: 202, tags: ['nodes'], summary: 'Move everything away by a plan that was looked at' })
      .input(cluster.extend({
        nodeId: IdSchema,
        /** The plan that was looked at. Only an emergency may leave it out: it is made when the other operation has stepped aside. */
        planId: IdSchema.optional(),
        throttle: ThrottleSchema.optional(),
        preempt,
      }).strict()).output(AcceptedSchema),
    replace: base.route({ method: 'POST', path: '/clusters/{clusterId}/nodes/{nodeId}/replace', successStatus: 202, tags: ['nodes'], summary: 'A new node joins, the data goes over, the old one leaves' })
      .input(cluster.extend({
        nodeId: IdSchema,
        confirmName: z.string().min(1).max(255),
        /** Of a running, empty process, where the cluster needs one. */
        address: z.string().min(1).max(300).optional(),
        /** Of the new node; absent: the old one's. */
        zone: z.string().min(1).max(128).optional(),
        /** Of a dead node: what nobody else is known to have may be lost. */
        acceptLoss: z.boolean().optional(),
        throttle: ThrottleSchema.optional(),
      }).strict()).output(AcceptedSchema),
    repair: base.route({ method: 'POST', path: '/clusters/{clusterId}/nodes/{nodeId}/repair', successStatus: 202, tags: ['nodes'], summary: 'Others take over from a node that is gone, and what it held is copied again' })
      .input(cluster.extend({
        nodeId: IdSchema,
        /** The node's name, typed: what nobody else is known to have may be lost. */
        confirmName: z.string().min(1).max(255).optional(),
        /** Leave alone what only it has, and repair the rest. */
        partial: z.boolean().optional(),
        throttle: ThrottleSchema.optional(),
      }).strict()).output(AcceptedSchema),
    scaleOut: base.route({ method: 'POST', path: '/clusters/{clusterId}/scale-out', successStatus: 202, tags: ['nodes'], summary: 'Nodes join, then the data is spread over all of them' })
      .input(cluster.extend({
        /** How many; where addresses are needed, as many as there are. */
        nodeCount: z.number().int().min(1).max(64).optional(),
        addresses: z.array(z.string().min(1).max(300)).min(1).max(64).optional(),
        zone: z.string().min(1).max(128).optional(),
        throttle: ThrottleSchema.optional(),
      }).strict()).output(AcceptedSchema),
    scaleIn: base.route({ method: 'POST', path: '/clusters/{clusterId}/scale-in', successStatus: 202, tags: ['nodes'], summary: 'Nodes are emptied by a plan made for it, verified empty, and leave' })
      .input(cluster.extend({
        nodeIds: z.array(IdSchema).min(1).max(64),
        planId: IdSchema,
        /** The name of the cluster. */
        confirmName: z.string().min(1).max(255),
        throttle: ThrottleSchema.optional(),
      }).strict()).output(AcceptedSchema),
    decommission: base.route({ method: 'POST', path: '/clusters/{clusterId}/nodes/{nodeId}/decommission', successStatus: 202, tags: ['nodes'], summary: 'Verify empty on the node itself, then leave' })
      .input(cluster.extend({ nodeId: IdSchema, confirmName: z.string().min(1).max(255) }).strict()).output(AcceptedSchema),
  },
  routing: {
    get: base.route({
      method: 'GET', path: '/clusters/{clusterId}/routing', tags: ['routing'], summary: 'Endpoints, roles, weights, drain state and owners, for clients and load balancers',
      description: 'Has an ETag. With If-None-Match a 304 says that nothing changed; with waitMs besides, the answer waits for a change so long (long poll).',
    }).input(cluster.extend({ waitMs: z.coerce.number().int().min(0).max(30_000).default(0) })).output(RoutingSchema),
    locate: base.route({ method: 'GET', path: '/clusters/{clusterId}/locate', tags: ['routing'], summary: 'Where is this key?' })
      .input(cluster.extend({ key: z.string().min(1).max(1_024) })).output(LocatedKeySchema),
  },
  agents: {
    list: base.route({ method: 'GET', path: '/clusters/{clusterId}/agents', tags: ['agents'], summary: 'Enrolled agents with their last beats' })
      .input(cluster).output(z.object({ agents: z.array(AgentViewSchema) })),
    issueToken: base.route({ method: 'POST', path: '/clusters/{clusterId}/agents/tokens', successStatus: 201, tags: ['agents'], summary: 'A token that enrols one node, shown once; the answer is never kept, so an Idempotency-Key has no effect' })
      .input(cluster.extend(TokenRequestSchema.shape).strict()).output(IssuedTokenSchema),
    tokens: base.route({ method: 'GET', path: '/clusters/{clusterId}/agents/tokens', tags: ['agents'], summary: 'Permissions to enrol that nobody has used yet' })
      .input(cluster).output(z.object({ tokens: z.array(OpenTokenSchema) })),
    revokeToken: base.route({ method: 'DELETE', path: '/clusters/{clusterId}/agents/tokens/{tokenId}', successStatus: 204, tags: ['agents'], summary: 'Take a permission back that nobody has used' })
      .input(cluster.extend({ tokenId: IdSchema })),
    createShards: base.route({ method: 'POST', path: '/clusters/{clusterId}/agents/create-shards', successStatus: 200, tags: ['agents'], summary: 'Make the shards of a cluster that has none, spread over its members and zones' })
      .input(cluster.strict()).output(z.object({ shardsCreated: z.number().int().min(0) })),
  },
  shards: {
    list: base.route({ method: 'GET', path: '/clusters/{clusterId}/shards', tags: ['shards'], summary: 'Shards with placement and load' })
      .input(cluster.extend({
        ...page,
        nodeId: IdSchema.optional(),
        orderBy: z.enum(['shardId', 'sizeBytes', 'keyCount', 'cpu', 'operations']).default('shardId'),
      })).output(z.object({ shards: z.array(ShardRowSchema), total: z.number().int().min(0), nextCursor: z.string().nullable() })),
  },
  mending: {
    preview: base.route({ method: 'GET', path: '/clusters/{clusterId}/mending', tags: ['shards'], summary: 'Shards that nobody serves or that a half-done move left open, by the nodes\' own word, with what would be done about each and what could be lost; changes nothing' })
      .input(cluster).output(MendPreviewSchema),
    start: base.route({ method: 'POST', path: '/clusters/{clusterId}/mending', successStatus: 202, tags: ['shards'], summary: 'Carry out the remedies that were looked at; a 409 with what is found now when the nodes say something else meanwhile' })
      .input(cluster.extend({ ...MendRequestSchema.shape, throttle: ThrottleSchema.optional() }).strict()).output(AcceptedSchema),
  },
  plans: {
    preview: base.route({ method: 'POST', path: '/clusters/{clusterId}/plans', successStatus: 201, tags: ['plans'], summary: 'Make a plan; nothing moves' })
      .input(cluster.extend(PlanRequestSchema.shape).strict()).output(PlanSchema),
    whatIf: base.route({ method: 'POST', path: '/clusters/{clusterId}/plans/what-if', tags: ['plans'], summary: 'A quick plan that is not kept, for looking at while a weight or a line is changed' })
      .input(cluster.extend(PlanRequestSchema.shape).strict()).output(WhatIfSchema),
    list: base.route({ method: 'GET', path: '/clusters/{clusterId}/plans', tags: ['plans'], summary: 'Plans, newest first' })
      .input(cluster.extend(page)).output(z.object({ plans: z.array(PlanSummarySchema), nextCursor: z.string().nullable() })),
    get: base.route({ method: 'GET', path: '/plans/{planId}', tags: ['plans'], summary: 'One plan with its steps' })
      .input(z.object({ planId: IdSchema })).output(PlanSchema),
    approve: base.route({ method: 'POST', path: '/plans/{planId}/approve', successStatus: 202, tags: ['plans'], summary: 'Run the plan' })
      .input(z.strictObject({
        planId: IdSchema,
        throttle: ThrottleSchema.optional(),
        /** Run only the first so many steps: every prefix is feasible and an improvement. */
        stepCount: z.number().int().min(1).max(1_000_000).optional(),
        preempt,
      })).output(AcceptedSchema),
  },
  operations: {
    list: base.route({ method: 'GET', path: '/clusters/{clusterId}/operations', tags: ['operations'], summary: 'Operations, newest first' })
      .input(cluster.extend({
        ...page,
        /** Only these. A page may then hold fewer than `limit` although older ones follow. */
        kind: z.array(OperationKindSchema).or(OperationKindSchema.transform((kind) => [kind])).optional(),
        status: z.array(ExecutionStatusSchema).or(ExecutionStatusSchema.transform((status) => [status])).optional(),
      })).output(z.object({ operations: z.array(OperationSchema), nextCursor: z.string().nullable() })),
    get: base.route({ method: 'GET', path: '/operations/{operationId}', tags: ['operations'], summary: 'One operation with progress and report' })
      .input(z.object({ operationId: IdSchema })).output(OperationSchema),
    moves: base.route({ method: 'GET', path: '/operations/{operationId}/moves', tags: ['operations'], summary: 'Its moves, in plan order' })
      .input(z.object({ operationId: IdSchema, ...page })).output(z.object({ moves: z.array(MoveRecordSchema), total: z.number().int().min(0), nextCursor: z.string().nullable() })),
    pause: operationAction('pause', 'Pause moves; client traffic is not affected'),
    resume: operationAction('resume', 'Go on'),
    cancel: operationAction('cancel', 'Stop after the moves in flight'),
    throttle: base.route({ method: 'POST', path: '/operations/{operationId}/throttle', tags: ['operations'], summary: 'Change its limits while it runs' })
      .input(z.strictObject({ operationId: IdSchema, throttle: ThrottleSchema, version })).output(OperationSchema),
    reorder: base.route({ method: 'PUT', path: '/clusters/{clusterId}/operations/queue', tags: ['operations'], summary: 'Put the waiting operations into another order' })
      .input(z.strictObject({
        clusterId: IdSchema,
        /** All that wait, the next one first; a queue that changed meanwhile is a 409 with what it is now. */
        operationIds: z.array(IdSchema).min(1).max(64),
      })).output(z.object({ operations: z.array(OperationSchema) })),
    reverse: base.route({ method: 'POST', path: '/operations/{operationId}/reverse', successStatus: 201, tags: ['operations'], summary: 'Make the plan back from its journal; nothing moves until that is approved' })
      .input(z.strictObject({ operationId: IdSchema, version })).output(PlanSchema),
    reportCsv: base.route({ method: 'GET', path: '/operations/{operationId}/report.csv', tags: ['operations'], summary: 'Its report as a table: measure, unit, predicted, actual' })
      .input(z.object({ operationId: IdSchema })).output(z.file().mime('text/csv')),
    movesCsv: base.route({ method: 'GET', path: '/operations/{operationId}/moves.csv', tags: ['operations'], summary: 'Its journal as a table, one line for each move' })
      .input(z.object({ operationId: IdSchema })).output(z.file().mime('text/csv')),
  },
  settings: {
    get: base.route({ method: 'GET', path: '/clusters/{clusterId}/settings', tags: ['settings'], summary: 'Thresholds, modes and limits with their generation' })
      .input(cluster).output(VersionedSettingsSchema),
    update: base.route({ method: 'PUT', path: '/clusters/{clusterId}/settings', tags: ['settings'], summary: 'Replace them; an outdated generation is a 409 with what is stored' })
      .input(z.strictObject({ clusterId: IdSchema, generation: z.number().int().min(1), settings: ClusterSettingsSchema })).output(VersionedSettingsSchema),
  },
  scaling: {
    get: base.route({ method: 'GET', path: '/clusters/{clusterId}/scaling/{pool}', tags: ['scaling'], summary: 'Policy in force, shadows, override, proposal and the newest decision of a pool' })
      .input(pool).output(PoolScalingSchema),
    provisioning: base.route({ method: 'GET', path: '/clusters/{clusterId}/provisioning', tags: ['scaling'], summary: 'What makes nodes for the cluster: its choice, intents under way, last failure, and what a person should know' })
      .input(cluster).output(ProvisioningSchema),
    savePolicy: base.route({ method: 'PUT', path: '/clusters/{clusterId}/scaling/{pool}/policies/{role}', tags: ['scaling'], summary: 'Save a policy (active, or a shadow); an outdated generation is a 409 with what is stored, 0 = none is stored yet' })
      .input(pool.extend({ role: PolicyRoleSchema, generation: z.number().int().min(0), policy: PolicyDocumentSchema }).strict()).output(PolicyVersionSchema),
    removeShadow: base.route({ method: 'DELETE', path: '/clusters/{clusterId}/scaling/{pool}/policies/{role}', successStatus: 204, tags: ['scaling'], summary: 'Forget a shadow policy' })
      .input(pool.extend({ role: PolicyRoleSchema })),
    promote: base.route({ method: 'POST', path: '/clusters/{clusterId}/scaling/{pool}/policies/{role}/promote', tags: ['scaling'], summary: 'Make a shadow the active policy, in the mode given' })
      .input(pool.extend({ role: PolicyRoleSchema, generation: z.number().int().min(0), mode: z.enum(['manual', 'scheduled', 'automatic']) }).strict()).output(PolicyVersionSchema),
    versions: base.route({ method: 'GET', path: '/clusters/{clusterId}/scaling/{pool}/policies/{role}/versions', tags: ['scaling'], summary: 'Every generation that is kept, newest first, and those that cannot be read' })
      .input(pool.extend({ role: PolicyRoleSchema })).output(z.object({ versions: z.array(PolicyVersionSchema), problems: z.array(PolicyProblemSchema) })),
    diff: base.route({ method: 'GET', path: '/clusters/{clusterId}/scaling/{pool}/policies/{role}/diff', tags: ['scaling'], summary: 'What differs between two generations' })
      .input(pool.extend({ role: PolicyRoleSchema, from: z.coerce.number().int().min(1), to: z.coerce.number().int().min(1) })).output(z.object({ changes: z.array(PolicyChangeSchema) })),
    restore: base.route({ method: 'POST', path: '/clusters/{clusterId}/scaling/{pool}/policies/{role}/restore', tags: ['scaling'], summary: 'Save an older generation again as the newest' })
      .input(pool.extend({ role: PolicyRoleSchema, generation: z.number().int().min(1), from: z.number().int().min(1) }).strict()).output(PolicyVersionSchema),
    backtest: base.route({ method: 'POST', path: '/clusters/{clusterId}/scaling/{pool}/backtest', tags: ['scaling'], summary: 'What an edited policy would have done on recorded load, against the active one; nothing is stored' })
      .input(pool.extend({ policy: PolicyDocumentSchema, series: BacktestSeriesSchema.default({ kind: 'recorded', days: 7 }) }).strict()).output(BacktestAnswerSchema),
    decisions: base.route({ method: 'GET', path: '/clusters/{clusterId}/scaling/{pool}/decisions', tags: ['scaling'], summary: 'The newest evaluations of a policy with their chains of guards, newest first' })
      .input(pool.extend({ role: PolicyRoleSchema.default('active'), limit: z.coerce.number().int().min(1).max(500).default(100) })).output(z.object({ decisions: z.array(DecisionEntrySchema) })),
    setOverride: base.route({ method: 'PUT', path: '/clusters/{clusterId}/scaling/{pool}/override', tags: ['scaling'], summary: 'Fix the node count until it expires' })
      .input(pool.extend({ nodeCount: z.number().int().min(1).max(10_000), durationMs: z.number().int().min(60_000).max(30 * 86_400_000), reason: z.string().trim().min(1).max(500) }).strict()).output(ScalingOverrideSchema),
    clearOverride: base.route({ method: 'DELETE', path: '/clusters/{clusterId}/scaling/{pool}/override', successStatus: 204, tags: ['scaling'], summary: 'Let the policy decide again' })
      .input(pool),
    approve: base.route({ method: 'POST', path: '/clusters/{clusterId}/scaling/{pool}/proposals/{proposalId}/approve', successStatus: 202, tags: ['scaling'], summary: 'Carry the proposal out, if it is still what would be decided' })
      .input(pool.extend({ proposalId: IdSchema })).output(AcceptedSchema),
    reject: base.route({ method: 'POST', path: '/clusters/{clusterId}/scaling/{pool}/proposals/{proposalId}/reject', successStatus: 204, tags: ['scaling'], summary: 'Drop the proposal; it is not made again before it would have expired' })
      .input(pool.extend({ proposalId: IdSchema })),
  },
  events: {
    list: base.route({ method: 'GET', path: '/clusters/{clusterId}/events', tags: ['events'], summary: 'What happened, newest first' })
      .input(cluster.extend({
        ...page,
        type: z.array(EventTypeSchema).or(EventTypeSchema.transform((type) => [type])).optional(),
        nodeId: IdSchema.optional(),
        operationId: IdSchema.optional(),
        severityMin: z.enum(['info', 'notice', 'warning', 'critical']).default('info'),
      })).output(z.object({ events: z.array(DomainEventSchema), nextCursor: z.string().nullable() })),
  },
  metrics: {
    query: base.route({ method: 'GET', path: '/clusters/{clusterId}/metrics', tags: ['metrics'], summary: 'Recorded series' })
      .input(cluster.extend({
        metric: z.array(MetricSchema).or(MetricSchema.transform((metric) => [metric])),
        /** Absent: the cluster as a whole. */
        nodeId: IdSchema.optional(),
        fromMs: z.coerce.number().int().min(0),
        toMs: z.coerce.number().int().min(0),
        pointsMax: z.coerce.number().int().min(1).max(2_000).default(180),
      }).refine((query) => query.fromMs < query.toMs, { path: ['toMs'], message: 'After fromMs' }))
      .output(z.object({ series: z.array(MetricSeriesSchema) })),
  },
};

function nodeAction(action: 'cordon' | 'uncordon' | 'activate' | 'lift-quarantine', summary: string) {
  return base.route({ method: 'POST', path: `/clusters/{clusterId}/nodes/{nodeId}/${action}`, tags: ['nodes'], summary })
    .input(cluster.extend({ nodeId: IdSchema }).strict()).output(NodeSchema);
}

function operationAction(action: 'pause' | 'resume' | 'cancel', summary: string) {
  return base.route({ method: 'POST', path: `/operations/{operationId}/${action}`, tags: ['operations'], summary })
    .input(z.strictObject({ operationId: IdSchema, version })).output(OperationSchema);
}
