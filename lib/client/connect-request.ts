import type { ConnectCluster } from '@/lib/contract/cluster';
import type { Connection, HttpAgentConnection, RedisConnection } from '@/lib/contract/connection';
import { assertNever } from '@/lib/platform/assert';
import type { Sharding } from '@/lib/contract/sharding';

/** What the fields of the form hold: texts that may be blank, where the contract knows absence. */
export interface RedisFields extends Omit<RedisConnection, 'username' | 'password' | 'tls'> {
  readonly username: string;
  readonly password: string;
  readonly tls: { readonly enabled: boolean; readonly rejectUnauthorized: boolean; readonly caPem: string; readonly certPem: string; readonly keyPem: string; readonly serverName: string };
}

/** One line each for what the contract has as lists. */
export interface ShardingFields {
  readonly method: Sharding['method'];
  readonly shardCount: number;
  readonly pointsPerShard: number;
  /** A key a line, ascending. */
  readonly boundaries: string;
  /** `prefix = shard` a line. */
  readonly entries: string;
}

export interface AgentFields extends Omit<HttpAgentConnection, 'sharding'> {
  readonly sharding: ShardingFields;
}

export type ConnectionFields = Exclude<Connection, RedisConnection | HttpAgentConnection> | RedisFields | AgentFields;

export interface ConnectFields {
  readonly name: string;
  readonly environment: ConnectCluster['environment'];
  readonly connection: ConnectionFields;
}

export const REDIS_FIELDS: RedisFields = {
  kind: 'redis-cluster', seeds: [], username: '', password: '', commandTimeoutMs: 2_000,
  tls: { enabled: false, rejectUnauthorized: true, caPem: '', certPem: '', keyPem: '', serverName: '' },
};

export const AGENT_FIELDS: AgentFields = {
  kind: 'http-agent', sharding: { method: 'hash', shardCount: 256, pointsPerShard: 64, boundaries: '', entries: '' }, replicationFactor: 2, answerTimeoutMs: 1_000,
};

/** The request that the fields stand for: what is blank is absent, what TLS does not use is not sent. */
export function connectRequestOf(fields: ConnectFields): ConnectCluster {
  return { name: fields.name, environment: fields.environment, connection: connectionOf(fields.connection) };
}

export function connectionOf(fields: ConnectionFields): Connection {
  if (fields.kind === 'http-agent') return { ...fields, sharding: shardingOf(fields.sharding) };
  if (fields.kind !== 'redis-cluster') return fields;
  const { username, password, tls, ...rest } = fields;
  const { enabled, rejectUnauthorized, ...texts } = tls;
  return {
    ...rest,
    ...withoutBlanks({ username, password }),
    tls: enabled ? { enabled, rejectUnauthorized, ...withoutBlanks(texts) } : { enabled, rejectUnauthorized: true },
  };
}

function shardingOf({ method, shardCount, pointsPerShard, boundaries, entries }: ShardingFields): Sharding {
  switch (method) {
    case 'hash': return { method, shardCount };
    case 'ring': return { method, shardCount, pointsPerShard };
    case 'range': return { method, boundaries: linesOf(boundaries) };
    case 'directory': return { method, shardCount, entries: linesOf(entries).map(entryOf) };
    default: return assertNever(method);
  }
}

/** Spaces at the ends of a line are no part of a key that anybody would see. */
function linesOf(text: string): string[] {
  return text.split('\n').map((line) => line.trim()).filter((line) => line !== '');
}

/** The last `=` divides, so that a prefix may have some; a line without a number gets one that the schema refuses. */
function entryOf(line: string): { prefix: string; shardId: number } {
  const at = line.lastIndexOf('=');
  const number = at < 0 ? '' : line.slice(at + 1).trim();
  return { prefix: (at < 0 ? line : line.slice(0, at)).trim(), shardId: number === '' ? NaN : Number(number) };
}

function withoutBlanks<T extends Record<string, string>>(texts: T): Partial<T> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text.trim() !== '')) as Partial<T>;
}
