import type { DriverFailure } from '@/lib/contract/operation';
import { err, ok, type Result } from '@/lib/platform/result';
import type { DriverStep, MoveTarget, MoveTruth, StepOutcome } from '../driver';
import type { ClusterCore } from './cluster-core';
import { MEMBERSHIP, NODE } from './cluster-parameters';
import { failure, nodeDown, unknownNode } from './failures';
import { progressOf, type MoveIds, type MoveRun, type OpenMove } from './moves';
import { addressOf, isServing, newNode, nodeName, zoneName, type PhantomNode } from './phantom-node';

type StepResult = Result<StepOutcome, DriverFailure>;
/** As many as a connection may ask for at the beginning. */
const NODES_MAX = 2_000;
const NOTHING_MOVED: StepOutcome = { bytes: 0, keyCount: 0, nodeId: null };

/** What a move is, by what is true at this instant. */
type Standing =
  | { readonly kind: 'unknown'; readonly failure: DriverFailure }
  | { readonly kind: 'done' | 'untouched' | 'elsewhere'; readonly ids: MoveIds }
  | { readonly kind: 'open'; readonly ids: MoveIds; readonly move: OpenMove };

/**
 * The engine's side of every step: what is refused, what is done already, what begins. A
 * refusal changes nothing, and the same step again goes on from what is true.
 */
export class Steps {
  constructor(private readonly core: ClusterCore) {}

  /** Begins or joins a move. `ended` of the returned run is set when the move ends. */
  startMove(target: MoveTarget, bytesPerSecondMax: number | null): Result<{ run: MoveRun; move: OpenMove | null }, DriverFailure> {
    const { core } = this;
    const standing = this.#standingOf(target);
    if (standing.kind === 'unknown') return err(standing.failure);
    const run: MoveRun = { bytesPerSecondMax, ended: null };
    if (standing.kind === 'done') {
      run.ended = ok(NOTHING_MOVED);
      return ok({ run, move: null });
    }
    if (standing.kind === 'elsewhere') return err(failure('not-owner', `${target.sourceNodeId} does not hold shard ${target.shardId} as ${target.role}`, { retryable: false }));
    const opened = standing.kind === 'open' ? this.#checkEnds(standing.move) : this.#open(standing.ids);
    if (!opened.ok) return opened;
    opened.value.runs.add(run);
    core.speedsChanged();
    return ok({ run, move: opened.value });
  }

  stopRun(move: OpenMove, run: MoveRun): void {
    this.core.moves.detach(move, run, this.core.nowMs);
    this.core.speedsChanged();
  }

  setLimit(run: MoveRun, bytesPerSecondMax: number | null): void {
    if (run.bytesPerSecondMax === bytesPerSecondMax) return;
    run.bytesPerSecondMax = bytesPerSecondMax;
    this.core.speedsChanged();
  }

  revertMove(target: MoveTarget): StepResult {
    const standing = this.#standingOf(target);
    switch (standing.kind) {
      case 'unknown': return err(standing.failure);
      case 'untouched': return ok(NOTHING_MOVED);
      case 'elsewhere': return err(failure('not-owner', `${target.sourceNodeId} does not hold shard ${target.shardId} as ${target.role}`, { retryable: false }));
      case 'done': return err(failure('refused-by-engine', `The move of shard ${target.shardId} is complete: move it back instead`, { retryable: false }));
      case 'open': {
        if (standing.move.runs.size > 0) return err(failure('refused-by-engine', `The move of shard ${target.shardId} is running: interrupt it first`, { retryable: true }));
        this.core.moves.end(standing.move, ok(NOTHING_MOVED));
        this.core.speedsChanged();
        return ok(NOTHING_MOVED);
      }
    }
  }

  inspectMove(target: MoveTarget): Result<MoveTruth, DriverFailure> {
    const standing = this.#standingOf(target);
    if (standing.kind === 'unknown') return err(standing.failure);
    const keys = this.core.workload.keyCount[target.shardId]!;
    const holds = (node: number) => (this.core.placement.roleOf(target.shardId, node) === null ? 0 : keys);
    const copiedKeys = standing.kind === 'open' ? progressOf(standing.move, this.core.nowMs).keysDone : 0;
    return ok({
      state: standing.kind === 'open' ? 'moving' : standing.kind,
      revertible: standing.kind === 'open',
      keysOnSource: holds(standing.ids.source),
      keysOnTarget: holds(standing.ids.target) + copiedKeys,
    });
  }

