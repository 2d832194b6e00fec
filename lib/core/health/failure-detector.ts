/**
 * Who is alive? Belief moves alive -> suspect -> unreachable -> dead and back, from beats
 * and active probes. A beat is an answer to a reading (pull) or a heartbeat that the node
 * sent by itself (push). The rules are chosen so that a wrong verdict needs several
 * independent failures at once (SPEC N2-N6):
 *
 * - Only the manager's monotonic clock at receipt counts; no time sent by a node does.
 * - Beats missed in a row make a node suspect; suspicion costs nothing and is quick.
 * - Unreachable needs silence past its time-out AND a failed probe over a connection of
 *   its own, so a hung connection or a slow INFO is no death.
 * - A node that is heard irregularly gets a longer time-out, never a shorter one
 *   (`arrival-rhythm.ts`), up to a limit.
 * - Dead, after which repair may start, needs a long silence: moving data because of a
 *   reboot is dearer than waiting it out. While nobody answers, nobody is dead: whoever
 *   sees all others gone had better suspect himself. And only so many may die in a time.
 * - Silence while this process itself was stopped (paused container, long collection,
 *   laptop lid) is nobody's silence: the paused time is given back to every node, what was
 *   probed before is void, and no belief gets worse in that round.
 *
 * The shape follows SWIM's suspicion step (Das et al., 2002) with a central observer.
 */
import type { Liveness, LivenessReason } from '@/lib/contract/node';
import type { NodeObservation } from '@/lib/contract/observation';
import type { HealthSettings } from '@/lib/contract/settings';
import { atOnce, ITEMS_PER_TURN } from '@/lib/platform/in-turns';
import { deviationsAt, EMPTY_RHYTHM, silenceAt, withGap, type ArrivalRhythm } from './arrival-rhythm';
import { advanceFlapGuard, CALM, releaseFlapGuard, type FlapGuard } from './flap-guard';

/** What a reading says about one node's life. */
export interface NodeBeat extends Pick<NodeObservation, 'answered' | 'answerMs' | 'incarnation' | 'sequence' | 'reportedFailed' | 'pushed'> {
  readonly nodeId: string;
}

export interface NodeVerdict {
  readonly liveness: Liveness;
  readonly reason: LivenessReason;
  /** Wall time of the last change. */
  readonly sinceMs: number;
  readonly quarantinedUntilMs: number | null;
}

/** One beat as it came; kept for people. */
export interface HeardBeat {
  readonly atMs: number;
  /** Since the beat before; `null` for the first one. */
  readonly gapMs: number | null;
  readonly answerMs: number | null;
}

export interface ProbeResult {
  readonly atMs: number;
  readonly answered: boolean;
  readonly answerMs: number | null;
  readonly failure: string | null;
}

export interface NodeTrack extends NodeVerdict {
  /** By a beat or an answered probe; moved on by the time this process stood still. */
  readonly lastHeardMonotonicMs: number;
  readonly lastBeatMonotonicMs: number;
  /** Beats missed in a row. */
  readonly missed: number;
  readonly incarnation: number;
  readonly sequence: number;
  /** Beats that were duplicates or came late; counted, otherwise without effect (N3). */
  readonly ignoredBeats: number;
  /** The interval it is expected to keep, and whether it sends beats by itself. */
  readonly intervalMs: number;
  readonly pushed: boolean;
  readonly rhythm: ArrivalRhythm;
  /** The time-outs in force for it. */
  readonly suspectAfterMs: number;
  readonly unreachableAfterMs: number;
  /** Newest last, at most HEARD_KEPT. */
  readonly heard: readonly HeardBeat[];
  readonly probe: ProbeResult | null;
  /** The last probe that failed began then; `null` after any answer. */
  readonly probeFailedMonotonicMs: number | null;
  /** Its silence up to then was expected: maintenance. */
  readonly excusedMonotonicMs: number;
  readonly flaps: FlapGuard;
}

export interface DetectorState {
  readonly nodes: ReadonlyMap<string, NodeTrack>;
  /** Nodes that would be dead if one more death were allowed (N5). */
  readonly withheld: readonly string[];
  /** Of the last round. */
  readonly atMonotonicMs: number;
}

