import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteThrottle } from '@/lib/drivers/redis-cluster/byte-throttle';
import { MigrationLane } from '@/lib/drivers/redis-cluster/migration-lane';
import { OneRole } from '@/lib/drivers/redis-cluster/one-role';
import { SlotActivity } from '@/lib/drivers/redis-cluster/slot-activity';
import { WaveGates } from '@/lib/drivers/redis-cluster/wave-gates';
import type { Clock } from '@/lib/platform/clock';

/** Time that goes on to the next timer whenever nobody else has anything to do. */
class TestClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<{ atMs: number; callback: () => void }>();

  wallMs(): number { return this.#nowMs; }
  monotonicMs(): number { return this.#nowMs; }
  pass(ms: number): void { this.#nowMs += ms; }

  after(delayMs: number, callback: () => void): Disposable {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    setImmediate(() => { this.#fire(); });
    return { [Symbol.dispose]: () => { this.#timers.delete(timer); } };
  }

  #fire(): void {
    const next = [...this.#timers].sort((a, b) => a.atMs - b.atMs)[0];
    if (next === undefined) return;
    this.#timers.delete(next);
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    next.callback();
  }
}

const never = new AbortController().signal;
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('bytes per second of a step', () => {
  it('[M12] the mean never exceeds the limit by more than one batch', async () => {
    const clock = new TestClock();
    const throttle = new ByteThrottle({ clock, bytesPerSecondMax: () => 10_000 });
    let sent = 0;
    for (let batch = 0; batch < 50; batch += 1) {
      expect(await throttle.ready(never)).toBe(true);
      throttle.spent(1_000);
      sent += 1_000;
      expect(sent).toBeLessThanOrEqual((clock.monotonicMs() / 1_000) * 10_000 + 2_000);
    }
    expect(clock.monotonicMs()).toBeGreaterThan(4_700);
    expect(clock.monotonicMs()).toBeLessThan(5_200);
  });

  it('[M13] a changed limit and an abort are noticed within 200 ms while waiting', async () => {
    const clock = new TestClock();
    let limit: number | null = 1;
    const throttle = new ByteThrottle({ clock, bytesPerSecondMax: () => limit });
    throttle.spent(1_000_000);
    const waiting = throttle.ready(never);
    limit = null;
    expect(await waiting).toBe(true);
    expect(clock.monotonicMs()).toBeLessThanOrEqual(200);
    limit = 1;
    throttle.spent(1_000_000);
    const abort = new AbortController();
    const stopped = throttle.ready(abort.signal);
    abort.abort(new Error('stop'));
    expect(await stopped).toBe(false);
  });
});

const always = () => ({ inTurn: <T>(work: () => Promise<T>) => work(), duty: () => 1 });

describe('the lane of a source', () => {
  it('runs one MIGRATE at a time, in order, and goes on after one that failed', async () => {
    const lane = new MigrationLane(new TestClock());
    const order: string[] = [];
    const work = (name: string, fails = false) => lane.run({ keys: 1, bytes: 1 }, always(), async () => {
      order.push(`${name} begins`);
      await Promise.resolve();
      order.push(`${name} ends`);
      if (fails) throw new Error(name);
    });
    const results = await Promise.allSettled([work('a'), work('b', true), work('c')]);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('opens one batch of slots at a time, in order, while bursts of others go on, and goes on after one that failed', async () => {
    const lane = new MigrationLane(new TestClock());
    let open = 0, most = 0;
    const order: string[] = [];
    const batch = (name: string, fails = false) => lane.opened(async () => {
      open += 1;
      most = Math.max(most, open);
      await lane.run({ keys: 1, bytes: 1 }, always(), () => Promise.resolve());
      order.push(name);
      open -= 1;
      if (fails) throw new Error(name);
      return name;
    });
    const results = await Promise.allSettled([batch('a'), batch('b', true), batch('c')]);
    expect([order, most]).toEqual([['a', 'b', 'c'], 1]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('makes bursts smaller when they take long and larger when they are quick, within bounds', async () => {
    const clock = new TestClock();
    const lane = new MigrationLane(clock);
    const run = async (tookMs: number) => {
      const { keysMax, bytesMax } = lane.burst;
      await lane.run({ keys: keysMax, bytes: bytesMax }, always(), () => {
        clock.pass(tookMs);
        return Promise.resolve();
      });
    };
    const first = lane.burst;
    for (let n = 0; n < 30; n += 1) await run(30);
    const slow = lane.burst;
    expect(slow.keysMax).toBeLessThan(first.keysMax);
    expect(slow.keysMax).toBeGreaterThanOrEqual(1);
    for (let n = 0; n < 500; n += 1) await run(1);
    expect(lane.burst.keysMax).toBe(400);
    expect(lane.burst.bytesMax).toBe(4 * 1024 * 1024);
  });
});

describe('pressure on a pair of nodes', () => {
  it('[M12] a source that may work half of its time rests as long as each burst took', async () => {
    const clock = new TestClock();
    const lane = new MigrationLane(clock);
    for (let n = 0; n < 10; n += 1) {
      await lane.run({ keys: 1, bytes: 1 }, { ...always(), duty: () => 0.5 }, () => {
        clock.pass(3);
        return Promise.resolve();
      });
    }
    // Ten bursts of 3 ms and the nine rests between them.
    expect(clock.monotonicMs()).toBe(10 * 3 + 9 * 3);
  });

  it('what came between while a burst ran is no reason to rest', async () => {
    const clock = new TestClock();
    const lane = new MigrationLane(clock);
    let tookMs = 0;
    for (let n = 0; n < 40; n += 1) {
      const burstMs = n % 4 === 3 ? 6 : 2;
      tookMs += burstMs;
      await lane.run({ keys: 20, bytes: 2_000 }, { ...always(), duty: () => 0.5 }, () => {
        clock.pass(burstMs);
        return Promise.resolve();
      });
    }
    const restedMs = clock.monotonicMs() - tookMs;
    // As long as 40 bursts of 2 ms, and not of the mean of 3.
    expect(restedMs).toBeGreaterThan(39 * 2 - 1);
    expect(restedMs).toBeLessThan(40 * 2.6);
  });
});

describe('waves that run at once', () => {
  it('are two for each target, those of one source before those of the next', async () => {
    const gates = new WaveGates();
    const begun: string[] = [];
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => { end = resolve; });
    const all = ['A', 'B'].flatMap((sourceNodeId) => ['X', 'Y'].flatMap((targetNodeId) => [1, 2, 3].map((wave) => gates.run({ sourceNodeId, targetNodeId }, async () => {
      begun.push(`${sourceNodeId} to ${targetNodeId} ${wave}`);
      await ended;
    }))));
    await nextTurn();
    expect(begun).toEqual(['A to X 1', 'A to X 2', 'A to Y 1', 'A to Y 2']);
    end();
    await Promise.all(all);
    expect(begun.length).toBe(all.length);
  });

  it('leave their place once, before they end or with their end', async () => {
    const gates = new WaveGates();
    const pair = { sourceNodeId: 'A', targetNodeId: 'X' };
    let inside = 0, most = 0, left = 0;
    await Promise.all(Array.from({ length: 20 }, (_, n) => gates.run(pair, async (leave) => {
      inside += 1;
      most = Math.max(most, inside);
      await nextTurn();
      inside -= 1;
      if (n % 2 === 0) return;
      leave();
      leave();
      left += 1;
      await nextTurn();
    })));
    expect([most, left, inside]).toEqual([2, 10, 0]);
  });

  it('make room when one fails', async () => {
    const gates = new WaveGates();
    const pair = { sourceNodeId: 'A', targetNodeId: 'X' };
    const results = await Promise.allSettled([1, 2, 3, 4, 5].map((wave) => gates.run(pair, () => (wave <= 3 ? Promise.reject(new Error(`${wave}`)) : Promise.resolve(wave)))));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'fulfilled', 'fulfilled']);
  });
});

describe('turns of bursts', () => {
  it('a target restores one burst at a time, however many sources ask, and one that fails lets the next in', async () => {
    const turns = new OneRole({ perSourceMax: 1, perTargetMax: 1 });
    let inside = 0, most = 0;
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => turns.run({ sourceNodeId: `s${n}`, targetNodeId: 't' }, async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      if (n % 3 === 0) throw new Error('failed');
    })));
    expect(most).toBe(1);
    expect(results.filter((result) => result.status === 'fulfilled').length).toBe(13);
  });

  it('[M22] no node sends and restores at a time, every burst gets its turn, and nobody is overtaken by a later one of the same way', async () => {
    const pairArbitrary = fc.record({ source: fc.nat(4), hop: fc.integer({ min: 1, max: 4 }), steps: fc.integer({ min: 1, max: 5 }) });
    await fc.assert(fc.asyncProperty(fc.array(pairArbitrary, { minLength: 1, maxLength: 60 }), async (asked) => {
      const turns = new OneRole({ perSourceMax: 1, perTargetMax: 1 });
      const running = new Set<{ readonly sourceNodeId: string; readonly targetNodeId: string }>();
      const begun: number[] = [];
      const pairs = asked.map(({ source, hop }) => ({ sourceNodeId: `n${source}`, targetNodeId: `n${(source + hop) % 5}` }));
      await Promise.all(pairs.map((pair, index) => turns.run(pair, async () => {
        begun.push(index);
        running.add(pair);
        const sources = [...running].map(({ sourceNodeId }) => sourceNodeId);
        expect(new Set(sources).size).toBe(sources.length);
        for (const { targetNodeId } of running) expect(sources).not.toContain(targetNodeId);
        for (let step = 0; step < asked[index]!.steps; step += 1) await Promise.resolve();
        running.delete(pair);
      })));
      expect(begun.toSorted((a, b) => a - b)).toEqual(pairs.map((_, index) => index));
      for (const [index, { sourceNodeId }] of pairs.entries()) {
        const later = pairs.findIndex((pair, other) => other > index && pair.sourceNodeId === sourceNodeId);
        if (later >= 0) expect(begun.indexOf(index)).toBeLessThan(begun.indexOf(later));
      }
    }));
  });
});

describe('slots in work', () => {
  it('[M1] two steps for one slot run one after the other, other slots beside them', async () => {
    const activity = new SlotActivity(new TestClock());
    const running = new Set<number>();
    let most = 0;
    await Promise.all([7, 7, 7, 8].map((slot) => activity.exclusively(slot, async () => {
      if (running.has(slot)) throw new Error(`slot ${slot} twice`);
      running.add(slot);
      most = Math.max(most, running.size);
      await new Promise((resolve) => setImmediate(resolve));
      running.delete(slot);
    })));
    expect(most).toBe(2);
  });

  it('a slot is ours while a step runs and for readings that began before its end', async () => {
    const clock = new TestClock();
    const activity = new SlotActivity(clock);
    clock.pass(100);
    await activity.exclusively(7, () => {
      expect(activity.touchedSince(7, 200)).toBe(true);
      clock.pass(50);
      return Promise.resolve();
    });
    expect(activity.touchedSince(7, 120)).toBe(true);
    expect(activity.touchedSince(7, 151)).toBe(false);
    expect(activity.touchedSince(8, 0)).toBe(false);
  });
});
