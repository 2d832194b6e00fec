/**
 * What the parts of one cluster's manager share: the newest state and everything derived
 * from it. The parts change it only through the methods here; every visible change makes
 * a new revision and tells the publisher.
 */
import type { ClusterHealth, Freeze } from '@/lib/contract/health';
import type { Imbalance } from '@/lib/contract/imbalance';
import type { Capabilities, ClusterTotals } from '@/lib/contract/cluster';
import type { Node } from '@/lib/contract/node';
import type { Operation } from '@/lib/contract/operation';
import type { ScalingDecision } from '@/lib/contract/scaling';
import type { VersionedSettings } from '@/lib/contract/settings';
import type { ClusterRecord } from '@/lib/contract/storage';
import { createClusterState } from '@/lib/core/cluster/create-cluster-state';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { applyWish, type NodeWish } from '@/lib/core/cluster/node-wish';
import { assessClusterHealth, isStale } from '@/lib/core/health/cluster-health';
import type { MeasuredSpeed } from '@/lib/core/execution/estimate';
import { imbalanceOf } from '@/lib/core/load/imbalance';
import { totalsOf } from '@/lib/core/load/totals';
import type { Clock } from '@/lib/platform/clock';
import type { MoveInFlight, Publisher } from './ports';

export class ClusterModel {
  state: ClusterState;
  freeze: Freeze | null;
  observationError: string | null = null;
  scaling: ScalingDecision | null = null;
  /** From the operations that moved enough to tell. */
  speed: MeasuredSpeed | null = null;
  /** Not terminal: what runs, then what waits, the next one first. */
  operations: readonly Operation[] = [];
  movesInFlight: () => readonly MoveInFlight[] = () => [];
  readonly wishes = new Map<string, NodeWish>();
  #health: ClusterHealth | null = null;
  #imbalance: Imbalance | null = null;
  #totals: ClusterTotals | null = null;
  #nodeList: { readonly of: ClusterState['nodes']; readonly list: readonly Node[] } | null = null;

  constructor(
    readonly record: ClusterRecord,
    public versioned: VersionedSettings,
    readonly capabilities: Capabilities,
    private readonly clock: Clock,
    private readonly publisher: Publisher,
  ) {
    this.state = createClusterState({ clusterId: record.id, epoch: record.epoch });
    this.freeze = record.freeze;
  }

  get settings() {
    return this.versioned.settings;
  }

  get nodes() {
    return this.state.nodes;
  }

  /** The same array for as long as the nodes are the same. */
  get nodeList(): readonly Node[] {
    if (this.#nodeList?.of !== this.nodes) this.#nodeList = { of: this.nodes, list: [...this.nodes.values()] };
    return this.#nodeList.list;
  }

  get stale(): boolean {
    return isStale(this.state, { monotonicMs: this.clock.monotonicMs(), observationIntervalMs: this.settings.observationIntervalMs });
  }

  get health(): ClusterHealth {
    this.#health ??= assessClusterHealth(this.state, {
      monotonicMs: this.clock.monotonicMs(),
      observationIntervalMs: this.settings.observationIntervalMs,
      observationError: this.observationError,
      safetyLines: this.settings.safetyLines,
    });
    return this.#health;
  }

  get imbalance(): Imbalance {
    this.#imbalance ??= imbalanceOf(this.state, Math.round(this.clock.wallMs()));
    return this.#imbalance;
  }

  get totals(): ClusterTotals {
    this.#totals ??= totalsOf(this.state);
    return this.#totals;
  }

  /** A new picture; its revision must already be higher. Everything derived is derived anew when next asked for. */
  replaceState(state: ClusterState): void {
    this.state = state;
    this.#health = null;
    this.#imbalance = null;
    this.#totals = null;
    this.#publish();
  }

  /** Something shown besides the state changed: an operation's progress, a setting, a freeze, an error. */
  touch(): void {
    this.state = { ...this.state, revision: this.state.revision + 1 };
    this.#health = null;
    this.#publish();
  }

  setWish(nodeId: string, wish: NodeWish | null): void {
    if (wish === null) this.wishes.delete(nodeId);
    else {
      this.wishes.set(nodeId, wish);
      this.replaceState(applyWish(this.state, nodeId, wish));
    }
  }

  /** What runs and what waits, in that order. */
  setOperations(operations: readonly Operation[]): void {
    this.operations = operations;
    this.touch();
  }

  #publish(): void {
    this.publisher.clusterChanged({ clusterId: this.record.id, epoch: this.state.epoch, revision: this.state.revision });
  }
}
