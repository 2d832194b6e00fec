import { assert } from '@/lib/platform/assert';
import { Listeners, type Unsubscribe } from '@/lib/platform/disposable';
import { ok } from '@/lib/platform/result';
import { Agenda } from './agenda';
import { MEMBERSHIP, MOVING, WORKLOAD_BEAT_MS, type ClusterShape } from './cluster-parameters';
import { ClientSessions } from './client-sessions';
import type { ClusterChange } from './cluster-snapshot';
import { failure } from './failures';
import { Moves, spareOf, type OpenMove } from './moves';
import { nodeLoadOf, type NodeLoad } from './node-loads';
import { isServing, type PhantomNode } from './phantom-node';
import type { Placement } from './placement';
import { ShardSums } from './shard-sums';
import type { Workload, WorkloadControls } from './workload';

/**
 * The state of the simulated cluster and its time. Everything that happens is an event at
 * a known instant (the end of a stage of a move, a failover, a tick while copies run), and
 * `advanceTo` goes from one to the next. Nothing here has a timer or knows the real time:
 * whoever wants the cluster at an instant advances it there, and the course is the same
 * whether that is done once or a thousand times.
 */
export class ClusterCore {
  readonly workload: Workload;
  readonly moves = new Moves();
  readonly agenda = new Agenda();
  /** The highest manager epoch seen; lower ones are refused. */
  authority = 0;
  readonly #sessions: ClientSessions;
  #nowMs: number;
  #present: () => number;
  /** Grow with every change of a node, and of what the workload is set to. */
  #nodesVersion = 0;
  #controlsVersion = 0;
  /** Shards that others hold than when the demand was summed up. */
  readonly #resettled = new Set<number>();
  /** Are the speeds of moves worked out for what there is now? */
  #speedsSettled = false;
  #advancing = false;
  #nextTickMs = Infinity;
  #demand: { atMs: number; nodesVersion: number; readonly controlsVersion: number; readonly factors: Float64Array; readonly sums: ShardSums } | null = null;
  /** Clients by node index. */
  #clients: { readonly nodesVersion: number; readonly counts: Float64Array } | null = null;
  readonly #nodesById = new Map<string, PhantomNode>();
  readonly #changes = new Listeners<ClusterChange>((error) => { throw error; });

  constructor(readonly shape: ClusterShape, workload: Workload, readonly nodes: PhantomNode[], readonly placement: Placement, nowMs: number) {
    this.workload = workload;
    this.#sessions = new ClientSessions({ choice: shape.clientRouting ?? 'round-robin', seed: shape.seed });
    this.#nowMs = nowMs;
    this.#present = () => this.#nowMs;
    for (const node of nodes) this.#nodesById.set(node.id, node);
  }

  /** Simulated milliseconds since the beginning. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** A node that is or was a member; null for a name that never was. */
  node(nodeId: string): PhantomNode | null {
    return this.#nodesById.get(nodeId) ?? null;
  }

  addNode(node: PhantomNode): void {
    assert(node.index === this.nodes.length, 'Nodes are numbered in the order of their coming');
    this.nodes.push(node);
    this.#nodesById.set(node.id, node);
  }

  /** Tells of every change that a restart must not undo. */
  onChange(callback: (change: ClusterChange) => void): Unsubscribe {
    return this.#changes.add(callback);
  }

  /** Another set of moves runs, or within other limits. */
  speedsChanged(): void {
    this.#speedsSettled = false;
  }

  nodeChanged(node: PhantomNode): void {
    this.#nodesVersion += 1;
    this.speedsChanged();
    this.#changes.emit({ kind: 'node', node: { ...node } });
  }

  ownershipChanged(shardId: number): void {
    this.#resettled.add(shardId);
    this.speedsChanged();
    this.#changes.emit({ kind: 'shard', shardId, holders: [...this.placement.holders(shardId)], epoch: this.placement.epochs[shardId]! });
  }

  /** False when a manager with a higher epoch has spoken before. */
  admit(epoch: number): boolean {
    if (epoch < this.authority) return false;
    if (epoch > this.authority) {
      this.authority = epoch;
      this.#changes.emit({ kind: 'authority', epoch });
    }
    return true;
  }

  setControls(controls: WorkloadControls): void {
    this.workload.setControls(controls);
    this.#controlsVersion += 1;
    this.speedsChanged();
    this.#changes.emit({ kind: 'controls', controls });
  }

  /** From now on the present is what `nowMs` says; before, it was where the last advance ended. */
  followTime(nowMs: () => number): void {
    this.#present = nowMs;
  }

