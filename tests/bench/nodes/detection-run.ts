/**
 * The failure detector against simulated nodes, in virtual time: heartbeats with jitter
 * over a network that loses some, nodes that stand still for a while, and nodes that really
 * die. The manager's rounds are the real ones (core/health); only rounds that can change
 * nothing are skipped: while every node was heard less than one and a half intervals ago,
 * beats are collected and handed over together, with the times of their receipt.
 */
import { DEFAULT_SETTINGS, type HealthSettings } from '@/lib/contract/settings';
import { advanceDetector, EMPTY_DETECTOR, nodesToProbe, recordProbe, type DetectorState, type NodeBeat } from '@/lib/core/health/failure-detector';
import type { Random } from '@/lib/platform/random';

const DAY_MS = 86_400_000;
const ROUND_MS = 1_000;
const INTERVAL_MS = 2_000;
const JITTER_SHARE = 0.1;
const LATENCY_MAX_MS = 50;
/** Longer than to be dead: a real death is seen through to its end. */
const DEATH_LASTS_MS = 400_000;
const NODES_PER_CLUSTER = 4;
const BEATS_COLLECTED_MAX = 15;

export interface DetectionConditions {
  /** Of heartbeats, of probes and of their answers, each. */
  readonly lossRatio: number;
  /** Nodes stand still for 1 s to this, evenly spread; 0 = never. */
  readonly pauseMaxMs: number;
  /** How often. */
  readonly pausesPerNodeDay: number;
  readonly nodeDays: number;
  readonly settings?: HealthSettings;
}

export interface DetectionReport {
  readonly nodeDays: number;
  readonly beats: number;
  /** Declared dead while it lived. */
  readonly falseDeaths: number;
  /** Declared unreachable while it ran. */
  readonly falseUnreachable: number;
  /** Called suspect while it ran. */
  readonly falseSuspicions: number;
  /** Declared unreachable in a pause, when it truly did not answer. */
  readonly unreachableInPause: number;
  readonly deaths: number;
  /** Of them, those that struck in a pause when the node was unreachable already. */
  readonly deathsWhileUnreachable: number;
  /** Of the others: from the death to the verdict, sorted. */
  readonly unreachableAfterMs: readonly number[];
  readonly deadAfterMs: readonly number[];
}

type Tally = { -readonly [K in keyof DetectionReport]: DetectionReport[K] extends readonly number[] ? number[] : DetectionReport[K] };

export function runDetection(conditions: DetectionConditions, random: Random): DetectionReport {
  const tally: Tally = { nodeDays: 0, beats: 0, falseDeaths: 0, falseUnreachable: 0, falseSuspicions: 0, unreachableInPause: 0, deaths: 0, deathsWhileUnreachable: 0, unreachableAfterMs: [], deadAfterMs: [] };
  while (tally.nodeDays < conditions.nodeDays) {
    new SimulatedCluster(conditions, random, tally).runDay();
    tally.nodeDays += NODES_PER_CLUSTER;
  }
  tally.unreachableAfterMs.sort((a, b) => a - b);
  tally.deadAfterMs.sort((a, b) => a - b);
  return tally;
}

export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

interface SimulatedNode {
  readonly id: string;
  incarnation: number;
  sequence: number;
  nextBeatMs: number;
  pausedUntilMs: number;
  nextPauseMs: number;
  diesAtMs: number;
  diedAtMs: number | null;
  seen: string;
  readonly beats: { incarnation: number; sequence: number; heardMonotonicMs: number }[];
  lastHeardMs: number;
}

class SimulatedCluster {
  readonly #nodes: SimulatedNode[];
  #state: DetectorState = EMPTY_DETECTOR;
  readonly #settings: HealthSettings;