export interface DetectorRound {
  readonly beats: readonly NodeBeat[];
  readonly monotonicMs: number;
  readonly nowMs: number;
  /** How long this process itself stood still since the last round. */
  readonly pausedMs: number;
  /** Nobody could be read at all: the fault may be ours. No flap is counted and nobody dies. */
  readonly blind: boolean;
  readonly readingIntervalMs: number;
  readonly settings: HealthSettings;
  /** How many nodes may be declared dead in this round (N5). */
  readonly deathsAllowed: number;
  /** Nodes a human has seen to be gone: their death needs no allowance. */
  readonly acknowledged: ReadonlySet<string>;
  /** Nodes whose silence is expected. */
  readonly maintenance: ReadonlySet<string>;
}

/**
 * The changes of belief that one round may make (N1): down one step at a time, up at once
 * as far as what was heard says.
 */
export const LIVENESS_TRANSITIONS: Readonly<Record<Liveness, readonly Liveness[]>> = {
  alive: ['suspect'],
  suspect: ['alive', 'unreachable'],
  unreachable: ['alive', 'suspect', 'dead'],
  dead: ['alive', 'suspect', 'unreachable'],
};

const HEARD_KEPT = 24;
/** Probes at once; those silent longest come first. */
const PROBES_MAX = 128;

export const EMPTY_DETECTOR: DetectorState = { nodes: new Map(), withheld: [], atMonotonicMs: -Infinity };

/** The next belief about every node of the round; nodes no longer in it are forgotten. */
export function advanceDetector(state: DetectorState, round: DetectorRound): DetectorState {
  return atOnce(advancingDetector(state, round));
}

/** The same with rests, where there are many nodes. */
export function* advancingDetector(state: DetectorState, round: DetectorRound): Generator<void, DetectorState> {
  const deviations = deviationsAt(round.settings.phiThreshold);
  // An extra reading soon after another one is no beat that could be missed.
  const extra = round.monotonicMs - state.atMonotonicMs < round.readingIntervalMs / 2;
  const heard: NodeTrack[] = [];
  for (const beat of round.beats) {
    if (heard.length % ITEMS_PER_TURN === ITEMS_PER_TURN - 1) yield;
    heard.push(listen(state.nodes.get(beat.nodeId), beat, round, { deviations, extra }));
  }
  const someoneAnswers = !round.blind && heard.some((track) => round.monotonicMs - track.lastHeardMonotonicMs < track.suspectAfterMs);
  const withheld: string[] = [];
  const nodes = new Map<string, NodeTrack>();
  let deathsLeft = round.deathsAllowed;
  for (const [index, beat] of round.beats.entries()) {
    if (index % ITEMS_PER_TURN === ITEMS_PER_TURN - 1) yield;
    const track = heard[index]!;
    const belief = state.nodes.has(beat.nodeId) ? inSteps(track, beliefAbout(track, beat, round)) : firstBelief(beat, track);
    const permitted = belief.liveness === 'dead' && track.liveness !== 'dead'
      ? permitDeath(belief, { maintained: round.maintenance.has(beat.nodeId), someoneAnswers, allowed: round.acknowledged.has(beat.nodeId) || deathsLeft > 0 })
      : belief;
    if (permitted.reason.code === 'death-withheld') withheld.push(beat.nodeId);
    if (permitted.liveness === 'dead' && track.liveness !== 'dead' && !round.acknowledged.has(beat.nodeId)) deathsLeft -= 1;
    nodes.set(beat.nodeId, withBelief(track, permitted, beat, round));
  }
  return { nodes, withheld, atMonotonicMs: round.monotonicMs };
}

/** A probe's result, from a node that is silent. Success is heard as an answer, but is no beat. */
export function recordProbe(state: DetectorState, probe: {
  readonly nodeId: string; readonly answerMs: number | null; readonly failure: string | null;
  readonly beganMonotonicMs: number; readonly monotonicMs: number; readonly nowMs: number;
}): DetectorState {
  const node = state.nodes.get(probe.nodeId);
  if (node === undefined) return state;
  const answered = probe.failure === null;
  const nodes = new Map(state.nodes);
  nodes.set(probe.nodeId, {
    ...node,
    probe: { atMs: probe.nowMs, answered, answerMs: probe.answerMs, failure: probe.failure },
    ...(answered
      ? { lastHeardMonotonicMs: Math.max(node.lastHeardMonotonicMs, probe.monotonicMs), probeFailedMonotonicMs: null }
      : { probeFailedMonotonicMs: probe.beganMonotonicMs }),
  });
  return { ...state, nodes };
}

