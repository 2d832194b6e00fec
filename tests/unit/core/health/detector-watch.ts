/** A detector fed round by round, with the freeze rule around it, as the manager does it. */
import type { Liveness, Node } from '@/lib/contract/node';
import { DEFAULT_SETTINGS, type HealthSettings } from '@/lib/contract/settings';
import { advanceDetector, EMPTY_DETECTOR, nodesToProbe, recordProbe, type DetectorState, type NodeBeat, type NodeTrack } from '@/lib/core/health/failure-detector';
import { acknowledgeSilence, deathsAllowed, UNWATCHED, watchMassFailure, type FreezeWatch, type MassFailure } from '@/lib/core/health/freeze-rule';
import { nodeNamed } from '../../../support/cluster-states';

export interface WatchedRound {
  readonly stepMs?: number;
  readonly pausedMs?: number;
  readonly blind?: boolean;
  /** Added to the wall clock, as an operator or NTP does. */
  readonly wallJumpMs?: number;
  readonly maintenance?: readonly string[];
  readonly nodes: Readonly<Record<string, { readonly answered?: boolean; readonly probeAnswers?: boolean; readonly beat?: Partial<NodeBeat> }>>;
}

export class DetectorWatch {
  state: DetectorState = EMPTY_DETECTOR;
  freeze: FreezeWatch = UNWATCHED;
  frozen: MassFailure | null = null;
  monotonicMs = 1_000_000;
  wallMs = 5_000_000_000;
  readonly zones: Readonly<Record<string, string>>;
  readonly #sequences = new Map<string, number>();

  constructor(readonly settings: HealthSettings = DEFAULT_SETTINGS.health, zones: Readonly<Record<string, string>> = {}) {
    this.zones = zones;
  }

  round(round: WatchedRound): void {
    const stepMs = round.stepMs ?? 1_000;
    this.monotonicMs += stepMs;
    this.wallMs += stepMs + (round.wallJumpMs ?? 0);
    const maintenance = new Set(round.maintenance ?? []);
    const beats = Object.entries(round.nodes).map(([nodeId, { answered = true, beat }]): NodeBeat => {
      const sequence = (this.#sequences.get(nodeId) ?? 0) + (answered ? 1 : 0);
      this.#sequences.set(nodeId, sequence);
      return { nodeId, answered, answerMs: answered ? 1 : null, incarnation: 1, sequence, reportedFailed: false, pushed: undefined, ...beat };
    });
    const before = this.state;
    this.state = advanceDetector(before, {
      beats, maintenance, monotonicMs: this.monotonicMs, nowMs: this.wallMs, pausedMs: round.pausedMs ?? 0, blind: round.blind ?? false,
      readingIntervalMs: 1_000, settings: this.settings, acknowledged: this.freeze.acknowledged,
      deathsAllowed: deathsAllowed(this.freeze, { nodeCount: beats.length, monotonicMs: this.monotonicMs, frozen: this.frozen !== null }),
    });
    const deaths = [...this.state.nodes].filter(([nodeId, track]) => track.liveness === 'dead' && before.nodes.get(nodeId)?.liveness !== 'dead' && !this.freeze.acknowledged.has(nodeId)).length;
    for (const nodeId of nodesToProbe(this.state)) {
      const answers = round.nodes[nodeId]?.probeAnswers ?? false;
      this.state = recordProbe(this.state, { nodeId, answerMs: answers ? 1 : null, failure: answers ? null : 'refused', beganMonotonicMs: this.monotonicMs, monotonicMs: this.monotonicMs, nowMs: this.wallMs });
    }
    const judged = watchMassFailure(this.freeze, { nodes: this.nodes(), deaths, withheld: this.state.withheld, maintenance, monotonicMs: this.monotonicMs });
    this.freeze = judged.watch;
    this.frozen ??= judged.failure;
  }

  /** `seconds` rounds in which the named nodes are silent and the others answer. */
  silence(seconds: number, silent: readonly string[], all: readonly string[], more: Omit<WatchedRound, 'nodes'> & { readonly probeAnswers?: boolean } = {}): void {
    const { probeAnswers = false, ...round } = more;
    for (let second = 0; second < seconds; second += 1) {
      this.round({ ...round, nodes: Object.fromEntries(all.map((id) => [id, { answered: !silent.includes(id), probeAnswers }])) });
    }
  }

  /** A human lifts the freeze. */
  unfreeze(): void {
    this.frozen = null;
    this.freeze = acknowledgeSilence(this.freeze);
  }

  track(nodeId: string): NodeTrack {
    return this.state.nodes.get(nodeId)!;
  }

  liveness(nodeId: string): Liveness {
    return this.track(nodeId).liveness;
  }

  nodes(): Node[] {
    return [...this.state.nodes].map(([id, track]) => nodeNamed(id, {
      liveness: track.liveness, livenessReason: track.reason, quarantinedUntilMs: track.quarantinedUntilMs,
      domain: { region: null, zone: this.zones[id] ?? null, rack: null, host: null },
    }));
  }
}
