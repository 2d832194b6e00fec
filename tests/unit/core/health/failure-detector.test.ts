import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { acceptsPlacement } from '@/lib/core/cluster/cluster-state';
import { releaseQuarantine } from '@/lib/core/health/failure-detector';
import { FLAP_DEPARTURES_MAX, HOLD_DOWN_FIRST_MS, HOLD_DOWN_FORGET_MS } from '@/lib/core/health/flap-guard';
import { DetectorWatch } from './detector-watch';

const settings = DEFAULT_SETTINGS.health;
const ALL = ['n', 'm'];

/** Two nodes at one reading a second; `m` always answers, `n` is what the test is about. */
function started(): DetectorWatch {
  const watch = new DetectorWatch(settings);
  watch.silence(30, [], ALL);
  return watch;
}

const quiet = (watch: DetectorWatch, seconds: number, more = {}) => watch.silence(seconds, ['n'], ALL, more);

describe('liveness', () => {
  it('goes alive -> suspect -> unreachable -> dead with the silence, at the limits of the settings', () => {
    const watch = started();
    quiet(watch, settings.suspectAfterMissed - 1);
    expect(watch.liveness('n')).toBe('alive');
    quiet(watch, 1);
    expect(watch.track('n')).toMatchObject({ liveness: 'suspect', reason: { code: 'beats-missed', silentMs: 3_000, limitMs: 3_000 } });
    quiet(watch, settings.unreachableAfterMs / 1_000 - settings.suspectAfterMissed);
    expect(watch.track('n')).toMatchObject({ liveness: 'unreachable', reason: { code: 'silent-and-probe-failed', limitMs: settings.unreachableAfterMs } });
    quiet(watch, (settings.deadAfterMs - settings.unreachableAfterMs) / 1_000 - 1);
    expect(watch.liveness('n')).toBe('unreachable');
    quiet(watch, 1);
    expect(watch.liveness('n')).toBe('dead');
    expect(watch.frozen).toBeNull();
  });

  it('is alive again at once when it answers', () => {
    const watch = started();
    quiet(watch, 400);
    watch.silence(1, [], ALL);
    expect(watch.track('n')).toMatchObject({ liveness: 'alive', missed: 0 });
  });

  it('[N4] never calls a node unreachable while its probe is answered, and says that only the probe is', () => {
    const watch = started();
    for (let second = 0; second < 600; second += 1) {
      quiet(watch, 1, { probeAnswers: true });
      expect(['alive', 'suspect']).toContain(watch.liveness('n'));
    }
    expect(watch.track('n').reason.code).toBe('only-probe-answers');
  });

  it('[N4] gives the time this process stood still back to every node, and nobody gets worse in that round', () => {
    const watch = started();
    quiet(watch, 2);
    watch.round({ stepMs: 600_000, pausedMs: 599_000, nodes: { n: { answered: false }, m: { answered: false } } });
    expect(watch.track('n')).toMatchObject({ liveness: 'alive', reason: { code: 'manager-was-late' } });
    expect(watch.track('m')).toMatchObject({ liveness: 'alive' });
    quiet(watch, 10);
    expect(watch.liveness('n')).toBe('suspect');
  });

  it('[N1] goes down one step at a time even when readings are minutes apart', () => {
    const watch = started();
    const seen = [];
    for (let round = 0; round < 6; round += 1) {
      watch.round({ stepMs: 400_000, nodes: { n: { answered: false }, m: {} } });
      seen.push(watch.liveness('n'));
    }
    expect([...new Set(seen)]).toEqual(['alive', 'suspect', 'unreachable', 'dead']);
  });

  it('[N3] does not take a repeated or late beat for an answer, and counts it', () => {
    const watch = started();
    const { sequence } = watch.track('n');
    for (let repeat = 0; repeat < 20; repeat += 1) watch.round({ nodes: { n: { beat: { sequence } }, m: {} } });
    expect(watch.track('n')).toMatchObject({ liveness: 'unreachable', ignoredBeats: 20 });
    watch.round({ nodes: { n: { beat: { sequence: 0, incarnation: 2 } }, m: {} } });
    expect(watch.track('n')).toMatchObject({ liveness: 'alive', incarnation: 2 });
    watch.round({ nodes: { n: { beat: { sequence: 99, incarnation: 1 } }, m: {} } });
    expect(watch.track('n').incarnation).toBe(2);
  });

  it('an extra reading soon after another one is no missed beat', () => {
    const watch = started();
    for (let extra = 0; extra < 50; extra += 1) watch.round({ stepMs: 10, nodes: { n: { answered: false }, m: {} } });
    expect(watch.track('n')).toMatchObject({ liveness: 'alive', missed: 0 });
  });
});

