/**
 * Gives what a dead node served to those that have it as well, and keeps the dead node from
 * being believed when it comes back. The fence is stored first: whatever dies after that, the
 * node that returns serves nothing that somebody else may have by then.
 */
import type { AgentCommand, CommandOutcome, HeldShard, Peer } from '@/lib/contract/agent-protocol';
import { shardCountOf } from '@/lib/contract/sharding';
import type { FencedShard, ShardBehind } from '@/lib/contract/storage';
import type { DriverFailure } from '@/lib/contract/operation';
import type { LossForecast, StepContext, StepOutcome } from '@/lib/drivers/driver';
import { err, ok, type Result } from '@/lib/platform/result';
import type { AgentCluster } from './agent-cluster';
import type { AgentSession } from './agent-session';
import { chooseSuccessor, type Copy, type Succession } from './choose-successor';
import { failureOf, INTERRUPTED } from './failures';
import type { ShardView } from './shard-view';
import { entryFromRecord, withBehind } from './sync-book';

/** Shards that are looked at or given away at once. */
const SHARDS_AT_ONCE = 64;
const NAMED_MAX = 50;

interface Verdict {
  readonly shardId: number;
  readonly succession: Succession;
  /** Where it is made anew. */
  readonly createOn: string | null;
}

export class Failover {
  readonly #running = new Set<string>();

  constructor(private readonly options: { readonly cluster: AgentCluster; readonly view: ShardView; readonly nextKey: () => string }) {}

  isRunning(nodeId: string): boolean {
    return this.#running.has(nodeId);
  }

  async foresee(nodeId: string, signal: AbortSignal): Promise<Result<LossForecast, DriverFailure>> {
    const verdicts = await this.#assess(nodeId, { acceptsLoss: false, epoch: this.options.cluster.epoch, signal });
    if (signal.aborted) return err(INTERRUPTED);
    const lost = verdicts.filter(({ succession }) => succession.kind === 'lost').map(({ shardId }) => shardId);
    const sum = (of: 'keyCount' | 'sizeBytes') => lost.reduce<number | null>((total, shardId) => {
      const value = this.options.view.known(shardId)?.metrics[of] ?? null;
      return total === null || value === null ? null : total + value;
    }, 0);
    return ok({ shardCount: lost.length, shardIds: lost.slice(0, NAMED_MAX), keyCount: sum('keyCount'), bytes: sum('sizeBytes') });
  }