/** Silent nodes that want an active probe before anybody calls them unreachable; bounded, the longest silent first. */
export function nodesToProbe(state: DetectorState): string[] {
  const silent = [...state.nodes].filter(([, node]) => node.missed > 0);
  if (silent.length > PROBES_MAX) silent.sort(([, a], [, b]) => a.lastHeardMonotonicMs - b.lastHeardMonotonicMs);
  return silent.slice(0, PROBES_MAX).map(([nodeId]) => nodeId);
}

/** An operator lifts the quarantine of a node. */
export function releaseQuarantine(state: DetectorState, nodeId: string): DetectorState {
  const node = state.nodes.get(nodeId);
  if (node === undefined) return state;
  return { ...state, nodes: new Map(state.nodes).set(nodeId, { ...node, quarantinedUntilMs: null, flaps: releaseFlapGuard(node.flaps) }) };
}

type Belief = Pick<NodeVerdict, 'liveness' | 'reason'>;
const ANSWERING: Belief = { liveness: 'alive', reason: { code: 'answering', silentMs: 0, limitMs: 0 } };

/** Takes in what was heard of a node; its belief is not touched yet. One copy per round, whatever came. */
function listen(before: NodeTrack | undefined, beat: NodeBeat, round: DetectorRound, of: { readonly deviations: number; readonly extra: boolean }): NodeTrack {
  const pushed = beat.pushed !== undefined;
  const intervalMs = beat.pushed?.intervalMs ?? round.readingIntervalMs;
  const base = before ?? strangerFrom(beat, round, intervalMs);
  const arrivals = beat.pushed?.beats ?? (beat.answered ? [{ incarnation: beat.incarnation, sequence: beat.sequence, heardMonotonicMs: round.monotonicMs }] : NO_ARRIVALS);
  const taken = takeIn(base, arrivals, { known: before !== undefined, regular: pushed || !of.extra, answerMs: beat.answerMs, round });
  const quietMs = Math.max(0, round.monotonicMs - taken.lastBeatMonotonicMs);
  const missed = pushed ? Math.max(0, Math.floor(quietMs / intervalMs - 0.5))
    : taken.accepted ? 0 : base.missed + (round.pausedMs > 0 || (of.extra && before !== undefined) ? 0 : 1);
  const { accepted: _, ...heard } = taken;
  const timeouts = timeoutsOf({ rhythm: heard.rhythm, intervalMs, pushed }, of.deviations, round.settings);
  return { ...base, ...heard, intervalMs, pushed, missed, ...timeouts };
}

interface Arrival { readonly incarnation: number; readonly sequence: number; readonly heardMonotonicMs: number }
const NO_ARRIVALS: readonly Arrival[] = [];

type Taken = Pick<NodeTrack, 'incarnation' | 'sequence' | 'ignoredBeats' | 'lastHeardMonotonicMs' | 'lastBeatMonotonicMs' | 'rhythm' | 'heard' | 'probeFailedMonotonicMs'> & { readonly accepted: boolean };

