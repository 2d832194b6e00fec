import { describe, expect, it } from 'vitest';
import type { NodeObservation } from '@/lib/contract/observation';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { NodeWatch, type WatchRound } from '@/lib/manager/node-watch';
import { ITEMS_PER_TURN } from '@/lib/platform/in-turns';
import { ok } from '@/lib/platform/result';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { observed } from '@/tests/support/cluster-states';

const COUNT = 5 * ITEMS_PER_TURN;
const SILENT = 'node-0';
const ROUND: WatchRound = { known: new Map(), settings: DEFAULT_SETTINGS.health, readingIntervalMs: 1_000, frozen: false };

const reading = (sequence: number): NodeObservation[] =>
  Array.from({ length: COUNT }, (_, index) => observed(`node-${index}`, { sequence, ...(index === 0 && sequence > 1 ? { answered: false, answerMs: null } : {}) }));

describe('what is believed of many nodes', () => {
  it('is concluded with rests, and what a probe says meanwhile counts', async () => {
    const clock = new VirtualClock();
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => { answer = resolve; });
    using watch = new NodeWatch(clock, { probe: async () => { await answered; return ok({ answerMs: 3 }); } });
    watch.hear(reading(1), ROUND);
    await clock.advance(1_000);
    watch.hear(reading(2), ROUND);
    await clock.advance(1_000);
    const hearing = watch.hearing(reading(3), ROUND);
    let rests = 0;
    for (let step = hearing.next(); step.done !== true; step = hearing.next()) {
      rests += 1;
      // The last rest but one is in the middle of the detector's work.
      if (rests === 10) {
        answer();
        await clock.advance(0);
      }
      expect(watch.facts(SILENT, ROUND.settings)).toMatchObject({ missed: 1 });
    }
    expect(rests).toBeGreaterThan(10);
    expect(watch.facts(SILENT, ROUND.settings)).toMatchObject({ missed: 2, probe: { answered: true, answerMs: 3 } });
  });
});
