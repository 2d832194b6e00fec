import * as z from 'zod';
import { DriverFailureSchema } from './operation';
import { IdSchema, ShardIdSchema } from './primitives';
import { ShardingSchema } from './sharding';

/**
 * The protocol between the manager and the agents of a database: what docs/agent-protocol.md
 * describes for people. Agents call the manager, never the other way (but for the probe), so
 * that a node behind a firewall can be managed. Objects take fields that they do not know:
 * an agent may be older or newer than the manager.
 */
export const AGENT_PROTOCOL_VERSION = 1;
export const AGENT_BASE_PATH = '/api/agent/v1';
/** On the agent's own address: answers that the process is there, and who it is. */
export const AGENT_PROBE_PATH = '/agent/v1/probe';

/** Everything that is bounded, with its unit. */
export const AGENT_LIMITS = {
  /** A beat is due this long after the one before it; the manager spreads them by a fifth. */
  beatIntervalMs: 2_000,
  beatBytesMax: 4 * 1024 * 1024,
  enrolBytesMax: 16 * 1024,
  resultsBytesMax: 1024 * 1024,
  /** Beats and reports of one node; more get a 429. */
  requestsPerSecondMax: 100,
  enrolmentsPerSecondMax: 50,
  shardsPerNodeMax: 16_384,
  commandsPerAnswerMax: 64,
  resultsPerReportMax: 64,
  /** Above it the owners are left out of the members: nodes then answer for foreign shards without a location. */
  ownersMax: 16_384,
  /** A running command is reported at least this often; the answer says whether to go on, and how fast. */
  progressIntervalMs: 200,
} as const;

const endpoint = z.string().min(3).max(300).regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:/@?#]+):\d{1,5}$/, 'host:port, IPv6 hosts in brackets');
const hash = z.string().regex(/^[0-9a-f]{64}$/, 'SHA-256 in hexadecimal');
const measured = z.unknown().optional();
const domain = z.string().min(1).max(128).nullable();

/** Another node as one needs it to talk to it: a node that calls shows the key whose hash this is. */
export const PeerSchema = z.object({ nodeId: IdSchema, address: endpoint, keyHash: hash }).meta({ id: 'AgentPeer' });
export type Peer = z.infer<typeof PeerSchema>;

export const EnrolRequestSchema = z.object({
  protocolVersion: z.number().int(),
  token: z.string().min(16).max(256),
  /** Short label for people. */
  name: z.string().trim().min(1).max(128),
  /** Where clients, other nodes and the manager's probe reach it. */
  address: endpoint,
  zone: domain.default(null),
  region: domain.default(null),
  rack: domain.default(null),
  host: z.string().min(1).max(255).nullable().default(null),
  engine: z.object({ name: z.string().min(1).max(64), version: z.string().max(64).nullable().default(null) }),
  /** SHA-256 of the key that this node shows to other nodes; the key itself stays with it. */
  peerKeyHash: hash,
}).meta({ id: 'AgentEnrolRequest' });
export type EnrolRequest = z.infer<typeof EnrolRequestSchema>;

export const EnrolAnswerSchema = z.object({
  nodeId: IdSchema,
  clusterId: IdSchema,
  /** The secret of this node from now on: `Authorization: Bearer ...`. Told once. */
  credential: z.string().min(16).max(256),
  /** False until an operator accepts the node: it beats, and owns nothing. */
  accepted: z.boolean(),
  sharding: ShardingSchema,
  replicationFactor: z.number().int().min(1).max(16),
  beatIntervalMs: z.number().int().min(1),
}).meta({ id: 'AgentEnrolAnswer' });
export type EnrolAnswer = z.infer<typeof EnrolAnswerSchema>;

/**
 * primary: serves. secondary: holds a copy and follows. importing: is being filled by a move.
 * leaving: has given the shard to `successor` and waits to be told to drop what is left.
 */
export const HeldShardSchema = z.object({
  shardId: ShardIdSchema,
  role: z.enum(['primary', 'secondary', 'importing', 'leaving']),
  /** Of the shard's ownership; grows with each change of it. */
  epoch: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  /** Number of the newest write that it holds. */
  version: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  keyCount: measured,
  sizeBytes: measured,
  readsPerSecond: measured,
  writesPerSecond: measured,
  networkBytesPerSecond: measured,
  cpuCores: measured,
  /** Of a primary: who else has a copy, and which of them have every acknowledged write. */
  secondaries: z.array(IdSchema).max(15).default([]),
  inSync: z.array(IdSchema).max(15).default([]),
  /** Of a primary: grows with each change of `inSync`, so that of two reports the newer one is known. */
  syncGeneration: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
  /** Of a secondary or an import: whom it follows. Of one that is leaving: who has the shard now. Of a sealed primary: to whom it is being given. */
  peerNodeId: IdSchema.nullable().default(null),
  /** A primary that has stopped serving to hand the shard over. */
  sealed: z.boolean().default(false),
}).meta({ id: 'AgentShard' });
export type HeldShard = z.infer<typeof HeldShardSchema>;

