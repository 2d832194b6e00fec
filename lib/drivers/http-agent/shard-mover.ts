import type { AgentCommand, CommandOutcome, HeldShard, Peer } from '@/lib/contract/agent-protocol';
import { shardCountOf } from '@/lib/contract/sharding';
import type { DriverFailure } from '@/lib/contract/operation';
import type { MoveTarget, MoveTruth, StepContext, StepOutcome } from '@/lib/drivers/driver';
import { err, ok, type Result } from '@/lib/platform/result';
import type { AgentCluster } from './agent-cluster';
import type { CallOptions } from './agent-session';
import { failureOf, INTERRUPTED } from './failures';
import { findPrimaryMove, findSecondaryMove, truthOf, type MoveFinding } from './find-move';
import type { ShardView } from './shard-view';

/** Looking, doing and looking again: a move that is not settled then has somebody working against it. */
const TRIES_MAX = 4;

type WithoutKey<C> = C extends AgentCommand ? Omit<C, 'key' | 'epoch'> : never;
type Order = WithoutKey<AgentCommand>;
type Answer = Result<CommandOutcome, DriverFailure>;

interface Found {
  readonly finding: MoveFinding;
  readonly source: HeldShard | null;
  readonly target: HeldShard | null;
  /** Who the orders go to, and what it says of the shard. */
  readonly primaryNodeId: string;
  readonly primary: HeldShard | null;
}

interface Orders {
  readonly epoch: number;
  readonly idempotencyKey: string;
  readonly call: CallOptions;
}

/** Moves, reverts and transfers by orders to the agents: finds out what is true, orders what is next, and looks again. */
export class ShardMover {
  constructor(private readonly options: { readonly cluster: AgentCluster; readonly view: ShardView; readonly nextKey: () => string }) {}

  async inspect(move: MoveTarget, signal: AbortSignal): Promise<Result<MoveTruth, DriverFailure>> {
    const found = await this.#find(move, { epoch: 0, idempotencyKey: 'inspect', call: { signal } });
    return found.ok ? ok(truthOf(found.value.finding, found.value)) : found;
  }