describe('heartbeats that a node sends by itself', () => {
  const INTERVAL_MS = 2_000;

  function pushedRound(watch: DetectorWatch, beats: readonly { sequence: number; heardMonotonicMs: number }[]): void {
    watch.round({ nodes: { n: { answered: false, beat: { pushed: { intervalMs: INTERVAL_MS, beats: beats.map((beat) => ({ incarnation: 1, ...beat })) } } }, m: {} } });
  }

  it('decide instead of the reading, and are missed by their own interval', () => {
    const watch = new DetectorWatch(settings);
    for (let round = 0; round < 60; round += 1) pushedRound(watch, round % 2 === 0 ? [{ sequence: round, heardMonotonicMs: watch.monotonicMs + 300 }] : []);
    expect(watch.track('n')).toMatchObject({ liveness: 'alive', pushed: true, ignoredBeats: 0 });
    const seen: string[] = [];
    for (let second = 0; second < 20; second += 1) {
      pushedRound(watch, []);
      seen.push(watch.liveness('n'));
    }
    const suspectAfter = seen.indexOf('suspect') + 2;
    expect(suspectAfter).toBeGreaterThanOrEqual(7);
    expect(suspectAfter).toBeLessThanOrEqual(8);
    expect(seen.at(-1)).toBe('unreachable');
  });

  it('count by the time of their receipt, not of the reading that brought them', () => {
    const watch = new DetectorWatch(settings);
    pushedRound(watch, [{ sequence: 1, heardMonotonicMs: watch.monotonicMs }]);
    watch.round({ stepMs: 10_000, nodes: { n: { answered: false, beat: { pushed: { intervalMs: INTERVAL_MS, beats: [{ incarnation: 1, sequence: 2, heardMonotonicMs: watch.monotonicMs + 1_000 }] } } }, m: {} } });
    expect(watch.track('n').lastHeardMonotonicMs).toBe(watch.monotonicMs - 9_000);
    expect(watch.track('n').missed).toBe(4);
  });
});

describe('accrual', () => {
  it('lengthens the time-out of a node that is heard irregularly, within its limit, and never shortens one', () => {
    const regular = started();
    const irregular = started();
    for (let burst = 0; burst < 40; burst += 1) {
      irregular.silence(8, ['n'], ALL, { probeAnswers: true });
      irregular.silence(1, [], ALL);
      regular.silence(9, [], ALL);
    }
    expect(regular.track('n')).toMatchObject({ suspectAfterMs: 3_000, unreachableAfterMs: settings.unreachableAfterMs });
    expect(irregular.track('n').suspectAfterMs).toBeGreaterThan(8_000);
    expect(irregular.track('n').unreachableAfterMs).toBeGreaterThanOrEqual(settings.unreachableAfterMs);
    expect(irregular.track('n').unreachableAfterMs).toBeLessThanOrEqual(settings.unreachableAfterMs * settings.patienceMax);
    // A silence it has often kept is no suspicion any more.
    quiet(irregular, 8);
    expect(irregular.liveness('n')).toBe('alive');
    expect(regular.liveness('n')).toBe('alive');
    quiet(regular, 8);
    expect(regular.liveness('n')).toBe('suspect');
  });

  it('takes a long outage for an outage, not for a rhythm: detection is as quick as before some minutes later', () => {
    const watch = started();
    quiet(watch, 250);
    watch.silence(600, [], ALL);
    expect(watch.track('n').unreachableAfterMs).toBe(settings.unreachableAfterMs);
  });
});