const quantities = z.record(z.string().max(64), z.unknown()).default({});

/** Numbers as the node measured them; what is missing, not finite, negative or absurd counts as unknown and never as 0. */
export const AgentMetricsSchema = z.object({
  /** cpu in cores, memory and disk in bytes, network in bytes per second. */
  capacity: quantities,
  usage: quantities,
  /** As NodeStats: readsPerSecond, writesPerSecond, operationsPerSecond, connections, latencyP99Ms, keyCount, replicationLagBytes. */
  stats: quantities,
  /** Of the whole machine, shown as labels of the node. */
  machine: quantities,
}).meta({ id: 'AgentMetrics' });
export type AgentMetrics = z.infer<typeof AgentMetricsSchema>;

export const HeartbeatSchema = z.object({
  nodeId: IdSchema,
  /** Grows with each start of the process. */
  incarnation: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  /** Grows with each beat of an incarnation, from 1. */
  sequence: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  /** The highest epoch of a manager that this node has obeyed. */
  epoch: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  address: endpoint,
  version: z.string().max(64).nullable().default(null),
  draining: z.boolean().default(false),
  /** Number of the manager's question that this beat answers; 0 = none yet. */
  answers: z.number().int().min(0).default(0),
  /** Keys of commands that have arrived, so that they are not sent again. */
  received: z.array(z.string().max(256)).max(1_000).default([]),
  membersRevision: z.number().int().min(0).default(0),
  metrics: AgentMetricsSchema,
  /** The summary is always there; the list when the manager asked for it. */
  shards: z.object({
    count: z.number().int().min(0),
    held: z.array(HeldShardSchema).max(AGENT_LIMITS.shardsPerNodeMax).nullable().default(null),
  }),
}).meta({ id: 'AgentHeartbeat' });
export type Heartbeat = z.infer<typeof HeartbeatSchema>;

const command = <K extends string, S extends z.core.$ZodLooseShape>(kind: K, shape: S) => z.object({
  kind: z.literal(kind),
  /** The same key is the same command, however often it is delivered. */
  key: z.string().min(1).max(256),
  /** Of the manager. A node keeps the highest it has seen and refuses lower ones (`stale-epoch`). */
  epoch: z.number().int().min(0),
  ...shape,
});

export const AgentCommandSchema = z.discriminatedUnion('kind', [
  /** What is true about one shard here. Changes nothing. */
  command('inspectShard', { shardId: ShardIdSchema }),
  /** To a primary: bring a copy of the shard to `target` and keep it nearly current. */
  command('copyShard', { shardId: ShardIdSchema, target: PeerSchema, bytesPerSecondMax: z.number().min(1).nullable() }),
  /** To a primary: prove that what `target` has on its disk equals what is here. */
  command('verifyShard', { shardId: ShardIdSchema, target: PeerSchema }),
  /**
   * To a primary: change the ownership, fenced by the shard's epoch. role primary: `target` takes
   * over. role secondary: `target` becomes a secondary in place of `replaces`.
   */
  command('commitShard', { shardId: ShardIdSchema, target: PeerSchema, role: z.enum(['primary', 'secondary']), shardEpoch: z.number().int().min(0), replaces: IdSchema.nullable() }),
  /**
   * Delete what is here of the shard, unless this node is its primary. Ownership older than
   * `shardEpoch` is refused from then on. superseded: this node was taken for dead and another made
   * primary under `shardEpoch`; what a primary of a lower epoch has is outdated and goes as well.
   */
  command('dropShard', { shardId: ShardIdSchema, shardEpoch: z.number().int().min(0), superseded: z.boolean().default(false) }),
  /**
   * To a primary: hand the primary role to a secondary that is in sync, or, where the handover was
   * called off, serve again under `shardEpoch`. With `create`: make the shard here, empty. With
   * `takeOver`, to a secondary: its primary is dead; be the primary under `shardEpoch`.
   */
  command('setRole', {
    shardId: ShardIdSchema, role: z.enum(['primary', 'secondary']), shardEpoch: z.number().int().min(0),
    primary: PeerSchema, secondaries: z.array(PeerSchema).max(15), create: z.boolean(), takeOver: z.boolean().default(false),
  }),
  /** Take no new shards (or take them again). */
  command('drain', { draining: z.boolean() }),
]).meta({ id: 'AgentCommand' });
export type AgentCommand = z.infer<typeof AgentCommandSchema>;