  async move(move: MoveTarget, context: StepContext): Promise<Result<StepOutcome, DriverFailure>> {
    const orders = ordersOf(context);
    let copied: CommandOutcome | null = null;
    let pausedMs: number | undefined;
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const found = await this.#find(move, orders);
      if (!found.ok) return found;
      const { finding } = found.value;
      if (finding.state === 'done') return ok({ bytes: copied?.bytes ?? 0, keyCount: copied?.keyCount ?? 0, nodeId: null, ...(pausedMs !== undefined && { pausedMs }) });
      if (finding.state === 'elsewhere') return err(failureOf('not-owner', `${this.#nameOf(move.sourceNodeId)} does not hold shard ${move.shardId} as ${move.role} (any more)`));
      if (finding.state === 'untouched' && found.value.target !== null) return err(failureOf('topology-changed', `${this.#nameOf(move.targetNodeId)} holds a copy of shard ${move.shardId} already`));
      const advanced = await this.#advance(move, found.value, orders);
      if (!advanced.ok) return advanced;
      copied = advanced.value?.copied ?? copied;
      pausedMs = advanced.value?.pausedMs ?? pausedMs;
    }
    return err(failureOf('topology-changed', `Shard ${move.shardId} does not come to rest: somebody else works on it`, true));
  }

  /** Back to the source: what the target has is dropped, and the target made to refuse the handover, before the source serves again. */
  async revert(move: MoveTarget, context: StepContext): Promise<Result<StepOutcome, DriverFailure>> {
    const orders = ordersOf(context);
    const found = await this.#find(move, orders);
    if (!found.ok) return found;
    const { finding, source, target, primary } = found.value;
    const nothing = ok({ bytes: 0, keyCount: 0, nodeId: null });
    if (finding.state === 'untouched') return nothing;
    if (finding.state !== 'moving' || finding.next === 'settle' || finding.next === 'clear') return err(failureOf('topology-changed', `Shard ${move.shardId} has gone over to ${this.#nameOf(move.targetNodeId)}: a move back is a move of its own`));
    const epoch = (primary?.epoch ?? 0) + (source?.sealed === true ? 2 : 0);
    if (target !== null) {
      const dropped = await this.#order(move.targetNodeId, { kind: 'dropShard', shardId: move.shardId, shardEpoch: epoch, superseded: false }, orders);
      if (!dropped.ok) return dropped;
    }
    if (source?.sealed !== true) return nothing;
    const self = this.#peerOf(move.sourceNodeId);
    if (self === null) return err(this.#unknown(move.sourceNodeId));
    const served = await this.#order(move.sourceNodeId, { kind: 'setRole', shardId: move.shardId, role: 'primary', shardEpoch: epoch, primary: self, secondaries: [], create: false, takeOver: false }, orders);
    return served.ok ? nothing : served;
  }

  async transfer(step: { readonly shardId: number; readonly sourceNodeId: string; readonly targetNodeId: string }, context: StepContext): Promise<Result<StepOutcome, DriverFailure>> {
    const { shardId, sourceNodeId, targetNodeId } = step;
    const orders = ordersOf(context);
    const target = this.#peerOf(targetNodeId);
    if (target === null) return err(this.#unknown(targetNodeId));
    const ends = await this.#ends({ ...step, role: 'primary' }, orders);
    if (!ends.ok) return ends;
    const { source, target: held } = ends.value;
    const nothing = ok({ bytes: 0, keyCount: 0, nodeId: null });
    if (held?.role === 'primary' && source?.role !== 'primary') return nothing;
    if (source?.role !== 'primary') return err(failureOf('not-owner', `${this.#nameOf(sourceNodeId)} is not the primary of shard ${shardId}`));
    if (held?.role !== 'secondary' && !source.sealed) return err(failureOf('topology-changed', `${this.#nameOf(targetNodeId)} holds no copy of shard ${shardId}`));
    context.onProgress({ stage: 'committing', bytesDone: 0, keysDone: 0 });
    const handed = await this.#order(sourceNodeId, { kind: 'setRole', shardId, role: 'secondary', shardEpoch: source.epoch + 1, primary: target, secondaries: [], create: false, takeOver: false }, orders);
    return handed.ok ? nothing : handed;
  }

  async #advance(move: MoveTarget, found: Found, orders: Orders): Promise<Result<{ readonly copied: CommandOutcome | null; readonly pausedMs: number | undefined } | null, DriverFailure>> {
    const { finding, primaryNodeId, primary } = found;
    const target = this.#peerOf(move.targetNodeId);
    if (target === null) return err(this.#unknown(move.targetNodeId));
    if (finding.state === 'moving' && finding.next === 'clear') {
      const cleared = await this.#order(move.sourceNodeId, { kind: 'dropShard', shardId: move.shardId, shardEpoch: Math.max(found.target?.epoch ?? 0, found.source?.epoch ?? 0), superseded: false }, orders);
      return cleared.ok ? ok(null) : cleared;
    }
    const { shardId, role } = move;
    let copied: CommandOutcome | null = null;
    if (finding.state !== 'moving' || finding.next === 'copy') {
      // It was to leave, and whoever let it go ended before it could tell it that it stays.
      if (this.options.cluster.session(move.targetNodeId)?.newest?.beat.draining === true) {
        const opened = await this.#order(move.targetNodeId, { kind: 'drain', draining: false }, orders);
        if (!opened.ok) return opened;
      }
      const copy = await this.#order(primaryNodeId, { kind: 'copyShard', shardId, target, bytesPerSecondMax: atLeastOne(orders.call.bytesPerSecondMax?.() ?? null) }, orders);
      if (!copy.ok) return copy;
      copied = copy.value;
      const verified = await this.#order(primaryNodeId, { kind: 'verifyShard', shardId, target }, orders);
      if (!verified.ok) return verified;
    }
    if (orders.call.signal.aborted) return err(INTERRUPTED);
    const committed = await this.#order(primaryNodeId, { kind: 'commitShard', shardId, target, role, shardEpoch: (primary?.epoch ?? 0) + 1, replaces: role === 'secondary' ? move.sourceNodeId : null }, orders);
    return committed.ok ? ok({ copied, pausedMs: committed.value.pausedMs }) : committed;
  }

  async #find(move: MoveTarget, orders: Orders): Promise<Result<Found, DriverFailure>> {
    const ends = await this.#ends(move, orders);
    if (!ends.ok) return ends;
    const { source, target } = ends.value;
    if (move.role === 'primary') {
      return ok({ finding: findPrimaryMove(ends.value, move), source, target, primaryNodeId: move.sourceNodeId, primary: source });
    }
    const found = await this.#findPrimary(move.shardId, [source?.peerNodeId, target?.peerNodeId, this.options.view.primaryOf(move.shardId)], orders);
    if (!found.ok) return found;
    if (found.value === null) return ok({ finding: { state: 'elsewhere' }, source, target, primaryNodeId: move.sourceNodeId, primary: null });
    const { nodeId, primary } = found.value;
    return ok({ finding: findSecondaryMove({ source, target, primary }, move), source, target, primaryNodeId: nodeId, primary });
  }

  /** Who serves the shard, starting from those that are said to: a copy may not have heard yet of a primary that changed. */
  async #findPrimary(shardId: number, hints: readonly (string | null | undefined)[], orders: Orders): Promise<Result<{ readonly nodeId: string; readonly primary: HeldShard } | null, DriverFailure>> {
    const toAsk = hints.filter((nodeId): nodeId is string => nodeId != null);
    const asked = new Set<string>();
    for (let nodeId = toAsk.shift(); nodeId !== undefined; nodeId = toAsk.shift()) {
      if (asked.has(nodeId) || this.#peerOf(nodeId) === null) continue;
      asked.add(nodeId);
      const answer = await this.#inspect(nodeId, shardId, orders);
      if (!answer.ok) return answer;
      if (answer.value?.role === 'primary') return ok({ nodeId, primary: answer.value });
      if (answer.value?.peerNodeId != null) toAsk.push(answer.value.peerNodeId);
    }
    return ok(null);
  }

  async #ends({ shardId, role, sourceNodeId, targetNodeId }: { readonly shardId: number; readonly role: 'primary' | 'secondary'; readonly sourceNodeId: string; readonly targetNodeId: string }, orders: Orders): Promise<Result<{ source: HeldShard | null; target: HeldShard | null }, DriverFailure>> {
    for (const nodeId of [sourceNodeId, targetNodeId]) if (this.#peerOf(nodeId) === null) return err(this.#unknown(nodeId));
    if (shardId >= shardCountOf(this.options.cluster.connection.sharding)) return err(failureOf('topology-changed', `There is no shard ${shardId}`));
    // A copy is made from the primary: one on a node that is gone need not be asked for, nor dropped.
    const isGone = role === 'secondary' && this.options.cluster.session(sourceNodeId)?.isNear !== true;
    const [source, target] = await Promise.all([isGone ? ok(null) : this.#inspect(sourceNodeId, shardId, orders), this.#inspect(targetNodeId, shardId, orders)]);
    if (!source.ok) return source;
    return target.ok ? ok({ source: source.value, target: target.value }) : target;
  }

  async #inspect(nodeId: string, shardId: number, orders: Orders): Promise<Result<HeldShard | null, DriverFailure>> {
    const answer = await this.#order(nodeId, { kind: 'inspectShard', shardId }, orders);
    return answer.ok ? ok(answer.value.shard) : answer;
  }

  async #order(nodeId: string, order: Order, orders: Orders): Promise<Answer> {
    const session = this.options.cluster.session(nodeId);
    if (session === null) return err(this.#unknown(nodeId));
    // A try of its own: what a node did for an earlier try, it finds by looking at its disk.
    const key = `${orders.idempotencyKey}/${order.kind}/${this.options.nextKey()}`.slice(-256);
    const isTold = order.kind === 'copyShard' || order.kind === 'verifyShard' || order.kind === 'commitShard';
    return await session.call({ ...order, key, epoch: orders.epoch }, isTold ? orders.call : { signal: orders.call.signal });
  }

  #peerOf(nodeId: string): Peer | null {
    return this.options.cluster.peerOf(nodeId);
  }

  #nameOf(nodeId: string): string {
    return this.options.cluster.session(nodeId)?.record.name ?? nodeId.slice(0, 40);
  }

  #unknown(nodeId: string): DriverFailure {
    return failureOf('topology-changed', `There is no member ${nodeId.slice(0, 40)}`);
  }
}

/** Each order tells its own progress; a step's totals never go back. */
function ordersOf({ epoch, idempotencyKey, signal, bytesPerSecondMax, onProgress }: StepContext): Orders {
  let [bytesDone, keysDone] = [0, 0];
  return {
    epoch, idempotencyKey,
    call: {
      signal, bytesPerSecondMax,
      onProgress: (progress) => {
        bytesDone = Math.max(bytesDone, progress.bytesDone);
        keysDone = Math.max(keysDone, progress.keysDone);
        onProgress({ stage: progress.stage, bytesDone, keysDone });
      },
    },
  };
}

function atLeastOne(limit: number | null): number | null {
  return limit === null ? null : Math.max(1, limit);
}
