/**
 * What is believed of the nodes between two readings: the failure detector with its probes,
 * the screening of numbers, and the watch for a mass failure. Probes run beside the loop, so
 * that one hanging node delays nobody's verdict.
 */
import type { NodeLiveness } from '@/lib/contract/health';
import type { MetricFlag, Node } from '@/lib/contract/node';
import type { NodeObservation } from '@/lib/contract/observation';
import type { HealthSettings } from '@/lib/contract/settings';
import {
  advancingDetector, EMPTY_DETECTOR, nodesToProbe, recordProbe, releaseQuarantine, type DetectorState, type NodeBeat, type NodeVerdict,
} from '@/lib/core/health/failure-detector';
import { acknowledgeSilence, deathsAllowed, recallAcknowledged, UNWATCHED, watchMassFailure, type FreezeWatch, type MassFailure } from '@/lib/core/health/freeze-rule';
import { livenessFacts } from '@/lib/core/health/liveness-facts';
import { screening, UNSCREENED, type ScreenState } from '@/lib/core/health/screen-metrics';
import type { ClusterDriver } from '@/lib/drivers/driver';
import type { Clock } from '@/lib/platform/clock';
import { atOnce, isShortList } from '@/lib/platform/in-turns';
import { LoopMonitor } from './loop-monitor';

export interface WatchRound {
  /** As they are known from before this reading. */
  readonly known: ReadonlyMap<string, Node>;
  readonly settings: HealthSettings;
  readonly readingIntervalMs: number;
  readonly frozen: boolean;
}

export interface Heard {
  readonly verdicts: ReadonlyMap<string, NodeVerdict>;
  /** The reading's nodes with believable numbers only. */
  readonly nodes: NodeObservation[];
  readonly flags: ReadonlyMap<string, MetricFlag[]>;
}

export class NodeWatch implements Disposable {
  #detector: DetectorState = EMPTY_DETECTOR;
  /** What came in while a reading is being concluded, to be added to what comes of it. */
  #meanwhile: ((detector: DetectorState) => DetectorState)[] | null = null;
  #screen: ScreenState = UNSCREENED;
  #freeze: FreezeWatch = UNWATCHED;
  #deaths = 0;
  readonly #probing = new Set<string>();
  readonly #monitor: LoopMonitor;
  readonly #abort = new AbortController();

  constructor(private readonly clock: Clock, private readonly driver: Pick<ClusterDriver, 'probe'>) {
    this.#monitor = new LoopMonitor(clock);
  }

  [Symbol.dispose](): void {
    this.#monitor[Symbol.dispose]();
    this.#abort.abort(new Error('The manager is closing'));
  }

  /** One reading: beats into the detector, numbers through the screen, probes to those that were silent. */
  hear(observed: readonly NodeObservation[], round: WatchRound): Heard {
    return atOnce(this.hearing(observed, round));
  }

  /** The same with rests, where there are many nodes; it shows at the end, all of it at once. One after the other only. */
  *hearing(observed: readonly NodeObservation[], round: WatchRound): Generator<void, Heard> {
    const nowMs = Math.round(this.clock.wallMs());
    const screened = yield* screening(this.#screen, { nodes: observed, known: round.known, nowMs, monotonicMs: this.clock.monotonicMs() });
    if (!isShortList(observed)) yield;
    this.#screen = screened.state;
    yield* this.#advancing(observed.map((node) => ({ ...node, nodeId: node.id })), round, false);
    return { verdicts: this.#detector.nodes, nodes: screened.nodes, flags: screened.flags };
  }

  /** Nobody could be read: a silence of all, which may be our own fault. */
  hearNothing(round: WatchRound): ReadonlyMap<string, NodeVerdict> {
    const beats: NodeBeat[] = [...this.#detector.nodes].map(([nodeId, track]) => ({
      nodeId, answered: false, answerMs: null, incarnation: track.incarnation, sequence: track.sequence, reportedFailed: false,
      pushed: track.pushed ? { intervalMs: track.intervalMs, beats: [] } : undefined,
    }));
    atOnce(this.#advancing(beats, round, true));
    return this.#detector.nodes;
  }

  /** N5, after the verdicts are part of the state. */
  massFailure(nodes: readonly Node[]): MassFailure | null {
    const nowMs = this.clock.wallMs();
    const judged = watchMassFailure(this.#freeze, {
      nodes, deaths: this.#deaths, withheld: this.#detector.withheld, maintenance: maintained(nodes, nowMs), monotonicMs: this.clock.monotonicMs(),
    });
    this.#freeze = judged.watch;
    return judged.failure;
  }

