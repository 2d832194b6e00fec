/**
 * What HAProxy's servers are to become, from what they are and what the routing says. Pure.
 *
 * HAProxy has a fixed number of servers in the backend, made by `server-template ... disabled`:
 * a node takes a free one, keeps it for life, and leaves it in maintenance. Only runtime
 * commands of HAProxy 2.4 and newer are used; nothing is reloaded, so no connection is cut.
 */
import type { Endpoint } from '@/lib/contract/routing';

/** One server of the backend, as `show servers state` tells it. */
export interface BalancerServer {
  readonly name: string;
  /** host:port that requests go to. */
  readonly address: string;
  readonly admin: 'ready' | 'drain' | 'maint';
  readonly weight: number;
}

export interface BalancerPlan {
  readonly commands: readonly string[];
  /** Nodes for which the backend has no free server. */
  readonly withoutServer: readonly string[];
}

const WANTED = { ready: 'ready', drain: 'drain', maintenance: 'maint', down: 'maint' } as const;

/** Names of backends and servers go into commands as they are, and so are held to what HAProxy takes. */
export const HAPROXY_NAME = /^[A-Za-z0-9_.:-]{1,64}$/;
const ADDRESS = /^(\[[0-9a-fA-F:]+\]|[0-9.]+):(\d{1,5})$/;

export function planBalancer(backend: string, servers: readonly BalancerServer[], endpoints: readonly Pick<Endpoint, 'nodeId' | 'address' | 'state' | 'weight'>[]): BalancerPlan {
  const commands: string[] = [];
  const withoutServer: string[] = [];
  const wanted = new Map(endpoints.map((endpoint) => [endpoint.address, endpoint]));
  const taken = new Map(servers.filter((server) => wanted.has(server.address)).map((server) => [server.address, server]));
  const set = (server: Pick<BalancerServer, 'name'>, what: string) => commands.push(`set server ${backend}/${server.name} ${what}`);
  // Who has left goes first: its server is free for whoever comes.
  const free = servers.filter((server) => !wanted.has(server.address));
  for (const server of free) if (server.admin !== 'maint') set(server, 'state maint');
  for (const endpoint of endpoints) {
    const server = taken.get(endpoint.address);
    const state = WANTED[endpoint.state];
    const weight = Math.max(1, endpoint.weight);
    if (server !== undefined) {
      if (state === 'ready' && server.weight !== weight) set(server, `weight ${weight}`);
      if (server.admin !== state) set(server, `state ${state}`);
      continue;
    }
    // A node that never served here gets no server before it may serve.
    if (state !== 'ready') continue;
    const parts = ADDRESS.exec(endpoint.address);
    const slot = parts === null ? undefined : free.shift();
    if (parts === null || slot === undefined) {
      withoutServer.push(endpoint.nodeId);
      continue;
    }
    set(slot, `addr ${parts[1]!.replace(/[[\]]/g, '')} port ${parts[2]!}`);
    set(slot, `weight ${weight}`);
    set(slot, 'state ready');
  }
  return { commands, withoutServer };
}

/** Of `srv_admin_state`: forced, inherited and resolver's maintenance; forced and inherited drain. 0x04 only remembers that the configuration began with maintenance. */
const MAINTENANCE_BITS = 0x01 | 0x02 | 0x20;
const DRAIN_BITS = 0x08 | 0x10;

/** Reads `show servers state <backend>`, format 1: columns are found by their names. Lines that cannot be read are left out. */
export function parseServersState(text: string): BalancerServer[] {
  const lines = text.split('\n');
  const header = lines.find((line) => line.startsWith('# '))?.slice(2).trim().split(' ') ?? [];
  const column = (name: string) => header.indexOf(name);
  const [nameAt, hostAt, portAt, adminAt, weightAt] = ['srv_name', 'srv_addr', 'srv_port', 'srv_admin_state', 'srv_uweight'].map(column);
  if ([nameAt, hostAt, portAt, adminAt, weightAt].some((index) => index === undefined || index < 0)) return [];
  return lines.flatMap((line) => {
    const fields = line.trim().split(' ');
    const [name, host, port, admin, weight] = [fields[nameAt!], fields[hostAt!], fields[portAt!], Number(fields[adminAt!]), Number(fields[weightAt!])];
    if (line.startsWith('#') || fields.length < header.length || name === undefined || host === undefined || port === undefined || !Number.isInteger(admin) || !Number.isInteger(weight)) return [];
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    return [{ name, address, admin: (admin & MAINTENANCE_BITS) !== 0 ? 'maint' as const : (admin & DRAIN_BITS) !== 0 ? 'drain' as const : 'ready' as const, weight }];
  });
}