describe('deaths', () => {
  it('[N5] nobody dies while nobody answers: the fault may be ours', () => {
    const watch = started();
    watch.silence(600, ALL, ALL);
    expect(watch.track('n')).toMatchObject({ liveness: 'unreachable', reason: { code: 'nobody-answers' } });
    expect(watch.frozen?.cause).toBe('all-unreachable');
  });

  it('a node in maintenance does not die of it, and gets the whole time again when it ends', () => {
    const watch = started();
    quiet(watch, 400, { maintenance: ['n'] });
    expect(watch.track('n')).toMatchObject({ liveness: 'unreachable', flaps: { departuresMonotonicMs: [] } });
    quiet(watch, settings.deadAfterMs / 1_000 - 2);
    expect(watch.liveness('n')).toBe('unreachable');
    quiet(watch, 4);
    expect(watch.liveness('n')).toBe('dead');
  });
});

describe('quarantine', () => {
  const flap = (watch: DetectorWatch) => {
    quiet(watch, 16);
    watch.silence(1, [], ALL);
  };

  it('[N6] holds a node that keeps leaving alive, twice as long the second time, and nothing is placed on it', () => {
    const watch = started();
    for (let times = 0; times < FLAP_DEPARTURES_MAX - 1; times += 1) flap(watch);
    expect(watch.track('n').quarantinedUntilMs).toBeNull();
    flap(watch);
    expect(watch.track('n').quarantinedUntilMs! - watch.wallMs).toBeGreaterThan(HOLD_DOWN_FIRST_MS - 10_000);
    expect(acceptsPlacement(watch.nodes()[0]!, watch.wallMs)).toBe(false);
    expect(acceptsPlacement(watch.nodes()[1]!, watch.wallMs)).toBe(true);
    for (let times = 0; times < FLAP_DEPARTURES_MAX; times += 1) flap(watch);
    expect(watch.track('n').quarantinedUntilMs! - watch.wallMs).toBeGreaterThan(2 * HOLD_DOWN_FIRST_MS - 10_000);
  });

  it('[N6] ends by itself, and after some quiet hours the doubling begins anew', () => {
    const watch = started();
    for (let times = 0; times < FLAP_DEPARTURES_MAX; times += 1) flap(watch);
    watch.silence(HOLD_DOWN_FIRST_MS / 1_000, [], ALL);
    expect(watch.track('n').quarantinedUntilMs).toBeNull();
    expect(watch.track('n').flaps.holdDownMs).toBe(2 * HOLD_DOWN_FIRST_MS);
    watch.silence(HOLD_DOWN_FORGET_MS / 1_000, [], ALL);
    expect(watch.track('n').flaps.holdDownMs).toBe(HOLD_DOWN_FIRST_MS);
  });

  it('[N6] is lifted by an operator, who is not spared a longer one if it falls over again', () => {
    const watch = started();
    for (let times = 0; times < FLAP_DEPARTURES_MAX; times += 1) flap(watch);
    watch.state = releaseQuarantine(watch.state, 'n');
    watch.silence(1, [], ALL);
    expect(watch.track('n').quarantinedUntilMs).toBeNull();
    for (let times = 0; times < FLAP_DEPARTURES_MAX; times += 1) flap(watch);
    expect(watch.track('n').quarantinedUntilMs! - watch.wallMs).toBeGreaterThan(2 * HOLD_DOWN_FIRST_MS - 10_000);
  });

  it('is not for nodes that were lost together with our own connection', () => {
    const watch = started();
    for (let times = 0; times < 6; times += 1) {
      watch.silence(16, ALL, ALL, { blind: true });
      watch.silence(5, [], ALL);
    }
    expect(watch.track('n').quarantinedUntilMs).toBeNull();
  });
});