  /** A human lifted the freeze: what is silent now has been seen. */
  acknowledge(): void {
    this.#freeze = acknowledgeSilence(this.#freeze);
  }

  /** What a human had seen before this manager began. */
  recall(nodeIds: readonly string[]): void {
    this.#freeze = recallAcknowledged(this.#freeze, nodeIds);
  }

  /** @returns false when the node is not known. */
  liftQuarantine(nodeId: string): boolean {
    this.#change((detector) => releaseQuarantine(detector, nodeId));
    return this.#detector.nodes.has(nodeId);
  }

  facts(nodeId: string, settings: HealthSettings): NodeLiveness | null {
    const track = this.#detector.nodes.get(nodeId);
    return track === undefined ? null : livenessFacts(nodeId, track, { monotonicMs: this.clock.monotonicMs(), nowMs: Math.round(this.clock.wallMs()), settings });
  }

  #change(change: (detector: DetectorState) => DetectorState): void {
    this.#detector = change(this.#detector);
    this.#meanwhile?.push(change);
  }

  *#advancing(beats: readonly NodeBeat[], round: WatchRound, blind: boolean): Generator<void, void> {
    const monotonicMs = this.clock.monotonicMs();
    const nowMs = Math.round(this.clock.wallMs());
    const before = this.#detector;
    const meanwhile: ((detector: DetectorState) => DetectorState)[] = [];
    this.#meanwhile = meanwhile;
    const advanced = yield* advancingDetector(before, {
      beats, monotonicMs, nowMs, blind,
      pausedMs: this.#monitor.takePausedMs(),
      readingIntervalMs: round.readingIntervalMs,
      settings: round.settings,
      deathsAllowed: deathsAllowed(this.#freeze, { nodeCount: beats.length, monotonicMs, frozen: round.frozen }),
      acknowledged: this.#freeze.acknowledged,
      maintenance: maintained([...round.known.values()], nowMs),
    });
    this.#detector = meanwhile.reduce((detector, change) => change(detector), advanced);
    this.#meanwhile = null;
    this.#deaths = [...this.#detector.nodes].filter(([nodeId, track]) => track.liveness === 'dead' && before.nodes.get(nodeId)?.liveness !== 'dead' && !this.#freeze.acknowledged.has(nodeId)).length;
    for (const nodeId of nodesToProbe(this.#detector)) void this.#probe(nodeId);
  }

  async #probe(nodeId: string): Promise<void> {
    if (this.#probing.has(nodeId)) return;
    this.#probing.add(nodeId);
    const beganMonotonicMs = this.clock.monotonicMs();
    const probed = await this.driver.probe(nodeId, this.#abort.signal);
    this.#probing.delete(nodeId);
    if (this.#abort.signal.aborted) return;
    const probe = {
      nodeId, beganMonotonicMs, monotonicMs: this.clock.monotonicMs(), nowMs: Math.round(this.clock.wallMs()),
      answerMs: probed.ok ? probed.value.answerMs : null,
      failure: probed.ok ? null : probed.error.message.slice(0, 500),
    };
    this.#change((detector) => recordProbe(detector, probe));
  }
}

function maintained(nodes: readonly Node[], nowMs: number): ReadonlySet<string> {
  return new Set(nodes.filter((node) => node.maintenanceUntilMs !== null && node.maintenanceUntilMs > nowMs).map((node) => node.id));
}
