import type { api } from '@/lib/contract/api';
import type { Actor } from '@/lib/contract/primitives';

/**
 * The one decision of who may do what (X1). Every way in asks here: the HTTP API, the
 * sockets, the pages. The table names a permission for every route of the contract; a
 * route that is not in it is denied, and the compiler and a test refuse to let one be
 * forgotten.
 *
 * There are no accounts yet, so the only identity is "whoever sits at this machine": the
 * connection comes from a loopback address and names a loopback host. The second half
 * matters because a page of a hostile site can point its own name at 127.0.0.1 (DNS
 * rebinding): its requests then come from loopback but carry the foreign name in Host.
 * A request that changes something must besides come from our own pages or from no page
 * at all (CSRF). Roles will replace `identify` and give fewer permissions than all.
 */
export type Permission = 'view' | 'operate' | 'configure' | 'administer' | 'agent';

type Api = typeof api;
type RouteIdsOf<Areas> = { [Area in keyof Areas]: Area extends string ? `${Area}.${Extract<keyof Areas[Area], string>}` : never }[keyof Areas];
export type ContractRouteId = RouteIdsOf<Api>;
/** Ways in besides the contract's: its description, the live socket, its subscriptions, the pages with their files, the health probes, and agents, who prove themselves further by their credentials. */
export type RouteId = ContractRouteId | 'openapi' | 'live.connect' | 'live.subscribe' | 'page' | 'health' | 'agent';

export const PERMISSION_OF_ROUTE: Readonly<Record<RouteId, Permission>> = {
  'clusters.list': 'view',
  'clusters.connect': 'administer',
  'clusters.test': 'administer',
  'clusters.get': 'view',
  'clusters.disconnect': 'administer',
  'clusters.freeze': 'operate',
  'clusters.unfreeze': 'operate',
  'nodes.list': 'view',
  'nodes.get': 'view',
  'nodes.liveness': 'view',
  'nodes.checks': 'view',
  'nodes.drainStatus': 'view',
  'nodes.add': 'operate',
  'nodes.accept': 'operate',
  'nodes.cordon': 'operate',
  'nodes.uncordon': 'operate',
  'nodes.deactivate': 'operate',
  'nodes.activate': 'operate',
  'nodes.liftQuarantine': 'operate',
  'nodes.drain': 'operate',
  'nodes.decommission': 'operate',
  'nodes.replace': 'operate',
  'nodes.repair': 'operate',
  'nodes.scaleOut': 'operate',
  'nodes.scaleIn': 'operate',
  'routing.get': 'view',
  'routing.locate': 'view',
  'agents.list': 'view',
  'agents.issueToken': 'administer',
  'agents.createShards': 'operate',
  'agents.tokens': 'view',
  'agents.revokeToken': 'administer',
  'shards.list': 'view',
  'mending.preview': 'view',
  'mending.start': 'operate',
  'plans.preview': 'operate',
  'plans.whatIf': 'view',
  'plans.list': 'view',
  'plans.get': 'view',
  'plans.approve': 'operate',
  'operations.list': 'view',
  'operations.get': 'view',
  'operations.moves': 'view',
  'operations.pause': 'operate',
  'operations.resume': 'operate',
  'operations.cancel': 'operate',
  'operations.throttle': 'operate',
  'operations.reorder': 'operate',
  'operations.reverse': 'operate',
  'operations.reportCsv': 'view',
  'operations.movesCsv': 'view',
  'settings.get': 'view',
  'settings.update': 'configure',
  'scaling.get': 'view',
  'scaling.provisioning': 'view',
  'scaling.savePolicy': 'configure',
  'scaling.removeShadow': 'configure',
  'scaling.promote': 'configure',
  'scaling.versions': 'view',
  'scaling.diff': 'view',
  'scaling.restore': 'configure',
  'scaling.backtest': 'view',
  'scaling.decisions': 'view',
  'scaling.setOverride': 'operate',
  'scaling.clearOverride': 'operate',
  'scaling.approve': 'operate',
  'scaling.reject': 'operate',
  'events.list': 'view',
  'metrics.query': 'view',
  openapi: 'view',
  'live.connect': 'view',
  'live.subscribe': 'view',
  page: 'view',
  health: 'view',
  agent: 'agent',
};

