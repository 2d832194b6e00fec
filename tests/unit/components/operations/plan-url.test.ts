import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestOf, type PlanUrl } from '@/components/operations/plan-url';
import { parseAsIds, parseAsLines, parseAsStop, parseAsWeights, parseAsWhole, stopIn } from '@/components/operations/plan-url-codecs';
import { PlanRequestSchema } from '@/lib/contract/plan';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { OBJECTIVES } from '@/lib/contract/vocabulary';

const url: PlanUrl = {
  strategy: 'optimal', scope: 'cluster', node: '', shards: '', target: '', threshold: null, preset: null, weights: {}, lines: {},
  exclude: [], pin: '', arrivals: null, departures: null, headroom: 'none', bytesMax: null, plan: '',
};
const asked = (change: Partial<PlanUrl>) => requestOf({ ...url, ...change }, 1_024, DEFAULT_SETTINGS);

describe('a plan request in the address', () => {
  it('survives the way into the address and back', () => {
    const weight = fc.double({ min: 0, max: 100, noNaN: true }).map((value) => Math.round(value * 1_000) / 1_000);
    fc.assert(fc.property(fc.dictionary(fc.constantFrom(...OBJECTIVES), weight), (weights) => {
      expect(parseAsWeights.parse(parseAsWeights.serialize(weights))).toEqual({ ...weights });
    }), { seed: 20_261_125 });
    expect(parseAsLines.parse('cpu:0.7,disk:0.85')).toEqual({ cpu: 0.7, disk: 0.85 });
    expect(parseAsIds.parse('node-1,node-2,node-1')).toEqual(['node-1', 'node-2']);
  });

  it('leaves out what does not parse instead of failing: a link may be old or typed by hand', () => {
    expect(parseAsWeights.parse('cpu:2,beauty:3,bytes:-1,moves:nine,data:,shards:1:2,primaries:1e9')).toEqual({ cpu: 2 });
    expect(parseAsLines.parse('cpu:7,memory:0.5')).toEqual({ memory: 0.5 });
    expect(parseAsIds.parse('a b,<script>,ok')).toEqual(['ok']);
    expect(['0', '-3', '1.5', '5000000', 'x', '12'].map((text) => parseAsWhole(1_000_000).parse(text))).toEqual([null, null, null, null, null, 12]);
    fc.assert(fc.property(fc.string(), (text) => {
      for (const parser of [parseAsWeights, parseAsLines, parseAsIds, parseAsStop]) expect(() => parser.parse(text)).not.toThrow();
    }), { seed: 20_261_125 });
  });

  it('becomes exactly a request of the contract', () => {
    const { request } = asked({ weights: { cpu: 2, bytes: 0 }, lines: { cpu: 0.7 }, exclude: ['node-3'], pin: '0-2,7', arrivals: 5, headroom: 'largest-zone', bytesMax: 1_024 });
    expect(PlanRequestSchema.parse(request)).toEqual({
      strategy: 'optimal', scope: { kind: 'cluster' }, threshold: 0.1, seed: 1, preset: 'balanced', weights: { cpu: 2, bytes: 0 }, safetyLines: { cpu: 0.7 },
      constraints: { excludedNodeIds: ['node-3'], pinnedShardIds: [0, 1, 2, 7], arrivalsPerNodeMax: 5, departuresPerNodeMax: null, headroom: 'largest-zone', bytesMax: 1_024 },
    });
  });

  it('says nothing of what was not asked for, and of weights nothing where the strategy has none', () => {
    expect(asked({ strategy: 'round-robin', weights: { cpu: 2 }, preset: 'light' }).request).toEqual({ strategy: 'round-robin', scope: { kind: 'cluster' }, threshold: 0.1, seed: 1 });
    expect(asked({ scope: 'evacuate', node: 'node-2' }).request).toMatchObject({ preset: 'drain', scope: { kind: 'evacuate', nodeIds: ['node-2'] } });
  });

  it('is none while something is wrong, and says what', () => {
    expect(asked({ scope: 'evacuate' })).toEqual({ request: null, missing: 'Choose the node to empty' });
    expect(asked({ scope: 'shards', shards: '0-5,2000' }).missing).toContain('“2000” is no shard or range from 0 to 1023');
    expect(asked({ pin: '3-' }).missing).toContain('“3-”');
  });

  it('holds the stop of this plan and of no other', () => {
    const plan = { id: 'plan_0001abcdef', steps: Array.from({ length: 50 }) };
    const stop = parseAsStop.parse(parseAsStop.serialize({ count: 12, planId: plan.id }));
    expect(stopIn(stop, plan)).toBe(12);
    expect(stopIn(stop, { ...plan, id: 'plan_0002zzzzzz' })).toBe(50);
    expect(stopIn({ count: 99, planId: plan.id }, plan)).toBe(50);
    expect(stopIn({ count: 0, planId: plan.id }, plan)).toBe(1);
    expect(stopIn({ count: 3, planId: plan.id }, { ...plan, steps: [] })).toBe(0);
  });
});
