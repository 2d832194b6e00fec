import type { ConnectCluster } from '@/lib/contract/cluster';
import type { Connection, HttpAgentConnection, RedisConnection } from '@/lib/contract/connection';

/** What the fields of the form hold: texts that may be blank, where the contract knows absence. */
export interface RedisFields extends Omit<RedisConnection, 'username' | 'password' | 'tls'> {
  readonly username: string;
  readonly password: string;
  readonly tls: { readonly enabled: boolean; readonly rejectUnauthorized: boolean; readonly caPem: string; readonly certPem: string; readonly keyPem: string; readonly serverName: string };
}

export type ConnectionFields = Exclude<Connection, RedisConnection> | RedisFields;

export interface ConnectFields {
  readonly name: string;
  readonly environment: ConnectCluster['environment'];
  readonly connection: ConnectionFields;
}

export const REDIS_FIELDS: RedisFields = {
  kind: 'redis-cluster', seeds: [], username: '', password: '', commandTimeoutMs: 2_000,
  tls: { enabled: false, rejectUnauthorized: true, caPem: '', certPem: '', keyPem: '', serverName: '' },
};

export const AGENT_FIELDS: HttpAgentConnection = { kind: 'http-agent', sharding: { method: 'hash', shardCount: 256 }, replicationFactor: 2, answerTimeoutMs: 1_000 };

/** The request that the fields stand for: what is blank is absent, what TLS does not use is not sent. */
export function connectRequestOf(fields: ConnectFields): ConnectCluster {
  return { name: fields.name, environment: fields.environment, connection: connectionOf(fields.connection) };
}

export function connectionOf(fields: ConnectionFields): Connection {
  if (fields.kind !== 'redis-cluster') return fields;
  const { username, password, tls, ...rest } = fields;
  const { enabled, rejectUnauthorized, ...texts } = tls;
  return {
    ...rest,
    ...withoutBlanks({ username, password }),
    tls: enabled ? { enabled, rejectUnauthorized, ...withoutBlanks(texts) } : { enabled, rejectUnauthorized: true },
  };
}

function withoutBlanks<T extends Record<string, string>>(texts: T): Partial<T> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text.trim() !== '')) as Partial<T>;
}