  /** The primary role changes hands after MEMBERSHIP.transferMs; the caller waits that long and then asks for it. */
  transfer(step: Extract<DriverStep, { kind: 'transfer' }>): StepResult {
    const { core } = this;
    const nodes = this.#nodesOf(step);
    if (!nodes.ok) return nodes;
    const { source, target } = nodes.value;
    const { placement, moves } = core;
    if (placement.primary(step.shardId) === target.index) return ok(NOTHING_MOVED);
    if (placement.primary(step.shardId) !== source.index) return err(failure('not-owner', `${source.id} is not the primary of shard ${step.shardId}`, { retryable: false }));
    if (placement.roleOf(step.shardId, target.index) === null) return err(failure('refused-by-engine', `${target.id} holds no replica of shard ${step.shardId}`, { retryable: false }));
    for (const node of [source, target]) if (!isServing(node)) return err(nodeDown(node.id));
    if (moves.get(step.shardId) !== null) return err(failure('refused-by-engine', `Shard ${step.shardId} is being moved`, { retryable: true }));
    placement.promote(step.shardId, target.index);
    core.ownershipChanged(step.shardId);
    return ok(NOTHING_MOVED);
  }

  /** The node of this key, made now when there is none; it is a member MEMBERSHIP.joinMs later. */
  addNode(idempotencyKey: string, zone: string | null): PhantomNode {
    const { core } = this;
    const known = core.nodes.find((node) => node.joinKey === idempotencyKey);
    if (known !== undefined) return known;
    const node = this.#newNode(idempotencyKey, zone);
    this.scheduleJoin(node);
    core.nodeChanged(node);
    return node;
  }

  /** A process that runs and waits for somebody to let it join; one per intent. Refused beyond the size that a simulated cluster may have. */
  startProcess(intentId: string, zone: string | null): PhantomNode | null {
    const { core } = this;
    const known = core.nodes.find((node) => node.joinKey === intentId && !node.removed);
    if (known !== undefined) return known;
    if (core.nodes.filter((node) => !node.removed).length >= NODES_MAX) return null;
    const node = this.#newNode(intentId, zone);
    node.waiting = true;
    core.nodeChanged(node);
    return node;
  }

  /** Ends a process that is no member; false where it is one. */
  endProcess(intentId: string): boolean {
    const { core } = this;
    const node = core.nodes.find((other) => other.joinKey === intentId && !other.removed);
    if (node === undefined) return true;
    if (node.member || !node.waiting) return false;
    node.removed = true;
    node.waiting = false;
    core.nodeChanged(node);
    return true;
  }

  /** Lets a waiting process join, or finds that it has. */
  admitProcess(address: string): Result<PhantomNode, DriverFailure> {
    const node = this.core.nodes.find((other) => addressOf(other) === address);
    if (node === undefined || node.removed) return err(failure('node-down', `Nothing answers at ${address}`, { retryable: true }));
    if (node.waiting) {
      node.waiting = false;
      this.scheduleJoin(node);
      this.core.nodeChanged(node);
    }
    return ok(node);
  }

  #newNode(joinKey: string, zone: string | null): PhantomNode {
    const { core } = this;
    const digits = core.nodes[0]!.id.length - 'node-'.length;
    const node = newNode({ index: core.nodes.length, id: nodeName(core.nodes.length + 1, digits), zone: zone ?? this.#emptiestZone(), joinKey });
    core.addNode(node);
    return node;
  }

  scheduleJoin(node: PhantomNode): void {
    this.core.agenda.add(this.core.nowMs + MEMBERSHIP.joinMs, () => {
      if (node.removed) return;
      node.member = true;
      this.core.nodeChanged(node);
    });
  }

  /** Asks the node itself, so one that is away cannot be verified. */
  verifyEmpty(nodeId: string): StepResult {
    const node = this.core.node(nodeId);
    if (node === null || node.removed) return err(unknownNode(nodeId));
    if (!isServing(node) || !node.answering) return err(nodeDown(nodeId));
    return this.#holdsNothing(node);
  }

  /**
   * A node that holds nothing leaves. One that failed may leave too, since the others
   * agree on what is placed on it; one that is merely silent may not.
   */
  removeNode(nodeId: string): StepResult {
    const { core } = this;
    const node = core.node(nodeId);
    if (node === null) return err(unknownNode(nodeId));
    if (node.removed) return ok(NOTHING_MOVED);
    if (!node.failed && (!isServing(node) || !node.answering)) return err(nodeDown(nodeId));
    const empty = this.#holdsNothing(node);
    if (!empty.ok) return empty;
    if (core.nodes.filter((other) => other.member && other !== node).length === 0) return err(failure('refused-by-engine', 'The last node cannot leave', { retryable: false }));
    node.member = false;
    node.removed = true;
    core.nodeChanged(node);
    return ok(NOTHING_MOVED);
  }

  #holdsNothing(node: PhantomNode): StepResult {
    const held = this.core.placement.replicaCounts[node.index] ?? 0;
    if (held > 0) return err(failure('not-empty', `${node.id} holds ${held} replicas`, { retryable: false }));
    for (const move of this.core.moves.all()) {
      if (move.target === node.index) return err(failure('not-empty', `A copy of shard ${move.shardId} is on its way to ${node.id}`, { retryable: true }));
    }
    return ok(NOTHING_MOVED);
  }

