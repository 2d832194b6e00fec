import { describe, expect, it } from 'vitest';
import { sizeSteps, thinned } from '@/components/scaling/size-steps';

const span = { fromMs: 0, toMs: 1_000 };

describe('sizes over time', () => {
  it('are a stairway from one end to the other', () => {
    expect(sizeSteps({ markers: [{ atMs: 400, from: 3, to: 5 }] }, span, 9)).toEqual([{ atMs: 0, nodes: 3 }, { atMs: 400, nodes: 3 }, { atMs: 400, nodes: 5 }, { atMs: 1_000, nodes: 5 }]);
    expect(sizeSteps({ markers: [] }, span, 9)).toEqual([{ atMs: 0, nodes: 9 }, { atMs: 1_000, nodes: 9 }]);
  });

  it('never have more than 180 corners, and end at the last size', () => {
    const markers = Array.from({ length: 500 }, (_, at) => ({ atMs: at * 2, from: 3 + (at % 2), to: 4 - (at % 2) }));
    const steps = thinned(sizeSteps({ markers }, span, 3), span);
    expect(steps.length).toBeLessThanOrEqual(180);
    expect(steps.at(-1)?.nodes).toBe(markers.at(-1)?.to);
    expect(steps.every(({ atMs }, at) => at === 0 || atMs >= steps[at - 1]!.atMs)).toBe(true);
  });
});