  async run(nodeId: string, { acceptsLoss }: { readonly acceptsLoss: boolean }, { epoch, signal }: StepContext): Promise<Result<StepOutcome, DriverFailure>> {
    const session = this.options.cluster.session(nodeId);
    if (session?.isMember !== true) return err(failureOf('topology-changed', `There is no member ${nodeId.slice(0, 40)}`));
    if (session.isNear) return err(failureOf('refused-by-engine', `${session.record.name} answers again: nothing is taken over from a node that serves`));
    this.#running.add(nodeId);
    try {
      const verdicts = await this.#assess(nodeId, { acceptsLoss, epoch, signal });
      if (signal.aborted) return err(INTERRUPTED);
      if (!await this.#fence(session, verdicts) || !await this.#noteBehind(nodeId, verdicts)) return err(failureOf('refused-by-engine', 'The database did not take note of what is taken over', true));
      const failed: DriverFailure[] = [];
      let bytes = 0;
      for (let start = 0; start < verdicts.length; start += SHARDS_AT_ONCE) {
        const results = await Promise.all(verdicts.slice(start, start + SHARDS_AT_ONCE).map((verdict) => this.#giveAway(nodeId, verdict, { epoch, signal })));
        for (const result of results) {
          if (!result.ok) failed.push(result.error);
          else bytes += result.value;
        }
      }
      this.options.cluster.ownersChanged(this.options.view.owners());
      for (const other of this.options.cluster.sessions()) other.nudge();
      // The step again finds what was done and goes on with the rest.
      if (failed[0] !== undefined) return err({ ...failed[0], message: `${failed.length} of ${verdicts.length} shards: ${failed[0].message}`.slice(0, 1_000) });
      return ok({ bytes, keyCount: 0, nodeId: null });
    } finally {
      this.#running.delete(nodeId);
    }
  }

  async #assess(nodeId: string, options: { readonly acceptsLoss: boolean; readonly epoch: number; readonly signal: AbortSignal }): Promise<Verdict[]> {
    const { cluster, view } = this.options;
    const shardIds = Array.from({ length: shardCountOf(cluster.connection.sharding) }, (_, shardId) => shardId).filter((shardId) => view.primaryOf(shardId) === nodeId);
    const verdicts: Verdict[] = [];
    for (let start = 0; start < shardIds.length; start += SHARDS_AT_ONCE) {
      verdicts.push(...await Promise.all(shardIds.slice(start, start + SHARDS_AT_ONCE).map(async (shardId) => {
        const known = cluster.sync.of(shardId) ?? entryFromRecord(shardId, view.known(shardId), { nodeId, behind: cluster.session(nodeId)?.record.behind ?? [] });
        const holders = new Set([...view.known(shardId)?.secondaries ?? [], ...known?.secondaries ?? [], ...(known?.sealedFor == null ? [] : [known.sealedFor])]);
        const near = [...holders].flatMap((holder) => { const session = cluster.session(holder); return session?.isMember === true && session.isNear ? [session] : []; });
        const copies = await Promise.all(near.map((session) => this.#look(session, shardId, options)));
        const succession = chooseSuccessor({ deadNodeId: nodeId, known, copies, acceptsLoss: options.acceptsLoss });
        return { shardId, succession, createOn: succession.kind === 'create' ? this.#memberFor(shardId, nodeId) : null };
      })));
    }
    return verdicts;
  }

  async #look(session: AgentSession, shardId: number, { epoch, signal }: { readonly epoch: number; readonly signal: AbortSignal }): Promise<Copy> {
    const { nodeId } = session.record;
    const answer = await session.call({ kind: 'inspectShard', key: `fail-over/look/${this.options.nextKey()}`, epoch, shardId }, { signal });
    return { nodeId, shard: answer.ok ? answer.value.shard : null };
  }

  /** Everything that is taken over, and every other copy that the node had: once it was called dead, nothing of it counts. */
  #fence(session: AgentSession, verdicts: readonly Verdict[]): Promise<boolean> {
    const { record } = session;
    const { cluster, view } = this.options;
    const fenced = new Map<number, FencedShard>((record.fence?.shards ?? []).map((shard) => [shard.shardId, shard]));
    for (const { shardId, succession, createOn } of verdicts) {
      if (succession.kind === 'done') fenced.set(shardId, { shardId, epoch: succession.shard.epoch, successorId: succession.nodeId });
      else if (succession.kind !== 'lost') fenced.set(shardId, { shardId, epoch: succession.epoch, successorId: succession.kind === 'create' ? createOn : succession.nodeId });
    }
    for (let shardId = 0; shardId < shardCountOf(cluster.connection.sharding); shardId += 1) {
      const known = view.known(shardId);
      if (known?.secondaries.includes(record.nodeId) === true && known.primary !== record.nodeId) fenced.set(shardId, { shardId, epoch: known.epoch, successorId: null });
    }
    const incarnation = Math.max(session.newest?.beat.incarnation ?? 0, record.fence?.incarnation ?? 0);
    return cluster.change(record.nodeId, (now) => ({ ...now, fence: { incarnation, shards: [...fenced.values()] } }));
  }

  /** Nobody is in sync with a primary that takes over: known for good before it does. */
  async #noteBehind(deadNodeId: string, verdicts: readonly Verdict[]): Promise<boolean> {
    const { cluster, view } = this.options;
    const bySuccessor = new Map<string, ShardBehind[]>();
    for (const { shardId, succession } of verdicts) {
      if (succession.kind !== 'take-over') continue;
      const nodeIds = [...view.known(shardId)?.secondaries ?? [], deadNodeId].filter((nodeId) => nodeId !== succession.nodeId);
      bySuccessor.set(succession.nodeId, [...bySuccessor.get(succession.nodeId) ?? [], { shardId, epoch: succession.epoch, nodeIds }]);
    }
    for (const [nodeId, told] of bySuccessor) {
      const isKept = await cluster.change(nodeId, (record) => { const behind = withBehind(record, told); return behind === null ? record : { ...record, behind }; });
      if (!isKept) return false;
    }
    return true;
  }

  /** @returns bytes that the shard has, as far as it is known */
  async #giveAway(deadNodeId: string, { shardId, succession, createOn }: Verdict, { epoch, signal }: Pick<StepContext, 'epoch' | 'signal'>): Promise<Result<number, DriverFailure>> {
    const { cluster, view } = this.options;
    if (succession.kind === 'lost') return ok(0);
    if (succession.kind === 'done') {
      view.tookOver(succession.nodeId, succession.shard);
      return ok(0);
    }
    const known = view.known(shardId);
    const sealedFor = cluster.sync.of(shardId)?.sealedFor ?? null;
    const nodeId = succession.kind === 'create' ? createOn : succession.nodeId;
    const primary = nodeId === null ? null : cluster.peerOf(nodeId);
    if (nodeId === null || primary === null) return err(failureOf('node-down', `Nobody is left to take shard ${shardId}`, true));
    // The target of a handover that the dead node had begun must not take over as well.
    if (sealedFor !== null && sealedFor !== nodeId) {
      const dropped = await this.#order(sealedFor, { kind: 'dropShard', shardId, shardEpoch: succession.epoch, superseded: true }, { epoch, signal });
      if (!dropped.ok) return dropped;
    }
    const secondaries = [...known?.secondaries ?? [], deadNodeId].filter((other) => other !== nodeId).map((other) => cluster.peerOf(other)).filter((peer): peer is Peer => peer !== null);
    const create = succession.kind === 'create';
    const taken = await this.#order(nodeId, { kind: 'setRole', shardId, role: 'primary', shardEpoch: succession.epoch, primary, secondaries: create ? [] : secondaries, create, takeOver: !create }, { epoch, signal });
    if (!taken.ok) return taken;
    const held = taken.value.shard ?? heldAnew(shardId, succession.epoch);
    view.tookOver(nodeId, held);
    cluster.sync.note(nodeId, [held]);
    return ok(known?.metrics.sizeBytes ?? 0);
  }

  async #order(nodeId: string, order: Omit<Extract<AgentCommand, { kind: 'dropShard' }>, 'key' | 'epoch'> | Omit<Extract<AgentCommand, { kind: 'setRole' }>, 'key' | 'epoch'>, { epoch, signal }: Pick<StepContext, 'epoch' | 'signal'>): Promise<Result<CommandOutcome, DriverFailure>> {
    const session = this.options.cluster.session(nodeId);
    if (session === null) return err(failureOf('topology-changed', `There is no member ${nodeId.slice(0, 40)}`));
    return await session.call({ ...order, key: `fail-over/${order.kind}/${this.options.nextKey()}`, epoch }, { signal });
  }

  /** Shards that are made anew are spread over the living. */
  #memberFor(shardId: number, exceptId: string): string | null {
    const living = this.options.cluster.sessions().filter((session) => session.isMember && session.isNear && session.record.nodeId !== exceptId);
    return living[shardId % Math.max(1, living.length)]?.record.nodeId ?? null;
  }
}

function heldAnew(shardId: number, epoch: number): HeldShard {
  return { shardId, role: 'primary', epoch, version: 0, secondaries: [], inSync: [], syncGeneration: 0, peerNodeId: null, sealed: false };
}
