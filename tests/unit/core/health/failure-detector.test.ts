import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Liveness } from '@/lib/contract/node';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import {
  advanceDetector, EMPTY_DETECTOR, FLAP_DEPARTURES_MAX, HOLD_DOWN_FIRST_MS, nodesToProbe, recordProbe, type DetectorState, type NodeBeat,
} from '@/lib/core/health/failure-detector';

const settings = DEFAULT_SETTINGS.health;

/** One node watched at one reading a second. */
class Watch {
  state: DetectorState = EMPTY_DETECTOR;
  nowMs = 1_000_000;
  sequence = 0;
  readonly seen: Liveness[] = [];

  round(options: { answered: boolean; probeAnswers?: boolean; stepMs?: number; pausedMs?: number; beat?: Partial<NodeBeat> }): void {
    this.nowMs += options.stepMs ?? 1_000;
    if (options.answered) this.sequence += 1;
    const beat: NodeBeat = { nodeId: 'n', answered: options.answered, answerMs: options.answered ? 1 : null, incarnation: 1, sequence: this.sequence, reportedFailed: false, ...options.beat };
    this.state = advanceDetector(this.state, { beats: [beat], monotonicMs: this.nowMs, nowMs: this.nowMs, pausedMs: options.pausedMs ?? 0, settings });
    for (const nodeId of nodesToProbe(this.state)) {
      this.state = recordProbe(this.state, { nodeId, answered: options.probeAnswers ?? false, beganMonotonicMs: this.nowMs, monotonicMs: this.nowMs });
    }
    this.seen.push(this.node.liveness);
  }

  silence(seconds: number, probeAnswers = false): void {
    for (let second = 0; second < seconds; second += 1) this.round({ answered: false, probeAnswers });
  }

  get node() {
    return this.state.nodes.get('n')!;
  }
}

describe('failure detector', () => {
  it('goes alive -> suspect -> unreachable -> dead with the silence, at the limits of the settings', () => {
    const watch = new Watch();
    watch.round({ answered: true });
    watch.silence(settings.suspectAfterMissed - 1);
    expect(watch.node.liveness).toBe('alive');
    watch.silence(1);
    expect(watch.node.liveness).toBe('suspect');
    watch.silence(settings.unreachableAfterMs / 1_000 - settings.suspectAfterMissed);
    expect(watch.node).toMatchObject({ liveness: 'unreachable', reason: { code: 'silent-and-probe-failed', limitMs: settings.unreachableAfterMs } });
    watch.silence((settings.deadAfterMs - settings.unreachableAfterMs) / 1_000 - 1);
    expect(watch.node.liveness).toBe('unreachable');
    watch.silence(1);
    expect(watch.node.liveness).toBe('dead');
  });

  it('is alive again at once when it answers', () => {
    const watch = new Watch();
    watch.round({ answered: true });
    watch.silence(400);
    watch.round({ answered: true });
    expect(watch.node).toMatchObject({ liveness: 'alive', missed: 0 });
  });

  it('[N4] never calls a node unreachable while its probe is answered', () => {
    const watch = new Watch();
    watch.round({ answered: true });
    watch.silence(600, true);
    expect(new Set(watch.seen)).toEqual(new Set(['alive', 'suspect']));
  });

  it('[N4] gives the time this process stood still back to every node', () => {
    const watch = new Watch();
    watch.round({ answered: true });
    watch.round({ answered: false, stepMs: 600_000, pausedMs: 599_000 });
    expect(watch.node.liveness).toBe('alive');
    const without = new Watch();
    without.round({ answered: true });
    without.silence(3);
    without.round({ answered: false, stepMs: 600_000 });
    expect(without.node.liveness).toBe('dead');
  });

  it('[N3] does not take a repeated or late beat for an answer, and counts it', () => {
    const watch = new Watch();
    watch.round({ answered: true });
    for (let repeat = 0; repeat < 20; repeat += 1) watch.round({ answered: true, beat: { sequence: 1 } });
    expect(watch.node.liveness).toBe('unreachable');
    expect(watch.node.ignoredBeats).toBe(20);
    watch.round({ answered: true, beat: { sequence: 0, incarnation: 2 } });
    expect(watch.node).toMatchObject({ liveness: 'alive', incarnation: 2 });
    watch.round({ answered: true, beat: { sequence: 99, incarnation: 1 } });
    expect(watch.node.incarnation).toBe(2);
  });

  it('[N6] quarantines a node that keeps leaving alive, twice as long the second time', () => {
    const watch = new Watch();
    watch.round({ answered: true });
    const flap = () => {
      watch.silence(settings.suspectAfterMissed);
      watch.round({ answered: true });
    };
    for (let times = 0; times < FLAP_DEPARTURES_MAX - 1; times += 1) flap();
    expect(watch.node.quarantinedUntilMs).toBeNull();
    flap();
    const first = watch.node.quarantinedUntilMs!;
    expect(first - watch.nowMs).toBeGreaterThan(HOLD_DOWN_FIRST_MS - 10_000);
    for (let times = 0; times < FLAP_DEPARTURES_MAX; times += 1) flap();
    expect(watch.node.quarantinedUntilMs! - watch.nowMs).toBeGreaterThan(2 * HOLD_DOWN_FIRST_MS - 10_000);
  });

  it('[N4] whatever is missed, unreachable comes only after its time-out of silence', () => {
    fc.assert(fc.property(fc.array(fc.record({ answered: fc.boolean(), probe: fc.boolean() }), { maxLength: 200 }), (rounds) => {
      const watch = new Watch();
      watch.round({ answered: true });
      let lastHeardMs = watch.nowMs;
      for (const { answered, probe } of rounds) {
        watch.round({ answered, probeAnswers: probe });
        const { liveness } = watch.node;
        if (answered) lastHeardMs = watch.nowMs;
        if (liveness === 'unreachable' || liveness === 'dead') expect(watch.nowMs - lastHeardMs).toBeGreaterThanOrEqual(settings.unreachableAfterMs);
        if (!answered && probe) lastHeardMs = watch.nowMs;
      }
    }));
  });
});
