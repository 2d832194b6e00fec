import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeSample } from '@/lib/contract/pacing';
import { THROTTLE_PRESETS } from '@/lib/contract/vocabulary';
import { beginPacing, decidePacing, dutyMaxOf, rethrottle, type PacingInput, type PacingState } from '@/lib/core/execution/pacing';

const sample = (change: Partial<NodeSample> = {}): NodeSample => ({
  nodeId: 'a', latencyMs: 0.3, cpu: 0.3, replicationLagBytes: 0, memoryUtilization: 0.4, errorsPerSecond: 0, ...change,
});
const look = (change: Partial<PacingInput> = {}): PacingInput => ({
  samples: [sample()], suspectNodeIds: [], targetNodeIds: new Set(['a']), throttle: THROTTLE_PRESETS.high, memoryLine: 0.9, nowMs: 1_000, ...change,
});
const begun = (throttle: PacingInput['throttle'] = THROTTLE_PRESETS.high): PacingState => beginPacing(throttle, [sample()], 0).state;
const after = (state: PacingState, inputs: readonly PacingInput[]): PacingState => inputs.reduce((now, input) => decidePacing(now, input).state, state);

describe('pacing', () => {
  it('begins at the ceiling of the throttle; careful presets leave more of a source to its clients', () => {
    expect(begun().limits.movesInFlight).toBe(THROTTLE_PRESETS.high.movesInFlightMax);
    expect(dutyMaxOf(THROTTLE_PRESETS.low)).toBeLessThan(dutyMaxOf(THROTTLE_PRESETS.default));
    expect(dutyMaxOf(THROTTLE_PRESETS.default)).toBeLessThan(dutyMaxOf(THROTTLE_PRESETS.high));
  });

  it('two slow answers in a row lower everything by the same factor, and the change says who was slow and against what line', () => {
    const slow = look({ samples: [sample(), sample({ nodeId: 'b', latencyMs: 12 })] });
    const first = decidePacing(begun(), slow);
    expect(first.change).toBeNull();
    const { state, change } = decidePacing(first.state, slow);
    expect(change).toMatchObject({ reason: { code: 'latency', nodeId: 'b', numbers: { latencyMs: 12, lineMs: 5 } } });
    expect(state.limits.movesInFlight).toBe(Math.floor(THROTTLE_PRESETS.high.movesInFlightMax * 0.7));
    expect(state.limits.duty).toBeCloseTo(dutyMaxOf(THROTTLE_PRESETS.high) * 0.7);
  });

  it('without harm it comes back step by step, and not at once', () => {
    const low = after(begun(), Array.from({ length: 10 }, () => look({ samples: [sample({ latencyMs: 50 })] })));
    const once = after(low, [look()]);
    expect(once.limits).toEqual(low.limits);
    const later = after(once, [look()]);
    expect(later.limits.movesInFlight).toBeGreaterThan(low.limits.movesInFlight);
    expect(after(later, Array.from({ length: 200 }, () => look())).limits.movesInFlight).toBe(THROTTLE_PRESETS.high.movesInFlightMax);
  });

  it.each([
    ['a suspect node', 'node-suspect', look({ suspectNodeIds: ['a'] })],
    ['a follower far behind', 'replication-lag', look({ samples: [sample({ replicationLagBytes: 100_000_000 })] })],
    ['memory of a target over its line', 'memory', look({ samples: [sample({ memoryUtilization: 0.95 })] })],
  ])('%s holds everything back until it clears, told once each way', (_, code, harmful) => {
    const held = decidePacing(begun(), harmful);
    expect(held.change).toMatchObject({ movesInFlight: 0, reason: { code } });
    expect(held.state.heldBy?.code).toBe(code);
    const still = decidePacing(held.state, harmful);
    expect(still.change).toBeNull();
    const cleared = decidePacing(still.state, look());
    expect(cleared.state.heldBy).toBeNull();
    expect(cleared.change).toMatchObject({ reason: { code: 'cleared' } });
    expect(cleared.state.limits.movesInFlight).toBeGreaterThanOrEqual(1);
  });

  it('does not flutter about a line: it clears only well below', () => {
    const held = decidePacing(begun(), look({ samples: [sample({ memoryUtilization: 0.91 })] })).state;
    expect(decidePacing(held, look({ samples: [sample({ memoryUtilization: 0.89 })] })).state.heldBy).not.toBeNull();
    expect(decidePacing(held, look({ samples: [sample({ memoryUtilization: 0.85 })] })).state.heldBy).toBeNull();
  });

  it('memory of a source holds nobody: moving away is what helps it', () => {
    expect(decidePacing(begun(), look({ samples: [sample({ memoryUtilization: 0.99 })], targetNodeIds: new Set(['b']) })).state.heldBy).toBeNull();
  });

  it('[M12] whatever is measured, the limits stay between one move and the throttle, and unknown is no harm', () => {
    const quantity = fc.oneof(fc.constant(null), fc.double({ min: 0, max: 1e12, noNaN: true }));
    const inputs = fc.array(fc.record({ latencyMs: quantity, cpu: quantity, errorsPerSecond: quantity, replicationLagBytes: quantity, memoryUtilization: quantity }), { maxLength: 60 });
    fc.assert(fc.property(inputs, fc.constantFrom(...Object.values(THROTTLE_PRESETS)), (measured, throttle) => {
      let state = begun(throttle);
      for (const change of measured) {
        state = decidePacing(state, look({ samples: [sample(change)], throttle })).state;
        expect(state.limits.movesInFlight).toBeGreaterThanOrEqual(1);
        expect(state.limits.movesInFlight).toBeLessThanOrEqual(throttle.movesInFlightMax);
        expect(state.limits.duty).toBeGreaterThan(0);
        expect(state.limits.duty).toBeLessThanOrEqual(dutyMaxOf(throttle));
        expect(state.limits.batchBytes).toBeGreaterThan(0);
      }
    }));
    const unknown = sample({ latencyMs: null, cpu: null, errorsPerSecond: null, replicationLagBytes: null, memoryUtilization: null });
    expect(decidePacing(begun(), look({ samples: [unknown] })).change).toBeNull();
  });

  it('[M12] a lower throttle holds at once', () => {
    const { state, change } = rethrottle(begun(), THROTTLE_PRESETS.low, 5);
    expect(state.limits.movesInFlight).toBe(THROTTLE_PRESETS.low.movesInFlightMax);
    expect(change).toMatchObject({ reason: { code: 'throttle' } });
  });
});
