import type { RedisConnection } from '@/lib/contract/connection';
import { RedisClusterDriver } from '@/lib/drivers/redis-cluster/redis-cluster-driver';
import { systemClock } from '@/lib/platform/system-clock';
import { OutboundRule } from '@/lib/server/outbound-rule';
import { RedisClusterProcesses, type RedisClusterOptions } from '../../scripts/redis/redis-cluster-processes';
import { requireServers } from './redis-binary';

// A worker that is told to end would end without its exit handlers, which stop the servers.
for (const [signal, exitCode] of [['SIGTERM', 143], ['SIGINT', 130], ['SIGHUP', 129]] as const) {
  process.once(signal, () => { process.exit(exitCode); });
}

/** A real cluster on loopback, of the first engine that this machine has unless a binary is named. Stop it, also when the test fails; a lost one dies with us. */
export async function startRedisCluster(options: Omit<RedisClusterOptions, 'binary'> & { readonly binary?: string }): Promise<RedisClusterProcesses> {
  return await RedisClusterProcesses.start({ binary: requireServers()[0].path, ...options });
}

/** How the driver connects to it. */
export function connectionTo(cluster: RedisClusterProcesses, overrides: Partial<RedisConnection> = {}): RedisConnection {
  const { username, password, tls } = cluster.access;
  return {
    kind: 'redis-cluster',
    seeds: cluster.seeds,
    commandTimeoutMs: 1_000,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    tls: tls === undefined ? { enabled: false, rejectUnauthorized: true } : { enabled: true, rejectUnauthorized: true, caPem: tls.ca },
    ...overrides,
  };
}

export function openDriver(connection: RedisConnection, options: Pick<ConstructorParameters<typeof RedisClusterDriver>[0], 'atomicJobs'> = {}): RedisClusterDriver {
  return new RedisClusterDriver({ connection, clock: systemClock, outbound: new OutboundRule(), ...options });
}
