import { describe, expect, it } from 'vitest';
import { placementWords } from '@/components/nodes/node-facts-panel';
import { labelPlaces } from '@/components/nodes/silence-scale';
import { nodeNamed } from '@/tests/support/cluster-states';

describe('what is placed on a node, in words', () => {
  it.each([
    [{}, 'accepted'],
    [{ lifecycle: 'joining' }, 'none: it is joining'],
    [{ liveness: 'dead', cordoned: true }, 'none: it is dead'],
    [{ cordoned: true }, 'none: cordoned'],
    [{ quarantinedUntilMs: 2_000 }, 'none: in quarantine'],
    [{ quarantinedUntilMs: 500, maintenanceUntilMs: 2_000 }, 'none: in maintenance'],
    [{ followerOf: 'b' }, 'none: it mirrors its leader'],
  ] as const)('[P5] %j: %s', (change, words) => {
    expect(placementWords(nodeNamed('a', change), 1_000)).toBe(words);
  });
});

describe('labels of the silence scale', () => {
  it('stay under their limits while these are apart, and give way to the right in order where they are not', () => {
    expect(labelPlaces([27, 48, 90])).toEqual([27, 48, 90]);
    expect(labelPlaces([38, 42, 60])).toEqual([38, 58, 78]);
  });
});