  /** Brings the cluster to the present. Whoever reads or changes it from outside does this first. */
  catchUp(): void {
    // An event that changes something acts at its own instant, on the way to the present.
    if (!this.#advancing) this.advanceTo(this.#present());
  }

  /** Goes on to an instant; one that has passed already changes nothing. */
  advanceTo(untilMs: number): void {
    assert(!this.#advancing, 'Time is being advanced already');
    this.#advancing = true;
    try {
      this.#settleSpeeds();
      for (let nextMs = this.nextEventMs(); nextMs <= untilMs; nextMs = this.nextEventMs()) {
        this.#nowMs = Math.max(this.#nowMs, nextMs);
        if (this.#nextTickMs <= this.#nowMs) this.speedsChanged();
        this.agenda.runDue(this.#nowMs);
        for (const move of this.moves.advance(this.#nowMs)) this.#commit(move);
        if (this.moves.running) this.speedsChanged();
        this.#settleSpeeds();
      }
      this.#nowMs = Math.max(this.#nowMs, untilMs);
    } finally {
      this.#advancing = false;
    }
  }

  /** When something happens next if nobody interferes; Infinity when nothing does. */
  nextEventMs(): number {
    return Math.min(this.agenda.nextMs, this.moves.nextEventMs(), this.#nextTickMs);
  }

  /** Load of every node now, by node index. */
  loads(): NodeLoad[] {
    const copies = this.moves.copyLoads(this.#nowMs);
    const { sums } = this.demand();
    const sessions = this.#sessionCounts();
    return this.nodes.map((node) => nodeLoadOf(node, sums, { copies: copies.get(node.index) ?? null, sessions: sessions[node.index]! }));
  }

  /** Bytes of whole copies that a node has or is to have when all moves to it have ended, by node index. */
  bytesToHold(index: number): number {
    let bytes = this.demand().sums.bytes[index]!;
    for (const move of this.moves.all()) if (move.target === index) bytes += move.bytes;
    return bytes;
  }

  #sessionCounts(): Float64Array {
    if (this.#clients?.nodesVersion !== this.#nodesVersion) this.#clients = { nodesVersion: this.#nodesVersion, counts: this.#sessions.counts(this.nodes) };
    return this.#clients.counts;
  }

  /**
   * Load of every shard now as a multiple of its base, and what that sums up to per node.
   * Summed up whole only where the workload was set anew; else what changed is renewed: the shards
   * of nodes that came back or went, those that landed and, with every beat of the workload, those
   * that are asked for otherwise.
   */
  demand(): { readonly factors: Float64Array; readonly sums: ShardSums } {
    const atMs = Math.floor(this.#nowMs / WORKLOAD_BEAT_MS) * WORKLOAD_BEAT_MS;
    const { nodes, placement, workload } = this;
    const [nodesVersion, controlsVersion] = [this.#nodesVersion, this.#controlsVersion];
    if (this.#demand?.controlsVersion !== controlsVersion) {
      const factors = workload.factorsAt(atMs);
      this.#demand = { atMs, nodesVersion, controlsVersion, factors, sums: new ShardSums({ nodes, placement, workload, factors }) };
    } else {
      const { sums } = this.#demand;
      // The nodes first: shards may have landed on new ones.
      if (this.#demand.nodesVersion !== nodesVersion) sums.renewNodes();
      if (this.#resettled.size > 0) sums.renew(Int32Array.from(this.#resettled));
      // The factors are in the same array again.
      if (this.#demand.atMs !== atMs) {
        workload.factorsAt(atMs);
        sums.renewAsked();
      }
      this.#demand.nodesVersion = nodesVersion;
      this.#demand.atMs = atMs;
    }
    this.#resettled.clear();
    return this.#demand;
  }

  /** Plans what the other nodes do about a node they no longer reach. */
  scheduleFailover(node: PhantomNode, delayMs: number = MEMBERSHIP.failoverMs): void {
    const { outages } = node;
    this.agenda.add(this.#nowMs + delayMs, () => {
      if (isServing(node) || node.removed || node.outages !== outages) return;
      node.failed = true;
      this.nodeChanged(node);
      this.promoteOrphans();
    });
  }

  /** The engine's own rule: where the primary's node failed, a secondary that serves takes over. */
  promoteOrphans(): void {
    const { placement, nodes } = this;
    for (let shardId = 0; shardId < placement.shardCount; shardId += 1) {
      if (!nodes[placement.primary(shardId)]!.failed) continue;
      const healthy = [...placement.holders(shardId).subarray(1)].filter((holder) => isServing(nodes[holder]!));
      // By shard id, so that the shards of one lost node do not all fall to the same survivor.
      const successor = healthy[shardId % Math.max(1, healthy.length)];
      if (successor === undefined) continue;
      const open = this.moves.get(shardId);
      if (open !== null) this.moves.fail(open, failure('topology-changed', `Shard ${shardId} failed over in the middle of the move`, { retryable: true }));
      placement.promote(shardId, successor);
      this.ownershipChanged(shardId);
    }
  }

  #commit(move: OpenMove): void {
    this.placement.replace(move.shardId, move.source, move.target);
    this.moves.end(move, ok({ bytes: move.bytes, keyCount: move.keyCount, nodeId: null }));
    this.ownershipChanged(move.shardId);
  }

  /** Speeds hold until something changes or the next tick, whichever comes first. */
  #settleSpeeds(): void {
    if (this.#speedsSettled) return;
    if (this.moves.running) {
      const { sums } = this.demand();
      this.moves.setSpeeds(this.#nowMs, (node) => spareOf(sums.network[node]!, this.nodes[node]!.slowFactor));
      this.#nextTickMs = (Math.floor(this.#nowMs / MOVING.tickMs) + 1) * MOVING.tickMs;
    } else {
      this.#nextTickMs = Infinity;
    }
    this.#speedsSettled = true;
  }
}
