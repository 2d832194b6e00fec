import { describe, expect, it } from 'vitest';
import { enteredOf, readThrottle } from '@/components/operations/entered-throttle';
import { heldWords, limitsWords, pacingReasonWords } from '@/components/operations/pacing-words';
import { speedSeries } from '@/components/operations/speed-series';
import { THROTTLE_PRESETS } from '@/lib/contract/vocabulary';

const nameOf = (nodeId: string) => `<${nodeId}>`;

describe('the reasons of pacing, in words', () => {
  it.each([
    [{ code: 'begins', nodeId: null, numbers: { idleLatencyMs: 0.4 } }, 'The first limits; before, the slowest node answered in 0.4 ms'],
    [{ code: 'latency', nodeId: 'n7', numbers: { latencyMs: 12, lineMs: 3 } }, '<n7> answered in 12 ms, its line is 3 ms: less'],
    [{ code: 'cpu', nodeId: 'n7', numbers: { cpu: 0.97, line: 0.95 } }, 'CPU of <n7> is at 97 %, its line is 95 %: less'],
    [{ code: 'memory', nodeId: 'n7', numbers: { utilization: 0.91, line: 0.9 } }, 'Memory of <n7> is at 91 %, its line is 90 %: nothing new starts'],
    [{ code: 'node-suspect', nodeId: 'n7', numbers: { nodes: 3 } }, '<n7> and 2 other nodes are suspect: nothing new starts'],
    [{ code: 'latency', nodeId: 'n7', numbers: {} }, '<n7> answered in unknown, its line is unknown: less'],
  ] as const)('%j', (reason, words) => {
    expect(pacingReasonWords(reason, nameOf)).toBe(words);
  });

  it('say of a hold that it is one, and when it ends', () => {
    expect(heldWords({ code: 'replication-lag', nodeId: 'n7', numbers: { lagBytes: 80 * 1024 ** 2, lineBytes: 64 * 1024 ** 2 } }, nameOf)).toEqual({
      title: 'Paused by itself: A follower of <n7> is 80 MiB behind, its line is 64 MiB',
      until: 'No new move starts; what is in flight ends. It goes on by itself when the follower has caught up. Client traffic is not affected.',
    });
    expect(limitsWords({ atMs: 0, movesInFlight: 0, batchBytes: 1, dutyPercent: 1, reason: { code: 'memory', nodeId: null, numbers: {} } })).toBe('held');
  });
});

describe('the speed from the journal', () => {
  const at = (startedAtMs: number | null, finishedAtMs: number | null, bytesDone: number) => ({ startedAtMs, finishedAtMs, bytesDone });

  it('spreads a move over its time, adds what runs together, and is zero where nothing moved', () => {
    const { stepMs, points } = speedSeries([at(1_000, 3_000, 200), at(2_000, 3_000, 50), at(null, null, 0)], { fromMs: 0, toMs: 5_000 });
    expect(stepMs).toBe(1_000);
    expect(points.map(({ value }) => value)).toEqual([0, 100, 150, 0, 0]);
  });

  it('counts what is on its way up to now, and nothing from outside of the window', () => {
    expect(speedSeries([at(1_000, null, 300)], { fromMs: 2_000, toMs: 4_000 }).points.map(({ value }) => value)).toEqual([100, 100]);
  });

  it('loses no bytes and stays drawable however long it ran', () => {
    const toMs = 40 * 86_400_000;
    const { stepMs, points } = speedSeries([at(5, toMs - 7, 1e12)], { fromMs: 0, toMs });
    expect(points.length).toBeLessThanOrEqual(180);
    const sum = points.reduce((total, { atMs, value }) => total + (value ?? 0) * Math.min(stepMs, toMs - atMs) / 1_000, 0);
    expect(sum).toBeCloseTo(1e12, -3);
  });

  it('is empty for a window without length', () => {
    expect(speedSeries([at(1, 2, 3)], { fromMs: 5, toMs: 5 }).points).toEqual([]);
  });
});

describe('limits as they are typed', () => {
  it.each(['low', 'default', 'high'] as const)('read the preset %s back as it is', (name) => {
    expect(readThrottle(enteredOf(THROTTLE_PRESETS[name]))).toEqual({ throttle: THROTTLE_PRESETS[name], problems: {} });
  });

  it.each([
    ['movesInFlight', 0], ['movesInFlight', -3], ['movesInFlight', 257], ['movesInFlight', 1.5], ['movesInFlight', ''], ['movesInFlight', '-'],
    ['movesPerNode', 65], ['movesPerNode', 17], ['mebibytesPerSecond', 0], ['mebibytesPerSecond', 1e30],
  ] as const)('refuse %s = %j with the reason', (field, value) => {
    const { throttle, problems } = readThrottle({ ...enteredOf(THROTTLE_PRESETS.default), [field]: value });
    expect(throttle).toBeNull();
    expect(problems[field]).toMatch(/whole number|Not above/);
  });
});
