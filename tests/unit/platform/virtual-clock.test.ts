import { describe, expect, it } from 'vitest';
import { AssertionFailure } from '@/lib/platform/assert';
import { sleep } from '@/lib/platform/clock';
import { VirtualClock } from '@/lib/platform/virtual-clock';

describe('virtual clock', () => {
  it('stands still until it is told to go on', async () => {
    const clock = new VirtualClock({ wallStartMs: 1_000 });
    let ran = false;
    clock.after(0, () => { ran = true; });
    await new Promise((resolve) => { setImmediate(resolve); });
    expect([ran, clock.monotonicMs(), clock.wallMs()]).toEqual([false, 0, 1_000]);
    await clock.advance(0);
    expect(ran).toBe(true);
  });

  it('runs due timers in order of time, ties in order of setting, at their own time', async () => {
    const clock = new VirtualClock();
    const runs: string[] = [];
    const set = (name: string, delayMs: number) => clock.after(delayMs, () => { runs.push(`${name}@${clock.monotonicMs()}`); });
    set('late', 30);
    set('first tie', 10);
    set('second tie', 10);
    set('early', 5);
    set('beyond', 31);
    await clock.advance(30);
    expect(runs).toEqual(['early@5', 'first tie@10', 'second tie@10', 'late@30']);
    expect(clock.timersPending).toBe(1);
  });

  it('flushes the work a timer starts, however long its chain, before the next timer', async () => {
    const clock = new VirtualClock();
    const runs: string[] = [];
    const chain = async () => {
      for (let link = 0; link < 500; link += 1) await Promise.resolve();
      runs.push('chain ended');
      await sleep(clock, 1);
      runs.push(`slept to ${clock.monotonicMs()}`);
    };
    clock.after(10, () => { void chain(); });
    clock.after(12, () => { runs.push('next timer'); });
    await clock.advance(20);
    expect(runs).toEqual(['chain ended', 'slept to 11', 'next timer']);
  });

  it('runs work that waits for several sleeps in one advance', async () => {
    const clock = new VirtualClock();
    let rounds = 0;
    void (async () => { for (;;) { await sleep(clock, 100); rounds += 1; } })();
    await clock.advance(100_000);
    expect(rounds).toBe(1_000);
  });

  it('does not run a timer that was disposed of, even by another one of the same instant', async () => {
    const clock = new VirtualClock();
    let ran = false;
    const victims: Disposable[] = [];
    clock.after(5, () => { for (const victim of victims) victim[Symbol.dispose](); });
    victims.push(clock.after(5, () => { ran = true; }));
    await clock.advance(10);
    expect(ran).toBe(false);
    expect(clock.timersPending).toBe(0);
  });

  it('stops where the predicate became true, and says when the limit came first', async () => {
    const clock = new VirtualClock();
    let count = 0;
    const tick = () => { count += 1; clock.after(10, tick); };
    clock.after(10, tick);
    expect(await clock.advanceUntil(() => count === 3, 1_000)).toBe(true);
    expect(clock.monotonicMs()).toBe(30);
    expect(await clock.advanceUntil(() => count === 100, 50)).toBe(false);
    expect(clock.monotonicMs()).toBe(80);
  });

  it('keeps durations when the wall clock jumps', async () => {
    const clock = new VirtualClock({ wallStartMs: 5_000 });
    clock.jumpWall(-3_000);
    await clock.advance(10);
    expect([clock.wallMs(), clock.monotonicMs()]).toEqual([2_010, 10]);
  });

  it('refuses to be advanced twice at once, to go back, and a negative delay', async () => {
    const clock = new VirtualClock();
    const first = clock.advance(10);
    await expect(clock.advance(10)).rejects.toThrow(AssertionFailure);
    await first;
    await expect(clock.advance(-1)).rejects.toThrow(AssertionFailure);
    expect(() => clock.after(-1, () => undefined)).toThrow(AssertionFailure);
  });

  it('rejects with what a timer throws and can go on afterwards', async () => {
    const clock = new VirtualClock();
    clock.after(5, () => { throw new Error('from a timer'); });
    await expect(clock.advance(10)).rejects.toThrow('from a timer');
    await clock.advance(10);
    expect(clock.monotonicMs()).toBe(15);
  });
});