export const MembersSchema = z.object({
  revision: z.number().int().min(0),
  nodes: z.array(PeerSchema).max(32_767),
  /** By shard: index in `nodes` of the primary, -1 = unknown. `null` above the limit. */
  owners: z.array(z.number().int().min(-1)).max(AGENT_LIMITS.ownersMax).nullable(),
}).meta({ id: 'AgentMembers' });
export type Members = z.infer<typeof MembersSchema>;

export const HeartbeatAnswerSchema = z.object({
  epoch: z.number().int().min(0),
  accepted: z.boolean(),
  commands: z.array(AgentCommandSchema).max(AGENT_LIMITS.commandsPerAnswerMax),
  /** A question wants a beat at once, with the list of shards where it says so; the beat gives its number back. */
  ask: z.object({ number: z.number().int().min(1), shards: z.boolean() }).nullable(),
  /** Present when the node's revision is another. */
  members: MembersSchema.nullable(),
  /** This node was taken for dead and shards of it were given to others: go on under a higher incarnation, as after a restart. */
  renew: z.boolean().default(false),
}).meta({ id: 'AgentHeartbeatAnswer' });
export type HeartbeatAnswer = z.infer<typeof HeartbeatAnswerSchema>;

/** What a command found or did; each kind fills what it has. */
export const CommandOutcomeSchema = z.object({
  bytes: z.number().min(0).default(0),
  keyCount: z.number().int().min(0).default(0),
  /** commitShard: how long the shard's clients had to wait. */
  pausedMs: z.number().min(0).optional(),
  /** inspectShard: the shard as it is here; `null` = not here. */
  shard: HeldShardSchema.nullable().default(null),
}).meta({ id: 'AgentCommandOutcome' });
export type CommandOutcome = z.infer<typeof CommandOutcomeSchema>;

export const CommandReportSchema = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('running'), key: z.string().max(256),
    stage: z.enum(['copying', 'verifying', 'committing']), bytesDone: z.number().min(0), keysDone: z.number().int().min(0),
  }),
  z.object({ state: z.literal('done'), key: z.string().max(256), outcome: CommandOutcomeSchema }),
  z.object({ state: z.literal('failed'), key: z.string().max(256), failure: DriverFailureSchema }),
]).meta({ id: 'AgentCommandReport' });
export type CommandReport = z.infer<typeof CommandReportSchema>;

export const ResultsSchema = z.object({
  nodeId: IdSchema,
  incarnation: z.number().int().min(0),
  results: z.array(CommandReportSchema).max(AGENT_LIMITS.resultsPerReportMax),
  /** Shards of which this node is the primary and a secondary fell behind: an answer says that the manager knows. */
  shards: z.array(HeldShardSchema).max(AGENT_LIMITS.shardsPerNodeMax).default([]),
}).meta({ id: 'AgentResults' });
export type Results = z.infer<typeof ResultsSchema>;

/** For each running command: go on at this pace, or stop at the next safe point. */
export const ResultsAnswerSchema = z.object({
  controls: z.array(z.object({ key: z.string().max(256), cancel: z.boolean(), bytesPerSecondMax: z.number().min(1).nullable() })),
}).meta({ id: 'AgentResultsAnswer' });
export type ResultsAnswer = z.infer<typeof ResultsAnswerSchema>;

/** Why a request of an agent was not taken; the body is problem+json (RFC 9457) with this `code`. */
export const AGENT_PROBLEMS = {
  'malformed': 400, 'bad-token': 401, 'bad-credential': 401, 'not-found': 404, 'wrong-method': 405, 'stale-beat': 409, 'superseded': 409,
  'removed': 410, 'too-large': 413, 'unsupported-version': 422, 'too-many-requests': 429, 'unavailable': 503,
} as const;
export type AgentProblemCode = keyof typeof AGENT_PROBLEMS;
export const AgentProblemSchema = z.object({ code: z.string(), detail: z.string() });

export const ProbeAnswerSchema = z.object({ nodeId: IdSchema, incarnation: z.number().int().min(0) }).meta({ id: 'AgentProbeAnswer' });
