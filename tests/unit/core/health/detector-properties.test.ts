/**
 * N1 to N6 over generated histories: beats that come, do not come, come twice, late or out
 * of order, nodes that restart, probes that answer or not, a manager that stands still, a
 * wall clock that jumps. What must hold is recomputed here from the history alone.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LivenessSchema } from '@/lib/contract/node';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { LIVENESS_TRANSITIONS } from '@/lib/core/health/failure-detector';
import { FLAP_DEPARTURES_MAX, FLAP_WINDOW_MS, HOLD_DOWN_FIRST_MS, HOLD_DOWN_MAX_MS } from '@/lib/core/health/flap-guard';
import { DEATH_WINDOW_MS, deathsMax } from '@/lib/core/health/freeze-rule';
import { assert } from '@/lib/platform/assert';
import { DetectorWatch, type WatchedRound } from './detector-watch';

const settings = DEFAULT_SETTINGS.health;
const RUNS = 500;
const NODES = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const ZONES = Object.fromEntries(NODES.map((id, index) => [id, `z${index % 3}`]));

interface Spell {
  /** Rounds it lasts. */
  readonly rounds: number;
  readonly stepMs: number;
  readonly silent: readonly string[];
  readonly probesAnswer: boolean;
  readonly pausedMs: number;
  readonly wallJumpMs: number;
  /** Nodes that start again at the beginning of the spell. */
  readonly restarted: readonly string[];
  /** Old beats thrown in: how many rounds back they were new. */
  readonly replay: { readonly nodeId: string; readonly sequencesBack: number } | null;
}

const some = fc.subarray(NODES);
const spellParts = {
  rounds: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 10, max: 60 })),
  stepMs: fc.constantFrom(1_000, 1_000, 1_000, 2_500, 20_000),
  silent: fc.oneof(fc.constant([]), some, fc.subarray(NODES, { maxLength: 2 })),
  probesAnswer: fc.boolean(),
  pausedMs: fc.constantFrom(0, 0, 0, 900, 45_000),
  wallJumpMs: fc.constantFrom(0, 0, 3_600_000, -3_600_000),
  restarted: fc.oneof(fc.constant([]), fc.subarray(NODES, { maxLength: 2 })),
  replay: fc.option(fc.record({ nodeId: fc.constantFrom(...NODES), sequencesBack: fc.integer({ min: 0, max: 50 }) })),
};
const spell: fc.Arbitrary<Spell> = fc.record(spellParts);
const history = fc.array(spell, { minLength: 1, maxLength: 14 });

/** Plays a history; `look` is called after every round with what was played. */
function play(spells: readonly Spell[], options: { wallJumps: boolean; replays: boolean }, look: (watch: DetectorWatch, round: WatchedRound & { pausedMs: number }, heard: ReadonlySet<string>) => void): DetectorWatch {
  const watch = new DetectorWatch(settings, ZONES);
  const incarnations = new Map(NODES.map((id) => [id, 1]));
  const sequences = new Map(NODES.map((id) => [id, 1]));
  const newest = new Map(NODES.map((id) => [id, { incarnation: 1, sequence: 1 }]));
  watch.silence(1, [], NODES);
  look(watch, { pausedMs: 0, nodes: Object.fromEntries(NODES.map((id) => [id, {}])) }, new Set(NODES));
  for (const now of spells) {
    for (const id of now.restarted) {
      incarnations.set(id, incarnations.get(id)! + 1);
      sequences.set(id, 0);
    }
    for (let index = 0; index < now.rounds; index += 1) {
      const nodes: Record<string, WatchedRound['nodes'][string]> = {};
      const heard = new Set<string>();
      for (const id of NODES) {
        if (!now.silent.includes(id)) {
          sequences.set(id, sequences.get(id)! + 1);
          heard.add(id);
          newest.set(id, { incarnation: incarnations.get(id)!, sequence: sequences.get(id)! });
          nodes[id] = { answered: true, beat: newest.get(id)! };
        } else if (options.replays && now.replay?.nodeId === id) {
          nodes[id] = { answered: true, probeAnswers: now.probesAnswer, beat: { ...newest.get(id)!, sequence: Math.max(0, newest.get(id)!.sequence - now.replay.sequencesBack) } };
        } else {
          nodes[id] = { answered: false, probeAnswers: now.probesAnswer, beat: { incarnation: incarnations.get(id)!, sequence: sequences.get(id)! } };
        }
      }
      const pausedMs = index === 0 ? now.pausedMs : 0;
      const round = { stepMs: now.stepMs + pausedMs, pausedMs, wallJumpMs: options.wallJumps && index === 0 ? now.wallJumpMs : 0, nodes };
      watch.round(round);
      look(watch, round, heard);
    }
  }
  return watch;
}