/** N3: newer beats are taken, all others counted. A pause of ours is moved out of the node's silence first, and voids what was probed before. */
function takeIn(base: NodeTrack, arrivals: readonly Arrival[], about: { readonly known: boolean; readonly regular: boolean; readonly answerMs: number | null; readonly round: DetectorRound }): Taken {
  const { round } = about;
  const moved = (atMs: number) => Math.min(round.monotonicMs, atMs + round.pausedMs);
  let { incarnation, sequence, ignoredBeats, rhythm } = base;
  let lastHeardMonotonicMs = moved(base.lastHeardMonotonicMs);
  let lastBeatMonotonicMs = moved(base.lastBeatMonotonicMs);
  let { known } = about;
  const fresh: HeardBeat[] = [];
  for (const arrival of arrivals) {
    if (arrival.incarnation < incarnation || (arrival.incarnation === incarnation && arrival.sequence <= sequence)) {
      if (known) ignoredBeats += 1;
      continue;
    }
    const heardMs = Math.min(arrival.heardMonotonicMs, round.monotonicMs);
    const gapMs = known ? Math.max(0, heardMs - lastBeatMonotonicMs) : null;
    // A restart and a pause of ours say nothing about the node's rhythm, and an outage of hours not more than a long one.
    if (about.regular && gapMs !== null && arrival.incarnation === incarnation && round.pausedMs === 0) {
      rhythm = withGap(rhythm, Math.min(gapMs, round.settings.unreachableAfterMs * round.settings.patienceMax));
    }
    ({ incarnation, sequence } = arrival);
    lastHeardMonotonicMs = Math.max(lastHeardMonotonicMs, heardMs);
    lastBeatMonotonicMs = Math.max(lastBeatMonotonicMs, heardMs);
    known = true;
    fresh.push({ atMs: round.nowMs - Math.round(round.monotonicMs - heardMs), gapMs, answerMs: about.answerMs });
  }
  return {
    incarnation, sequence, ignoredBeats, rhythm, lastHeardMonotonicMs, lastBeatMonotonicMs,
    heard: fresh.length === 0 ? base.heard : [...base.heard, ...fresh].slice(-HEARD_KEPT),
    probeFailedMonotonicMs: fresh.length > 0 || round.pausedMs > 0 ? null : base.probeFailedMonotonicMs,
    accepted: fresh.length > 0,
  };
}

/** The time in which so many beats are missed; half an interval more where the node keeps the time, for its jitter. */
function missedLimitMs({ intervalMs, pushed }: Pick<NodeTrack, 'intervalMs' | 'pushed'>, { suspectAfterMissed }: HealthSettings): number {
  return (suspectAfterMissed + (pushed ? 0.5 : 0)) * intervalMs;
}

/** The limits of the settings, lengthened by what the node's own rhythm asks for. */
function timeoutsOf(track: Pick<NodeTrack, 'rhythm' | 'intervalMs' | 'pushed'>, deviations: number, settings: HealthSettings): Pick<NodeTrack, 'suspectAfterMs' | 'unreachableAfterMs'> {
  const { unreachableAfterMs, deadAfterMs, patienceMax } = settings;
  const askedMs = silenceAt(track.rhythm, deviations, track.intervalMs);
  return {
    suspectAfterMs: Math.max(missedLimitMs(track, settings), Math.min(askedMs, unreachableAfterMs)),
    unreachableAfterMs: Math.min(Math.max(unreachableAfterMs, askedMs), unreachableAfterMs * patienceMax, deadAfterMs),
  };
}

/** A node before its first beat. Its incarnation and sequence lie below whatever came first. */
function strangerFrom(beat: NodeBeat, round: DetectorRound, intervalMs: number): NodeTrack {
  return {
    liveness: 'suspect', reason: { code: 'first-seen', silentMs: 0, limitMs: 0 }, sinceMs: round.nowMs, quarantinedUntilMs: null,
    lastHeardMonotonicMs: round.monotonicMs, lastBeatMonotonicMs: round.monotonicMs, missed: 0,
    incarnation: beat.pushed?.beats[0]?.incarnation ?? beat.incarnation, sequence: -1, ignoredBeats: 0,
    intervalMs, pushed: beat.pushed !== undefined, rhythm: EMPTY_RHYTHM, suspectAfterMs: 0, unreachableAfterMs: 0,
    heard: [], probe: null, probeFailedMonotonicMs: null, excusedMonotonicMs: -Infinity, flaps: CALM,
  };
}

function firstBelief(beat: NodeBeat, track: NodeTrack): Belief {
  return track.heard.length > 0
    ? ANSWERING
    : { liveness: 'suspect', reason: { code: beat.reportedFailed ? 'engine-reports-failure' : 'first-seen', silentMs: 0, limitMs: track.unreachableAfterMs } };
}

