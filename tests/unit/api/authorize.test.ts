import { describe, expect, it } from 'vitest';
import { accessRequestOf, authorize, isLoopbackAddress, isLoopbackName, PEER_ADDRESS_HEADER, PERMISSION_OF_ROUTE, type AccessRequest } from '@/lib/api/authorize';
import { ROUTES } from '@/lib/api/routes';

const local: AccessRequest = { route: 'clusters.connect', method: 'POST', peerAddress: '127.0.0.1', host: 'localhost:3000', origin: null, secFetchSite: null };

function codeOf(overrides: Partial<AccessRequest>): string {
  const decision = authorize({ ...local, ...overrides });
  return decision.allowed ? 'allowed' : decision.code;
}

describe('authorize', () => {
  it('[X1] every route of the contract is in the table, and everything in the table is a way in', () => {
    const besides = ['openapi', 'live.connect', 'live.subscribe', 'page', 'health', 'agent'];
    expect(Object.keys(PERMISSION_OF_ROUTE).sort()).toEqual([...ROUTES.map((route) => route.id), ...besides].sort());
  });

  it('[X1] denies what is not in the table', () => {
    expect(codeOf({ route: 'clusters.explode' })).toBe('not-permitted');
    expect(codeOf({ route: 'constructor' })).toBe('not-permitted');
  });

  it('lets the operator at this machine do everything', () => {
    for (const route of Object.keys(PERMISSION_OF_ROUTE)) expect(codeOf({ route })).toBe('allowed');
    expect(authorize(local)).toEqual({ allowed: true, actor: { kind: 'operator', name: 'local operator' } });
  });

  it.each([['10.0.0.7'], ['::ffff:10.0.0.7'], ['fe80::1'], [''], [null]])('denies a connection from %s', (peerAddress) => {
    expect(codeOf({ peerAddress })).toBe('not-local');
  });

  it.each([['evil.example'], ['localhost.evil.example:3000'], ['127.0.0.1.evil.example'], ['192.168.1.4'], [''], [null]])(
    'denies the host %s, behind which DNS rebinding may stand', (host) => {
      expect(codeOf({ host })).toBe('foreign-host');
      expect(codeOf({ host, method: 'GET', route: 'clusters.list' })).toBe('foreign-host');
    });

  it.each([['http://evil.example'], ['null'], ['http://localhost:4000'], ['file://']])('denies a change from a page of %s', (origin) => {
    expect(codeOf({ origin })).toBe('foreign-origin');
    expect(codeOf({ origin, route: 'live.connect', method: 'GET' })).toBe('foreign-origin');
  });

  it('denies a change that the browser says comes from another site', () => {
    expect(codeOf({ secFetchSite: 'cross-site' })).toBe('foreign-origin');
    expect(codeOf({ secFetchSite: 'same-site' })).toBe('foreign-origin');
    expect(codeOf({ secFetchSite: 'none' })).toBe('allowed');
  });

  it('takes changes from our own pages and from programs', () => {
    expect(codeOf({ origin: 'http://localhost:3000', secFetchSite: 'same-origin' })).toBe('allowed');
    expect(codeOf({ origin: 'http://LOCALHOST:3000' })).toBe('allowed');
    expect(codeOf({ origin: null })).toBe('allowed');
  });

  it('knows loopback addresses and names', () => {
    expect(['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'].every(isLoopbackAddress)).toBe(true);
    expect(['128.0.0.1', '::', '0.0.0.0', '127.0.0.1.example'].some(isLoopbackAddress)).toBe(false);
    expect(['localhost', 'LocalHost:80', '127.0.0.1:3000', '[::1]:3000'].every(isLoopbackName)).toBe(true);
  });

  it('reads the facts from headers', () => {
    const headers = new Headers({ [PEER_ADDRESS_HEADER]: '::1', host: 'localhost', origin: 'http://localhost' });
    expect(accessRequestOf('page', 'GET', (name) => headers.get(name))).toEqual({
      route: 'page', method: 'GET', peerAddress: '::1', host: 'localhost', origin: 'http://localhost', secFetchSite: null,
    });
  });
});
