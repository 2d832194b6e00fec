import { describe, expect, it } from 'vitest';
import { linked, zoneLine } from '@/components/overview/health-reasons';

const nodes = ['node-1', 'node-10', 'node-2'].map((name) => ({ id: `id-of-${name}`, name }));
const text = (parts: ReturnType<typeof linked>) => parts.map((part) => (typeof part === 'string' ? part : `[${part.name}]`)).join('');

describe('the reasons of the health', () => {
  it('turns the names in a message into links, whole names only, and leaves out those it does not name', () => {
    expect(text(linked('node-1, node-2 and 4 more are unreachable', nodes))).toBe('[node-1], [node-2] and 4 more are unreachable');
    expect(text(linked('node-10 is dead', nodes.slice(0, 2)))).toBe('[node-10] is dead');
    expect(text(linked('node-10, node-1 are dead', nodes.slice(0, 2)))).toBe('[node-10], [node-1] are dead');
    expect(text(linked('12 shards are dark', nodes.slice(0, 1)))).toBe('12 shards are dark [node-1]');
    expect(text(linked('node-1 is dead', []))).toBe('node-1 is dead');
  });

  it('says where nodes are missing, by zone', () => {
    const zone = (name: string, nodesAlive: number) => ({ zone: name, nodesTotal: 4, nodesAlive, nodesSilent: 4 - nodesAlive });
    expect(zoneLine([])).toBeNull();
    expect(zoneLine([zone('a', 4), zone('b', 4)])).toBe('2 zones, all of their nodes alive');
    expect(zoneLine([zone('a', 0), zone('b', 4), zone('c', 3)])).toBe('Alive: 0 of 4 nodes of a, 3 of 4 nodes of c, all of the other zone');
  });
});