function beliefAbout(track: NodeTrack, beat: NodeBeat, round: DetectorRound): Belief {
  if (track.missed === 0 && track.heard.length > 0) return ANSWERING;
  const { settings, monotonicMs } = round;
  const silentMs = Math.max(0, monotonicMs - track.lastHeardMonotonicMs);
  const quietMs = Math.max(0, monotonicMs - track.lastBeatMonotonicMs);
  const believe = (liveness: Liveness, code: LivenessReason['code'], limitMs: number, ms = silentMs): Belief => ({ liveness, reason: { code, silentMs: ms, limitMs } });
  if (round.pausedMs > 0) return believe(track.liveness, 'manager-was-late', track.unreachableAfterMs);
  // A probe from early in the silence proves nothing about now.
  const probeFailed = track.probeFailedMonotonicMs !== null && track.probeFailedMonotonicMs >= track.lastHeardMonotonicMs + silentMs / 2;
  const unexcusedMs = monotonicMs - Math.max(track.lastHeardMonotonicMs, track.excusedMonotonicMs);
  if (probeFailed && (unexcusedMs >= settings.deadAfterMs || track.liveness === 'dead') && silentMs >= track.unreachableAfterMs) {
    return believe('dead', 'silent-past-death-timeout', settings.deadAfterMs);
  }
  if (probeFailed && silentMs >= track.unreachableAfterMs) return believe('unreachable', 'silent-and-probe-failed', track.unreachableAfterMs);
  // Nothing was heard: that a probe has still to come back does not make it better than it was.
  if ((track.liveness === 'unreachable' || track.liveness === 'dead') && silentMs >= track.unreachableAfterMs) {
    return believe(track.liveness, track.liveness === 'dead' ? 'silent-past-death-timeout' : 'silent-and-probe-failed', track.liveness === 'dead' ? settings.deadAfterMs : track.unreachableAfterMs);
  }
  if (beat.reportedFailed) return believe('suspect', 'engine-reports-failure', track.unreachableAfterMs);
  const irregular = track.suspectAfterMs > missedLimitMs(track, settings);
  const overdue = track.missed >= settings.suspectAfterMissed && (!irregular || quietMs >= track.suspectAfterMs);
  if (overdue || track.liveness !== 'alive') {
    return silentMs < quietMs ? believe('suspect', 'only-probe-answers', track.suspectAfterMs, quietMs) : believe('suspect', 'beats-missed', track.suspectAfterMs, quietMs);
  }
  return believe('alive', 'slow-answer', track.suspectAfterMs, quietMs);
}

/** After a long gap between readings a node may be due for the second step at once: it takes the first one now. */
function inSteps(track: NodeTrack, belief: Belief): Belief {
  if (belief.liveness === track.liveness || LIVENESS_TRANSITIONS[track.liveness].includes(belief.liveness)) return belief;
  return track.liveness === 'alive'
    ? { liveness: 'suspect', reason: { ...belief.reason, code: 'beats-missed', limitMs: track.suspectAfterMs } }
    : { liveness: 'unreachable', reason: { ...belief.reason, code: 'silent-and-probe-failed', limitMs: track.unreachableAfterMs } };
}

/** N5: a death that must not be declared stays a silence, and says why. */
function permitDeath(belief: Belief, when: { maintained: boolean; someoneAnswers: boolean; allowed: boolean }): Belief {
  const held = (code: LivenessReason['code']): Belief => ({ liveness: 'unreachable', reason: { ...belief.reason, code } });
  if (when.maintained) return held('in-maintenance');
  if (!when.someoneAnswers) return held('nobody-answers');
  return when.allowed ? belief : held('death-withheld');
}

/** Sets the belief and counts a departure from `alive`, unless it was expected or ours (N6). */
function withBelief(track: NodeTrack, { liveness, reason }: Belief, beat: NodeBeat, round: DetectorRound): NodeTrack {
  const changed = liveness !== track.liveness;
  const maintained = round.maintenance.has(beat.nodeId);
  const departed = changed && track.liveness === 'alive' && !round.blind && !maintained;
  const flaps = advanceFlapGuard(track.flaps, departed, round.monotonicMs);
  if (!changed && !maintained && reason === track.reason && flaps === track.flaps) return track;
  const heldAnew = flaps.heldUntilMonotonicMs !== track.flaps.heldUntilMonotonicMs;
  return {
    ...track,
    liveness,
    reason,
    sinceMs: changed ? round.nowMs : track.sinceMs,
    excusedMonotonicMs: maintained ? round.monotonicMs : track.excusedMonotonicMs,
    flaps,
    quarantinedUntilMs: heldAnew ? (flaps.heldUntilMonotonicMs === null ? null : round.nowMs + Math.round(flaps.heldUntilMonotonicMs - round.monotonicMs)) : track.quarantinedUntilMs,
  };
}