/** The header in which the server itself states the peer's address; a client's own is overwritten before anything reads it. */
export const PEER_ADDRESS_HEADER = 'x-phantom-scale-peer-address';

/** What the decision is made from; header values as received, `null` when absent. */
export interface AccessRequest {
  /** Any text: a route that is not in the table is denied. */
  readonly route: string;
  readonly method: string;
  /** Address of the other end of the TCP connection. */
  readonly peerAddress: string | null;
  readonly host: string | null;
  readonly origin: string | null;
  readonly secFetchSite: string | null;
}

export type AccessDecision =
  | { readonly allowed: true; readonly actor: Actor }
  | { readonly allowed: false; readonly code: 'not-local' | 'foreign-host' | 'foreign-origin' | 'not-permitted'; readonly detail: string };

export type Authorize = (request: AccessRequest) => AccessDecision;

/** Reads the facts of a request from its headers; `header` gives one value or null. */
export function accessRequestOf(route: string, method: string, header: (name: string) => string | null): AccessRequest {
  return {
    route,
    method,
    peerAddress: header(PEER_ADDRESS_HEADER),
    host: header('host'),
    origin: header('origin'),
    secFetchSite: header('sec-fetch-site'),
  };
}

export const authorize: Authorize = (request) => {
  const identity = identify(request);
  if ('code' in identity) return { allowed: false, ...identity };
  if (changesSomething(request) && !comesFromOurPages(request)) {
    return { allowed: false, code: 'foreign-origin', detail: 'Requests that change something are taken from this console only, not from another site' };
  }
  const permission = Object.hasOwn(PERMISSION_OF_ROUTE, request.route) ? PERMISSION_OF_ROUTE[request.route as RouteId] : null;
  if (permission === null || !identity.permissions.has(permission)) {
    return { allowed: false, code: 'not-permitted', detail: `No permission for ${request.route}` };
  }
  return { allowed: true, actor: identity.actor };
};

interface Identity {
  readonly actor: Actor;
  readonly permissions: ReadonlySet<Permission>;
}

const localOperator: Identity = {
  actor: { kind: 'operator', name: 'local operator' },
  permissions: new Set<Permission>(['view', 'operate', 'configure', 'administer', 'agent']),
};

function identify(request: AccessRequest): Identity | { readonly code: 'not-local' | 'foreign-host'; readonly detail: string } {
  if (request.peerAddress === null || !isLoopbackAddress(request.peerAddress)) {
    return { code: 'not-local', detail: 'Connections are taken from this machine only, until access control exists' };
  }
  if (request.host === null || !isLoopbackName(request.host)) {
    return { code: 'foreign-host', detail: 'The Host header does not name this machine: use localhost or 127.0.0.1' };
  }
  return localOperator;
}

/** A socket changes nothing by itself but is not covered by the same-origin rule, so it is guarded like a change. */
function changesSomething(request: AccessRequest): boolean {
  return request.route === 'live.connect' || !['GET', 'HEAD'].includes(request.method);
}

function comesFromOurPages(request: AccessRequest): boolean {
  if (request.secFetchSite !== null && !['same-origin', 'none'].includes(request.secFetchSite)) return false;
  if (request.origin === null) return true;
  return URL.canParse(request.origin) && new URL(request.origin).host === request.host?.toLowerCase();
}

/** 127.0.0.0/8 and ::1, also as IPv4-mapped IPv6. */
export function isLoopbackAddress(address: string): boolean {
  return /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(address) || address === '::1';
}

/** A Host header or host name, with or without port. */
export function isLoopbackName(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return name === 'localhost' || name === '[::1]' || isLoopbackAddress(name);
}