  constructor(private readonly conditions: DetectionConditions, private readonly random: Random, private readonly tally: Tally) {
    this.#settings = conditions.settings ?? DEFAULT_SETTINGS.health;
    this.#nodes = Array.from({ length: NODES_PER_CLUSTER }, (_, index) => ({
      id: `n${index}`, incarnation: 1, sequence: 0, nextBeatMs: random.next() * INTERVAL_MS, pausedUntilMs: 0, nextPauseMs: this.#pauseFrom(0),
      // Every node dies once a day, each in its own part of it, so that somebody is always left to see it.
      diesAtMs: ((index + 0.1 + 0.8 * random.next()) / NODES_PER_CLUSTER) * DAY_MS, diedAtMs: null, seen: 'suspect', beats: [], lastHeardMs: 0,
    }));
  }

  runDay(): void {
    for (let nowMs = ROUND_MS; nowMs <= DAY_MS; nowMs += ROUND_MS) {
      let calm = nowMs > 60_000;
      for (const node of this.#nodes) {
        this.#live(node, nowMs);
        if (nowMs - node.lastHeardMs >= 1.4 * INTERVAL_MS || node.seen !== 'alive' || node.beats.length > BEATS_COLLECTED_MAX) calm = false;
      }
      if (!calm) this.#round(nowMs);
    }
  }

  /** What the node does in the second that ends now. */
  #live(node: SimulatedNode, nowMs: number): void {
    const { random, conditions } = this;
    if (node.diedAtMs === null && nowMs >= node.diesAtMs) {
      node.diedAtMs = nowMs;
      this.tally.deaths += 1;
      if (node.seen === 'unreachable') this.tally.deathsWhileUnreachable += 1;
    }
    if (node.diedAtMs !== null) {
      if (nowMs - node.diedAtMs < DEATH_LASTS_MS) return;
      Object.assign(node, { diedAtMs: null, diesAtMs: Infinity, incarnation: node.incarnation + 1, sequence: 0, nextBeatMs: nowMs, nextPauseMs: this.#pauseFrom(nowMs) });
    }
    if (nowMs >= node.nextPauseMs) {
      node.pausedUntilMs = node.nextPauseMs + 1_000 + random.next() * (conditions.pauseMaxMs - 1_000);
      node.nextPauseMs = this.#pauseFrom(node.pausedUntilMs);
    }
    while (node.nextBeatMs <= nowMs) {
      if (node.nextBeatMs < node.pausedUntilMs) {
        node.nextBeatMs = node.pausedUntilMs;
        continue;
      }
      node.sequence += 1;
      const arrivesMs = node.nextBeatMs + random.next() * LATENCY_MAX_MS;
      if (random.next() >= conditions.lossRatio) {
        node.beats.push({ incarnation: node.incarnation, sequence: node.sequence, heardMonotonicMs: arrivesMs });
        node.lastHeardMs = arrivesMs;
        this.tally.beats += 1;
      }
      node.nextBeatMs += INTERVAL_MS * (1 - JITTER_SHARE + 2 * JITTER_SHARE * random.next());
    }
  }

  #round(nowMs: number): void {
    const beats = this.#nodes.map((node): NodeBeat => ({
      nodeId: node.id, answered: node.beats.length > 0, answerMs: null, incarnation: node.incarnation, sequence: node.sequence, reportedFailed: false,
      pushed: { intervalMs: INTERVAL_MS, beats: node.beats.splice(0) },
    }));
    this.#state = advanceDetector(this.#state, {
      beats, monotonicMs: nowMs, nowMs, pausedMs: 0, blind: false, readingIntervalMs: ROUND_MS, settings: this.#settings,
      // No budget and no freeze: a false death must not be hidden by them.
      deathsAllowed: Infinity, acknowledged: NOBODY, maintenance: NOBODY,
    });
    for (const nodeId of nodesToProbe(this.#state)) this.#probe(this.#nodes.find((node) => node.id === nodeId)!, nowMs);
    for (const node of this.#nodes) this.#judge(node, nowMs);
  }

  #probe(node: SimulatedNode, nowMs: number): void {
    const arrives = this.random.next() >= this.conditions.lossRatio && this.random.next() >= this.conditions.lossRatio;
    const answers = arrives && this.#runs(node, nowMs);
    this.#state = recordProbe(this.#state, { nodeId: node.id, answerMs: answers ? 1 : null, failure: answers ? null : 'no answer', beganMonotonicMs: nowMs, monotonicMs: nowMs, nowMs });
  }

  #judge(node: SimulatedNode, nowMs: number): void {
    const { tally } = this;
    const now = this.#state.nodes.get(node.id)!.liveness;
    if (now === node.seen) return;
    const worse = RANK[now]! > RANK[node.seen]!;
    node.seen = now;
    if (!worse) return;
    if (node.diedAtMs !== null) {
      if (now === 'unreachable') tally.unreachableAfterMs.push(nowMs - node.diedAtMs);
      if (now === 'dead') tally.deadAfterMs.push(nowMs - node.diedAtMs);
    } else if (now === 'dead') tally.falseDeaths += 1;
    else if (!this.#runs(node, nowMs)) tally.unreachableInPause += now === 'unreachable' ? 1 : 0;
    else if (now === 'unreachable') tally.falseUnreachable += 1;
    else tally.falseSuspicions += 1;
  }

  #runs(node: SimulatedNode, nowMs: number): boolean {
    return node.diedAtMs === null && nowMs >= node.pausedUntilMs;
  }

  #pauseFrom(nowMs: number): number {
    const { pauseMaxMs, pausesPerNodeDay } = this.conditions;
    return pauseMaxMs === 0 ? Infinity : nowMs - Math.log(1 - this.random.next()) * (DAY_MS / pausesPerNodeDay);
  }
}

const NOBODY: ReadonlySet<string> = new Set();
const RANK: Readonly<Record<string, number>> = { alive: 0, suspect: 1, unreachable: 2, dead: 3 };