const usual = { wallJumps: true, replays: true };
const rank = (liveness: string) => (LivenessSchema.options as readonly string[]).indexOf(liveness);

describe('generated histories', () => {
  it('[N1] only listed changes of liveness happen', () => {
    fc.assert(fc.property(history, (spells) => {
      const before = new Map<string, keyof typeof LIVENESS_TRANSITIONS>();
      play(spells, usual, (watch) => {
        for (const id of NODES) {
          const now = watch.liveness(id);
          const was = before.get(id);
          assert(was === undefined || was === now || LIVENESS_TRANSITIONS[was].includes(now), `${was} -> ${now}`);
          before.set(id, now);
        }
      });
    }), { numRuns: RUNS });
  });

  it('[N2] the wall clock decides nothing', () => {
    fc.assert(fc.property(history, (spells) => {
      const courses = [true, false].map((wallJumps) => {
        const course: string[] = [];
        play(spells, { ...usual, wallJumps }, (watch) => course.push(NODES.map((id) => watch.liveness(id)).join()));
        return course;
      });
      expect(courses[0]).toEqual(courses[1]);
    }), { numRuns: RUNS });
  });

  it('[N3] repeated and late beats change nothing but a counter, and (incarnation, sequence) only rises', () => {
    fc.assert(fc.property(history, (spells) => {
      const courses = [true, false].map((replays) => {
        const course: string[] = [];
        const newest = new Map<string, readonly [number, number]>();
        const watch = play(spells, { ...usual, replays }, (now) => {
          course.push(NODES.map((id) => now.liveness(id)).join());
          for (const id of NODES) {
            const { incarnation, sequence } = now.track(id);
            const [i, s] = newest.get(id) ?? [-1, -1];
            assert(incarnation > i || (incarnation === i && sequence >= s), `${incarnation}/${sequence} after ${i}/${s}`);
            newest.set(id, [incarnation, sequence]);
          }
        });
        return { course, final: NODES.map((id) => ({ ...watch.track(id), ignoredBeats: 0, heard: [] })) };
      });
      expect(courses[0]).toEqual(courses[1]);
    }), { numRuns: RUNS });
  });

  it('[N4] unreachable only after its time-out of silence with a failed probe, and never worse in a round in which we stood still', () => {
    fc.assert(fc.property(history, (spells) => {
      const heardMs = new Map<string, number>();
      const probed = new Map<string, { readonly answered: boolean } | null>();
      const before = new Map<string, string>();
      play(spells, usual, (watch, round, heard) => {
        for (const id of NODES) {
          const lastMs = heardMs.get(id);
          if (lastMs !== undefined) heardMs.set(id, Math.min(watch.monotonicMs, lastMs + round.pausedMs));
          const now = watch.liveness(id);
          const was = before.get(id);
          if (heard.has(id)) heardMs.set(id, watch.monotonicMs);
          const silentMs = watch.monotonicMs - (heardMs.get(id) ?? watch.monotonicMs);
          assert(was === undefined || round.pausedMs === 0 || rank(now) <= rank(was), `${was} -> ${now} in a round in which we stood still`);
          if (was !== now && (now === 'unreachable' || now === 'dead')) {
            assert(silentMs >= (now === 'dead' ? settings.deadAfterMs : settings.unreachableAfterMs), `${now} after ${silentMs} ms`);
            assert(probed.get(id)?.answered === false, `${now} without a failed probe`);
          }
          // A probe is made and answered at the end of a round in which the node was missed.
          if (round.nodes[id]!.probeAnswers === true && watch.track(id).probe?.answered === true && watch.track(id).missed > 0) heardMs.set(id, watch.monotonicMs);
          if (!heardMs.has(id)) heardMs.set(id, watch.monotonicMs);
          before.set(id, now);
          probed.set(id, watch.track(id).probe);
        }
      });
    }), { numRuns: RUNS });
  });

  it('[N5] never more automatic deaths in 15 min than allowed: the next one freezes', () => {
    const long = fc.array(fc.record({ ...spellParts, rounds: fc.integer({ min: 5, max: 60 }), stepMs: fc.constantFrom(1_000, 20_000, 30_000) }), { minLength: 3, maxLength: 14 });
    let withheld = 0;
    fc.assert(fc.property(long, (spells) => {
      const deathsMs: number[] = [];
      const before = new Map<string, string>();
      play(spells, usual, (watch) => {
        const nowMs = watch.monotonicMs;
        for (const id of NODES) {
          if (watch.liveness(id) === 'dead' && before.get(id) !== 'dead') deathsMs.push(nowMs);
          before.set(id, watch.liveness(id));
        }
        const recent = deathsMs.filter((at) => nowMs - at < DEATH_WINDOW_MS).length;
        assert(recent <= deathsMax(NODES.length), `${recent} deaths`);
        if (watch.state.withheld.length > 0) {
          withheld += 1;
          assert(watch.frozen !== null, 'A death was withheld and nothing froze');
        }
        // Nobody answers: nobody may have died in this round.
        assert(deathsMs.at(-1) !== nowMs || !NODES.every((id) => rank(watch.liveness(id)) >= 2), 'A death while nobody answers');
      });
    }), { numRuns: RUNS });
    expect(withheld).toBeGreaterThan(0);
  });

  it('[N6] three departures within 10 min quarantine for the hold-down, which doubles up to an hour', () => {
    const flaps = fc.array(fc.record({ upRounds: fc.integer({ min: 1, max: 100 }), downRounds: fc.integer({ min: 1, max: 20 }) }), { minLength: 1, maxLength: 20 });
    fc.assert(fc.property(flaps, (times) => {
      const watch = new DetectorWatch(settings);
      watch.silence(20, [], ['a', 'b']);
      let departures: number[] = [];
      let holdDownMs = HOLD_DOWN_FIRST_MS;
      let heldUntilMs = -Infinity;
      let was = watch.liveness('a');
      const look = () => {
        const now = watch.liveness('a');
        departures = departures.filter((at) => watch.monotonicMs - at < FLAP_WINDOW_MS);
        if (was === 'alive' && now !== 'alive') departures.push(watch.monotonicMs);
        was = now;
        if (departures.length >= FLAP_DEPARTURES_MAX) {
          departures = [];
          heldUntilMs = watch.monotonicMs + holdDownMs;
          holdDownMs = Math.min(holdDownMs * 2, HOLD_DOWN_MAX_MS);
        }
        assert((watch.track('a').quarantinedUntilMs !== null) === heldUntilMs > watch.monotonicMs, `Held until ${heldUntilMs}, now ${watch.monotonicMs}`);
      };
      for (const { upRounds, downRounds } of times) {
        for (let round = 0; round < downRounds; round += 1) { watch.silence(1, ['a'], ['a', 'b']); look(); }
        for (let round = 0; round < upRounds; round += 1) { watch.silence(1, [], ['a', 'b']); look(); }
      }
    }), { numRuns: 300 });
  });
});
