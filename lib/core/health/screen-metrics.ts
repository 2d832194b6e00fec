/**
 * Numbers that are not to be believed become unknown with a flag, never 0 (S6): a broken
 * exporter must not look like an idle node that may be scaled away.
 *
 * - not-a-number: NaN or infinite. negative: below 0.
 * - absurd: more than ten times the capacity, or beyond what any machine does.
 * - missing: was reported by this node and is absent in several readings in a row.
 * - frozen: CPU, network or operations that stand exactly still for ten minutes on a node
 *   that serves requests. A rate measured over real intervals does not repeat itself; a
 *   size or a count honestly may, and an idle node's zeros do.
 */
import type { MetricFlag, Node } from '@/lib/contract/node';
import type { NodeObservation } from '@/lib/contract/observation';
import { RESOURCES, NODE_STATS } from '@/lib/contract/vocabulary';
import { atOnce, ITEMS_PER_TURN } from '@/lib/platform/in-turns';

const FROZEN_AFTER_MS = 600_000;
const FROZEN_READINGS = 60;
const MISSING_READINGS = 3;
/** Usage may pass its capacity (a limit lowered under way), but not by this factor. */
const CAPACITY_FACTOR_MAX = 10;
/** Beyond any machine: cores, bytes, requests a second, milliseconds. */
const QUANTITY_MAX = 1e18;
const STAT_MAX: Partial<Record<(typeof NODE_STATS)[number], number>> = { operationsPerSecond: 1e10, readsPerSecond: 1e10, writesPerSecond: 1e10, connections: 1e9, latencyP99Ms: 3_600_000 };

const SHOULD_VARY: ReadonlySet<string> = new Set(['usage.cpu', 'usage.network', 'stats.operationsPerSecond']);
/** Absent for good reasons: no traffic, no leader. */
const MAY_BE_ABSENT: ReadonlySet<string> = new Set(['stats.latencyP99Ms', 'stats.replicationLagBytes']);

interface MetricTrack {
  readonly value: number | null;
  /** Readings with exactly this value, this one included. */
  readonly readings: number;
  readonly sinceMonotonicMs: number;
}

/** Per node, per metric that is watched. */
export type ScreenState = ReadonlyMap<string, ReadonlyMap<string, MetricTrack>>;

export const UNSCREENED: ScreenState = new Map();

export interface ScreenRound {
  readonly nodes: readonly NodeObservation[];
  /** As they are known from the reading before. */
  readonly known: ReadonlyMap<string, Node>;
  readonly nowMs: number;
  readonly monotonicMs: number;
}

export interface Screened {
  readonly state: ScreenState;
  readonly nodes: NodeObservation[];
  readonly flags: ReadonlyMap<string, MetricFlag[]>;
}

/** The reading with believable numbers only, and why the others are gone. Nodes that did not answer are passed on as they are. */
export function screenMetrics(state: ScreenState, round: ScreenRound): Screened {
  return atOnce(screening(state, round));
}

/** The same, with a rest where one may be taken. */
export function* screening(state: ScreenState, round: ScreenRound): Generator<void, Screened> {
  const tracks = new Map<string, ReadonlyMap<string, MetricTrack>>();
  const flags = new Map<string, MetricFlag[]>();
  const nodes: NodeObservation[] = [];
  for (const [at, node] of round.nodes.entries()) {
    if (at > 0 && at % ITEMS_PER_TURN === 0) yield;
    if (!node.answered) {
      const before = state.get(node.id);
      if (before !== undefined) tracks.set(node.id, before);
      nodes.push(withoutNonsense(node));
      continue;
    }
    const screened = new NodeScreen(node, state.get(node.id), round);
    nodes.push(screened.clean());
    tracks.set(node.id, screened.tracks);
    if (screened.flags.length > 0) flags.set(node.id, screened.flags);
  }
  return { state: tracks, nodes, flags };
}

/** One node in one reading. */
class NodeScreen {
  readonly tracks = new Map<string, MetricTrack>();
  readonly flags: MetricFlag[] = [];
  readonly #before: Node | undefined;

  constructor(private readonly node: NodeObservation, private readonly previous: ReadonlyMap<string, MetricTrack> | undefined, private readonly round: ScreenRound) {
    const before = round.known.get(node.id);
    this.#before = before?.incarnation === node.incarnation ? before : undefined;
  }