  #emptiestZone(): string {
    const { core } = this;
    const counts = new Map<string, number>();
    for (let zone = 0; zone < core.shape.zoneCount; zone += 1) counts.set(zoneName(zone), 0);
    for (const node of core.nodes) if (!node.removed) counts.set(node.zone, (counts.get(node.zone) ?? 0) + 1);
    return [...counts].reduce((emptiest, zone) => (zone[1] < emptiest[1] ? zone : emptiest))[0];
  }

  #nodesOf(step: { shardId: number; sourceNodeId: string; targetNodeId: string }): Result<{ source: PhantomNode; target: PhantomNode }, DriverFailure> {
    const { core } = this;
    if (!Number.isInteger(step.shardId) || step.shardId < 0 || step.shardId >= core.placement.shardCount) {
      return err(failure('topology-changed', `There is no shard ${step.shardId}`, { retryable: false }));
    }
    const source = core.node(step.sourceNodeId);
    const target = core.node(step.targetNodeId);
    if (source === null || source.removed) return err(unknownNode(step.sourceNodeId));
    if (target === null || target.removed) return err(unknownNode(step.targetNodeId));
    return ok({ source, target });
  }

  #standingOf(target: MoveTarget): Standing {
    const nodes = this.#nodesOf(target);
    if (!nodes.ok) return { kind: 'unknown', failure: nodes.error };
    const { placement, moves } = this.core;
    const ids: MoveIds = { shardId: target.shardId, role: target.role, source: nodes.value.source.index, target: nodes.value.target.index };
    const open = moves.get(ids.shardId);
    if (open?.source === ids.source && open.target === ids.target && open.role === ids.role) return { kind: 'open', ids, move: open };
    const sourceRole = placement.roleOf(ids.shardId, ids.source);
    const targetRole = placement.roleOf(ids.shardId, ids.target);
    if (sourceRole === ids.role && targetRole === null) return { kind: 'untouched', ids };
    // A replica that was moved as a secondary may have been promoted since: its data arrived.
    const arrived = targetRole === ids.role || (targetRole !== null && ids.role === 'secondary');
    return { kind: sourceRole === null && arrived ? 'done' : 'elsewhere', ids };
  }

  #open(ids: MoveIds): Result<OpenMove, DriverFailure> {
    const { core } = this;
    const other = core.moves.get(ids.shardId);
    if (other !== null) return err(failure('refused-by-engine', `[M1] Shard ${ids.shardId} is being moved to ${core.nodes[other.target]!.id}`, { retryable: true }));
    const origin = this.#originOf(ids);
    // Before sizes are looked at: it is what brings them up to date.
    const free = NODE.diskBytes - NODE.idleDiskBytes - core.bytesToHold(ids.target);
    const bytes = core.workload.sizeBytes[ids.shardId]!;
    const move = { ...ids, origin, bytes, keyCount: core.workload.keyCount[ids.shardId]!, bytesDone: 0 };
    if (bytes > free) return err(failure('target-out-of-memory', `${core.nodes[ids.target]!.id} has ${Math.floor(free)} of ${bytes} bytes free`, { retryable: true }));
    const ends = this.#checkEnds(move);
    return ends.ok ? ok(core.moves.add(move, core.nowMs)) : ends;
  }

  /** A secondary whose node is down is copied from the primary, so that its loss can be repaired. */
  #originOf(ids: MoveIds): number {
    const { core } = this;
    return ids.role === 'secondary' && !isServing(core.nodes[ids.source]!) ? core.placement.primary(ids.shardId) : ids.source;
  }

  #checkEnds<T extends { readonly origin: number; readonly target: number }>(move: T): Result<T, DriverFailure> {
    for (const index of [move.origin, move.target]) {
      const node = this.core.nodes[index]!;
      if (!isServing(node)) return err(nodeDown(node.id));
    }
    return ok(move);
  }
}
