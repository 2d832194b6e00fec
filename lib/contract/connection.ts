import * as z from 'zod';
import { ShardingSchema } from './sharding';
import { ROUTING_CHOICES } from './vocabulary';

const SERVICE = /^dnssrv\+[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,250}[A-Za-z0-9])?$/;
const ENDPOINT = /^(\[[0-9a-fA-F:.]+\]|[^\s:/@]+):\d{1,5}$/;
/** An address. Or a name: `dns+name:port` stands for every address of it, `dnssrv+_service._tcp.name` for every target of the record. */
const seed = z.string().min(1).max(300).refine((value) => ENDPOINT.test(value) || SERVICE.test(value), 'host:port, IPv6 hosts in brackets; or dns+name:port, dnssrv+name')
  .refine((value) => { const port = Number(value.slice(value.lastIndexOf(':') + 1)); return SERVICE.test(value) || !ENDPOINT.test(value) || (port >= 1 && port <= 65_535); }, 'The port is 1 to 65535');

export const SimulatorConnectionSchema = z.strictObject({
  kind: z.literal('simulator'),
  nodeCount: z.number().int().min(1).max(2_000).default(12),
  zoneCount: z.number().int().min(1).max(9).default(3),
  shardCount: z.number().int().min(1).max(1_000_000).default(1_024),
  replicationFactor: z.number().int().min(1).max(3).default(3),
  seed: z.number().int().min(0).max(0xffff_ffff).default(7),
  /** Simulated seconds per real second, 1..100. */
  speed: z.number().min(1).max(100).default(1),
  /** The last node starts without its share, so that there is something to rebalance. */
  lastNodeEmpty: z.boolean().default(true),
  /** How its clients choose the node that they connect to. */
  clientRouting: z.enum(ROUTING_CHOICES).default('round-robin'),
}).meta({ id: 'SimulatorConnection' });
export type SimulatorConnection = z.infer<typeof SimulatorConnectionSchema>;

export const RedisConnectionSchema = z.strictObject({
  kind: z.literal('redis-cluster'),
  /** Any members to start from; one that does not answer does no harm. */
  seeds: z.array(seed).min(1).max(32),
  username: z.string().max(128).optional(),
  password: z.string().max(1024).optional(),
  tls: z.strictObject({
    enabled: z.boolean(),
    /** PEM of the authority that signed the servers' certificates; the system's own when absent. */
    caPem: z.string().max(65_536).optional(),
    certPem: z.string().max(65_536).optional(),
    keyPem: z.string().max(65_536).optional(),
    serverName: z.string().max(255).optional(),
    rejectUnauthorized: z.boolean().default(true),
  }).default({ enabled: false, rejectUnauthorized: true }),
  commandTimeoutMs: z.number().int().min(100).max(60_000).default(2_000),
}).meta({ id: 'RedisConnection' });
export type RedisConnection = z.infer<typeof RedisConnectionSchema>;

/** Nodes that run an agent. Nothing is dialled: agents enrol with a token and call. */
export const HttpAgentConnectionSchema = z.strictObject({
  kind: z.literal('http-agent'),
  sharding: ShardingSchema.default({ method: 'hash', shardCount: 256 }),
  /** Copies of each shard, the primary included. */
  replicationFactor: z.number().int().min(1).max(5).default(2),
  /** How long a node that beats may take to answer a question before a reading goes on without it. */
  answerTimeoutMs: z.number().int().min(100).max(10_000).default(1_000),
  /** Refused by name rather than as an unknown field: who knows Redis here looks for it. An address alone is no node, for it has no credential that would prove who calls. */
  seeds: z.never({ error: 'Nodes with agents are not looked up, neither by address nor by DNS: each enrols with a token (POST .../agents/tokens) and calls. A name belongs to the other side: the --manager URL of the agents, looked up at each connection' }).optional(),
}).meta({ id: 'HttpAgentConnection' });
export type HttpAgentConnection = z.infer<typeof HttpAgentConnectionSchema>;

export const ConnectionSchema = z.discriminatedUnion('kind', [SimulatorConnectionSchema, RedisConnectionSchema, HttpAgentConnectionSchema]);
export type Connection = z.infer<typeof ConnectionSchema>;
export const DriverKindSchema = z.enum(['simulator', 'redis-cluster', 'http-agent']);

/** A connection as it may be shown: secrets are gone, their presence is told. */
export const ConnectionViewSchema = z.discriminatedUnion('kind', [
  SimulatorConnectionSchema,
  HttpAgentConnectionSchema,
  RedisConnectionSchema.omit({ password: true, tls: true }).extend({ hasPassword: z.boolean(), tls: z.object({ enabled: z.boolean(), hasClientCertificate: z.boolean() }) }),
]).meta({ id: 'ConnectionView' });
export type ConnectionView = z.infer<typeof ConnectionViewSchema>;

export function viewOfConnection(connection: Connection): ConnectionView {
  if (connection.kind !== 'redis-cluster') return connection;
  const { password, tls, ...shown } = connection;
  return { ...shown, hasPassword: password !== undefined && password !== '', tls: { enabled: tls.enabled, hasClientCertificate: tls.certPem !== undefined } };
}