  clean(): NodeObservation {
    const { node } = this;
    const capacity = mapOf(RESOURCES, (name) => this.#quantity(METRIC.capacity[name], node.capacity[name], this.#before?.capacity[name], QUANTITY_MAX));
    const usage = mapOf(RESOURCES, (name) => this.#quantity(METRIC.usage[name], node.usage[name], this.#before?.usage[name], maxOfUsage(capacity[name]), capacity[name]));
    const stats = mapOf(NODE_STATS, (name) => this.#quantity(METRIC.stats[name], node.stats[name], this.#before?.stats[name], STAT_MAX[name] ?? QUANTITY_MAX));
    return { ...node, capacity, usage, stats };
  }

  #quantity(metric: string, came: number | null, before: number | null | undefined, max: number, capacity: number | null = null): number | null {
    const rejected = this.node.rejected?.find((one) => one.metric === metric);
    if (rejected !== undefined) return this.#flag(metric, rejected.flag, rejected.came);
    if (came === null) return this.#absent(metric, before);
    if (!Number.isFinite(came)) return this.#flag(metric, 'not-a-number', String(came));
    if (came < 0) return this.#flag(metric, 'negative', textOf(came));
    if (came > max) return this.#flag(metric, 'absurd', capacity === null ? textOf(came) : `${textOf(came)} of ${textOf(capacity)}`);
    return SHOULD_VARY.has(metric) ? this.#varying(metric, came) : came;
  }

  #absent(metric: string, before: number | null | undefined): null {
    if (MAY_BE_ABSENT.has(metric)) return null;
    const track = this.previous?.get(metric);
    const expected = typeof before === 'number' || track?.value === null;
    if (!expected) return null;
    const next = { value: null, readings: track?.value === null ? track.readings + 1 : 1, sinceMonotonicMs: track?.value === null ? track.sinceMonotonicMs : this.round.monotonicMs };
    this.tracks.set(metric, next);
    if (next.readings >= MISSING_READINGS) this.#flag(metric, 'missing', 'nothing');
    return null;
  }

  #varying(metric: string, value: number): number | null {
    const track = this.previous?.get(metric);
    const same = track?.value === value;
    const next: MetricTrack = { value, readings: same ? track.readings + 1 : 1, sinceMonotonicMs: same ? track.sinceMonotonicMs : this.round.monotonicMs };
    this.tracks.set(metric, next);
    const serves = (this.node.stats.operationsPerSecond ?? 0) > 0;
    const stuck = value !== 0 && serves && next.readings >= FROZEN_READINGS && this.round.monotonicMs - next.sinceMonotonicMs >= FROZEN_AFTER_MS;
    return stuck ? this.#flag(metric, 'frozen', textOf(value)) : value;
  }

  #flag(metric: string, flag: MetricFlag['flag'], came: string): null {
    const known = this.round.known.get(this.node.id)?.flags.find((other) => other.metric === metric && other.flag === flag);
    this.flags.push({ metric, flag, came: (known?.came ?? came).slice(0, 64), sinceMs: known?.sinceMs ?? this.round.nowMs });
    return null;
  }
}

/** A silent node's numbers are not taken over, but a first sight of it must not let nonsense in either. */
function withoutNonsense(node: NodeObservation): NodeObservation {
  const sound = (value: number | null) => (value !== null && Number.isFinite(value) && value >= 0 ? value : null);
  return {
    ...node,
    capacity: mapOf(RESOURCES, (name) => sound(node.capacity[name])),
    usage: mapOf(RESOURCES, (name) => sound(node.usage[name])),
    stats: mapOf(NODE_STATS, (name) => sound(node.stats[name])),
  };
}

function maxOfUsage(capacity: number | null): number {
  return capacity === null || capacity === 0 ? QUANTITY_MAX : capacity * CAPACITY_FACTOR_MAX;
}

/** In plain loops: it is done three times for every node of every reading. */
function mapOf<K extends string, V>(names: readonly K[], make: (name: K) => V): Record<K, V> {
  const made = {} as Record<K, V>;
  for (const name of names) made[name] = make(name);
  return made;
}

/** Metrics by their names in flags. */
const METRIC = {
  capacity: mapOf(RESOURCES, (name) => `capacity.${name}`),
  usage: mapOf(RESOURCES, (name) => `usage.${name}`),
  stats: mapOf(NODE_STATS, (name) => `stats.${name}`),
};

function textOf(value: number): string {
  return String(Number(value.toPrecision(6)));
}
