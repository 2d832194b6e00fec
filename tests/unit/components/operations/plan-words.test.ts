import { describe, expect, it } from 'vitest';
import { reasonWords, scopeWords } from '@/components/operations/plan-words';
import { scopeOf, type PlanUrl } from '@/components/operations/plan-url';
import { presetOf, throttleWords } from '@/components/operations/throttle-fields';
import { THROTTLE_PRESETS } from '@/lib/contract/vocabulary';

const url: PlanUrl = {
  strategy: null, scope: 'cluster', node: '', shards: '', target: '', threshold: null, preset: null, weights: {}, lines: {},
  exclude: [], pin: '', arrivals: null, departures: null, headroom: 'none', bytesMax: null, plan: '',
};

describe('plan words', () => {
  it('tells a move’s reason with the numbers of both ends', () => {
    expect(reasonWords({ code: 'evens-load', dimension: 'cpu', sourceBefore: 3.75, sourceAfter: 3.5, targetBefore: 0.5, targetAfter: 0.75 })).toBe('evens cpu: source 3.75 cores to 3.5 cores, target 0.5 cores to 0.75 cores');
    expect(reasonWords({ code: 'evens-load', dimension: 'data', sourceBefore: 2048, sourceAfter: 1024, targetBefore: 0, targetAfter: 1024 })).toBe('evens data: source 2 KiB to 1 KiB, target 0 B to 1 KiB');
    expect(reasonWords({ code: 'evens-count', dimension: 'shards', sourceBefore: 300, sourceAfter: 299, targetBefore: 10, targetAfter: 11 })).toBe('evens the count of shards: source 300 to 299, target 10 to 11');
  });

  it('reads the scope from the address, and says what is missing', () => {
    expect(scopeOf(url, 16_384)).toEqual({ scope: { kind: 'cluster' }, missing: null });
    expect(scopeOf({ ...url, scope: 'evacuate' }, 16_384).missing).toBe('Choose the node to empty');
    expect(scopeOf({ ...url, scope: 'shards', shards: '0-2,7' }, 16_384).scope).toEqual({ kind: 'shards', shardIds: [0, 1, 2, 7], targetNodeId: null });
    expect(scopeOf({ ...url, scope: 'shards', shards: 'all of them' }, 16_384).missing).toContain('0 to 16383');
    expect(scopeWords({ kind: 'evacuate', nodeIds: ['n1'] }, () => 'node-01')).toBe('empty node-01');
  });

  it('names a preset, and anything else custom', () => {
    expect(presetOf(THROTTLE_PRESETS.high)).toBe('high');
    expect(throttleWords(THROTTLE_PRESETS.high)).toBe('High: 64 moves at once, 32 per node, no bandwidth limit');
    expect(presetOf({ ...THROTTLE_PRESETS.low, movesInFlightMax: 3 })).toBe('custom');
  });
});
