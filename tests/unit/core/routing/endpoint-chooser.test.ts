import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ROUTING_CHOICES } from '@/lib/contract/vocabulary';
import { EndpointChooser, type Candidate } from '@/lib/core/routing/endpoint-chooser';
import { createRandom } from '@/lib/platform/random';

const ready = (nodeId: string, weight = 100): Candidate => ({ nodeId, state: 'ready', weight });
const chooser = (choice: (typeof ROUTING_CHOICES)[number], seed = 1) => new EndpointChooser({ choice, random: createRandom(seed) });
const take = (from: EndpointChooser, endpoints: readonly Candidate[], times: number) => Array.from({ length: times }, () => from.choose(endpoints)?.nodeId ?? '-').join('');

describe('choosing an endpoint', () => {
  it('round robin goes in turn, also when one leaves', () => {
    const robin = chooser('round-robin');
    expect(take(robin, [ready('a'), ready('b'), ready('c')], 6)).toBe('abcabc');
    expect(take(robin, [ready('a'), ready('b')], 4)).toBe('abab');
  });

  it('smooth weighted round robin spreads the turns of the strong', () => {
    expect(take(chooser('weighted-round-robin'), [ready('a', 50), ready('b', 10), ready('c', 10)], 14)).toBe('aabacaaaabacaa');
  });

  it('weighted round robin gives exactly the shares of the weights in each cycle', () => {
    const weighted = chooser('weighted-round-robin');
    const turns = take(weighted, [ready('a', 3), ready('b', 2), ready('c', 1)], 60);
    expect(['a', 'b', 'c'].map((nodeId) => turns.split(nodeId).length - 1)).toEqual([30, 20, 10]);
  });

  it('least connections takes the idlest, ties in turn', () => {
    const least = chooser('least-connections');
    const nodes = [ready('a'), ready('b'), ready('c')];
    expect(take(least, nodes, 3).split('').sort().join('')).toBe('abc');
    least.finished('b');
    expect(least.choose(nodes)?.nodeId).toBe('b');
    expect([...nodes].map(({ nodeId }) => least.connectionsOf(nodeId))).toEqual([1, 1, 1]);
    least.finished('a');
    least.finished('a');
    expect(least.connectionsOf('a')).toBe(0);
  });

  it('random is even, and the same for the same seed', () => {
    const nodes = [ready('a'), ready('b')];
    const turns = take(chooser('random', 5), nodes, 2_000);
    expect(turns).toBe(take(chooser('random', 5), nodes, 2_000));
    expect(turns.split('a').length - 1).toBeGreaterThan(900);
    expect(turns.split('b').length - 1).toBeGreaterThan(900);
  });

  it('a node that drains, is down or has no weight is never chosen; of none there is none', () => {
    fc.assert(fc.property(fc.constantFrom(...ROUTING_CHOICES), fc.array(fc.record({ nodeId: fc.constantFrom('a', 'b', 'c', 'd'), state: fc.constantFrom('ready' as const, 'drain' as const, 'maintenance' as const, 'down' as const), weight: fc.integer({ min: 0, max: 100 }) }), { maxLength: 6 }), (choice, endpoints) => {
      const choosing = chooser(choice);
      for (let turn = 0; turn < 10; turn += 1) {
        const chosen = choosing.choose(endpoints);
        const usable = endpoints.filter((endpoint) => endpoint.state === 'ready' && endpoint.weight > 0);
        if (usable.length === 0) expect(chosen).toBeNull();
        else expect(usable).toContain(chosen);
      }
    }));
  });
});
