/** Who takes processor time while slots move: on a machine that all of them share, that is what the clients feel. */
import { once } from 'node:events';
import type { RedisClusterProcesses } from '@/scripts/redis/redis-cluster-processes';
import type { ProcessUsage } from '@/tests/support/api-server';
import type { TestServerProcess } from '@/tests/support/start-server';
import type { LoadProcess } from './load-process';

/** Seconds of processor time. */
export interface ProcessorTime {
  readonly serversSeconds: number;
  readonly clientsSeconds: number;
  /** `null` where no manager takes part; redis-cli's own is not measured. */
  readonly managerSeconds: number | null;
}

interface Takers {
  readonly cluster: RedisClusterProcesses;
  readonly load: LoadProcess;
  readonly manager: TestServerProcess | null;
}

export async function processorTime({ cluster, load, manager }: Takers): Promise<ProcessorTime> {
  const [servers, clients, own] = await Promise.all([
    Promise.all([...cluster.primaries, ...cluster.emptyPrimaries].map(async (node) => secondsIn(String(await node.call('INFO', 'cpu'))))),
    load.usage(),
    manager === null ? null : usageOf(manager),
  ]);
  return { serversSeconds: servers.reduce((sum, seconds) => sum + seconds, 0), clientsSeconds: secondsOf(clients), managerSeconds: own === null ? null : secondsOf(own.cpu) };
}

export function between(before: ProcessorTime, after: ProcessorTime): ProcessorTime {
  const spent = (from: number, to: number) => Number((to - from).toFixed(2));
  return {
    serversSeconds: spent(before.serversSeconds, after.serversSeconds),
    clientsSeconds: spent(before.clientsSeconds, after.clientsSeconds),
    managerSeconds: before.managerSeconds === null || after.managerSeconds === null ? null : spent(before.managerSeconds, after.managerSeconds),
  };
}

async function usageOf({ child }: TestServerProcess): Promise<ProcessUsage> {
  const answer = once(child, 'message') as Promise<[ProcessUsage]>;
  child.send('usage');
  return (await answer)[0];
}

function secondsOf({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6;
}

function secondsIn(info: string): number {
  return ['used_cpu_user', 'used_cpu_sys'].reduce((sum, field) => sum + Number(new RegExp(`${field}:(\\S+)`).exec(info)?.[1] ?? NaN), 0);
}
