import { describe, expect, it } from 'vitest';
import { matchRoute, ROUTES } from '@/lib/api/routes';

describe('routes', () => {
  it('finds every operation of the contract by its own method and path', () => {
    for (const route of ROUTES) {
      expect(matchRoute(route.method, route.path.replaceAll(/\{\w+\}/g, 'some_id'))).toEqual({ kind: 'route', route });
    }
  });

  it('names the methods of a path for a wrong one', () => {
    expect(matchRoute('PATCH', '/clusters/c1')).toEqual({ kind: 'wrong-method', allowed: ['GET', 'HEAD', 'DELETE'] });
    expect(matchRoute('POST', '/clusters/c1/settings')).toEqual({ kind: 'wrong-method', allowed: ['GET', 'HEAD', 'PUT'] });
  });

  it('prefers a fixed segment to a parameter, and answers HEAD as GET', () => {
    expect(matchRoute('POST', '/clusters/test-connection')).toMatchObject({ route: { id: 'clusters.test' } });
    expect(matchRoute('HEAD', '/clusters')).toMatchObject({ route: { id: 'clusters.list' } });
  });

  it.each(['/', '', '/nothing', '/clusters/', '/clusters//nodes', '/clusters/c1/nodes/', '/clusters/c1/nodes/n1/explode'])('knows nothing at %j', (path) => {
    expect(matchRoute('GET', path)).toEqual({ kind: 'unknown' });
  });

  it('knows the fields of an input beside those in the path', () => {
    const drain = ROUTES.find((route) => route.id === 'nodes.drain')!;
    expect([...drain.fields!]).toEqual(['planId', 'throttle', 'preempt']);
  });
});
