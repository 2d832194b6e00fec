import type { DriverFailure } from '@/lib/contract/operation';
import type { RedisConnection } from '@/lib/contract/connection';
import type { MendResult } from '@/lib/contract/shard-mending';
import { nextOf } from '@/lib/core/mending/remedy-of';
import { nameIn, type ShardFacts } from '@/lib/core/mending/shard-facts';
import type { MendOrder, StepContext } from '@/lib/drivers/driver';
import { sleep } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import { ByteThrottle } from './byte-throttle';
import { DoubtfulKeys } from './doubtful-keys';
import { driverFailure, failureOf, INTERRUPTED } from './failures';
import type { Command, NodeClient } from './node-client';
import { parseFields, textOf } from './replies';
import type { LookerOptions, SlotLook, SlotLooker } from './slot-looker';
import type { SlotMover } from './slot-mover';
import { gatherStrays } from './stray-keys';
import { TargetMemory } from './target-memory';
import { lineIn } from './slot-truth';
import { isPrimary, ownerInView, SLOT_COUNT } from './topology';
import { clearMark, leftByMark } from './unseen-keys';

/** The nodes hear of each other within half a node time-out, and serve again up to 5 s after that (cluster.c, rejoin delay). */
const SERVING_MS_MAX = 25_000;
const AGREED_MS_MAX = 20_000;
const LOOK_EVERY_MS = 200;
const KEPT_LISTED_MAX = 100;

interface MenderOptions extends LookerOptions {
  readonly connection: RedisConnection;
  readonly looker: SlotLooker;
  readonly mover: SlotMover;
}

type Tally = { -readonly [K in keyof MendResult]: MendResult[K] };

/**
 * Carries a remedy out. Every part of it looks at what is true first and leaves alone what
 * is done, so that the same order again goes on where the last one ended: slots are taken
 * by who is to serve them, under an epoch above all others, and everybody is told; a
 * half-done move is finished by the mover; stray keys are gathered; marks without keys are
 * cleared; and at the end every primary must name the same owner.
 */
export class SlotMender {
  readonly #options: MenderOptions;
  readonly #memory: TargetMemory;

  constructor(options: MenderOptions) {
    this.#options = options;
    this.#memory = new TargetMemory({ clock: options.clock, timeoutMs: options.timeoutMs });
  }

  async mend(order: MendOrder, context: StepContext): Promise<Result<MendResult, DriverFailure>> {
    const refused = order.shardIds.find((slot) => slot >= SLOT_COUNT);
    if (refused !== undefined) return err(failureOf('not-owner', `There is no slot ${refused}: Redis Cluster has 16384`));
    const look = await this.#look(order, context);
    if (!look.ok) return look;
    const missing = this.#missing(order, look.value);
    if (missing !== null) return err(missing);
    const tally: Tally = { shardsMended: 0, keysMoved: 0, keysKept: 0, keptShardIds: [], keptExample: null };
    const next = new Map(look.value.shards.map((facts) => [facts, nextOf(order.remedy, facts, order.lostNodeIds)]));
    const having = (what: 'take' | 'finish') => [...next].filter(([, one]) => one === what).map(([{ shardId }]) => shardId);
    const changed = [...next].find(([, what]) => what === 'changed')?.[0];
    if (changed !== undefined) return err(this.#changed(order, changed, look.value));
    const { activity } = this.#options;
    const taken = await activity.exclusivelyAll(order.shardIds, () => this.#take(order, having('take'), look.value));
    if (taken !== null) return err(taken);
    const finished = await this.#finish(order, having('finish'), { context, tally });
    if (finished !== null) return err(finished);
    const settled = await activity.exclusivelyAll(order.shardIds, () => this.#settle(order, { context, tally }));
    return settled === null ? ok(tally) : err(settled);
  }

  async #look({ shardIds }: MendOrder, { signal }: Pick<StepContext, 'signal'>): Promise<Result<SlotLook, DriverFailure>> {
    return signal.aborted ? err(INTERRUPTED) : await this.#options.looker.look({ shardIds, signal });
  }

  /** Who was found to have keys or marks must be heard: what a node has that is away now would stay behind, and nobody would know. */
  #missing({ remedy, lostNodeIds }: MendOrder, { truth, nodes }: SlotLook): DriverFailure | null {
    const concerned = [remedy.toNodeId, ...(remedy.sourceNodeId === null ? [] : [remedy.sourceNodeId]), ...remedy.gathersFrom.map(({ nodeId }) => nodeId), ...remedy.closesOn];
    const silent = concerned.find((id) => !lostNodeIds.includes(id) && !truth.views.has(id));
    return silent === undefined ? null : failureOf('node-down', `${nameIn(nodes, silent)} does not answer; what it has of these slots is not known`, true);
  }

  #changed({ remedy }: MendOrder, { shardId, claimedBy, formerOwnerId }: ShardFacts, { nodes }: SlotLook): DriverFailure {
    const owners = claimedBy.length > 0 ? claimedBy : formerOwnerId === null ? [] : [formerOwnerId];
    return failureOf('topology-changed', `Slot ${shardId} is not as it was when this was approved: ${owners.map((id) => nameIn(nodes, id)).join(', ') || 'nobody'} serves it, and ${nameIn(nodes, remedy.toNodeId)} was to; nothing of it was touched. Look again`);
  }

  /**
   * The taker first, in one write with a config epoch above all that it knows, so that no
   * claim of an older owner wins over it; then all others, whose view would follow slowly.
   */
  async #take({ remedy: { toNodeId }, lostNodeIds }: MendOrder, slots: readonly number[], look: SlotLook): Promise<DriverFailure | null> {
    if (slots.length === 0) return null;
    const { looker, mover } = this.#options;
    const client = looker.client(look.truth, toNodeId);
    const view = look.truth.views.get(toNodeId);
    if (client === null || view === undefined) return failureOf('node-down', `${nameIn(look.nodes, toNodeId)} does not answer as a primary`, true);
    const absent = [...look.nodes.values()].find(({ nodeId, state }) => state !== 'serving' && !lostNodeIds.includes(nodeId));
    if (absent !== undefined) return failureOf('node-down', `${absent.name} does not answer and may have keys of these slots`, true);
    const marked = await this.#markHolders(look, slots, toNodeId);
    if (marked !== null) return marked;
    const free = slots.filter((slot) => ownerInView(view, slot) === null);
    // ADDSLOTS refuses what somebody has taken meanwhile; of an owner that is gone the node must be told otherwise.
    const bound = slots.filter((slot) => ownerInView(view, slot) !== null);
    const commands: Command[] = [...(free.length === 0 ? [] : [['CLUSTER', 'ADDSLOTS', ...free] as const]), ...bound.map((slot): Command => ['CLUSTER', 'SETSLOT', slot, 'NODE', toNodeId]), ['CLUSTER', 'BUMPEPOCH']];
    const replies = await client.pipeline(commands, { timeoutMs: this.#longMs() });
    const failed = replies.find((reply) => !reply.ok);
    if (failed?.ok === false) return { ...driverFailure(failed.error, `${client.address}: taking ${slots.length} slots`), code: failed.error.kind === 'error-reply' ? 'topology-changed' : 'connection-lost' };
    mover.noteGiven(slots, toNodeId);
    const epoch = await this.#epochOf(client);
    const older = Math.max(0, ...lostNodeIds.map((id) => lineIn(look.truth, id)?.configEpoch ?? 0));
    if (epoch !== null && epoch <= older) return failureOf('verification-failed', `${client.address} has config epoch ${epoch}, not above ${older} of a node that is gone: it would lose the slots to it`, true);
    await this.#tell(look, slots, toNodeId);
    return null;
  }

  /**
   * A node that begins anew with keys of a slot that nobody serves takes it by itself, and
   * drops them when it hears of an owner with a higher epoch. With this mark it does neither.
   */
  async #markHolders({ truth, shards }: SlotLook, slots: readonly number[], ownerId: string): Promise<DriverFailure | null> {
    const taken = new Set(slots);
    const held = new Map<string, number[]>();
    for (const { shardId, keys } of shards) {
      if (taken.has(shardId)) for (const id of keys.keys()) if (id !== ownerId) held.set(id, [...(held.get(id) ?? []), shardId]);
    }
    for (const [id, own] of held) {
      const client = this.#options.looker.client(truth, id);
      if (client === null) return failureOf('topology-changed', `Node ${id.slice(0, 12)} has no address that is known`, true);
      const replies = await client.pipeline(own.map((slot): Command => ['CLUSTER', 'SETSLOT', slot, 'IMPORTING', ownerId]), { timeoutMs: this.#longMs() });
      for (const reply of replies) if (!reply.ok) return driverFailure(reply.error, `${client.address}: SETSLOT IMPORTING`);
    }
    return null;
  }

  async #epochOf(client: NodeClient): Promise<number | null> {
    const text = textOf(await client.call(['CLUSTER', 'INFO'], { timeoutMs: this.#options.timeoutMs }), 'CLUSTER INFO');
    const epoch = text.ok ? Number(parseFields(text.value).get('cluster_my_epoch')) : NaN;
    return Number.isFinite(epoch) ? epoch : null;
  }

  /** Primaries that do not name it; those that cannot be reached learn it by gossip. A node is never told to give a slot away that it serves itself. */
  async #tell(look: SlotLook, slots: readonly number[], ownerId: string): Promise<void> {
    const { looker } = this.#options;
    await Promise.all([...look.truth.views].map(async ([id, view]) => {
      const client = looker.client(look.truth, id);
      if (id === ownerId || !isPrimary(view.self) || client === null) return;
      const unaware = slots.filter((slot) => ![id, ownerId].includes(ownerInView(view, slot) ?? ''));
      await client.pipeline(unaware.map((slot): Command => ['CLUSTER', 'SETSLOT', slot, 'NODE', ownerId]), { timeoutMs: this.#longMs() });
    }));
  }

  /** By the mover, as any move that stands half-way. Keys with two values stay on both ends and leave the slot open. */
  async #finish({ remedy }: MendOrder, slots: readonly number[], { context, tally }: { readonly context: StepContext; readonly tally: Tally }): Promise<DriverFailure | null> {
    const { sourceNodeId } = remedy;
    if (slots.length === 0 || sourceNodeId === null) return null;
    const moves = slots.map((shardId) => ({ shardId, role: 'primary' as const, sourceNodeId, targetNodeId: remedy.toNodeId }));
    const results = await this.#options.mover.moveBatch(moves, { ...context, onProgress: (_, progress) => { context.onProgress(progress); } });
    for (const [index, result] of results.entries()) {
      if (result.ok) tally.keysMoved += result.value.keyCount;
      else if (result.error.code === 'busy-key') keep(tally, slots[index]!, { keysKept: 1, keptExample: result.error.message });
      else return result.error;
    }
    return null;
  }

  async #settle(order: MendOrder, { context, tally }: { readonly context: StepContext; readonly tally: Tally }): Promise<DriverFailure | null> {
    const { remedy, shardIds } = order;
    if (remedy.gathersFrom.length > 0) {
      const gathered = await this.#gather(order, { context, tally });
      if (gathered !== null) return gathered;
    }
    const look = await this.#look(order, context);
    if (!look.ok) return look.error;
    const missing = this.#missing(order, look.value);
    if (missing !== null) return missing;
    const settled = look.value.shards.filter(({ shardId }) => !tally.keptShardIds.includes(shardId));
    // Those that we set to gather keys as well: whoever goes on after a kill finds them without keys.
    const closed = remedy.closesOn.length + remedy.gathersFrom.length === 0 ? null : await this.#close(settled, look.value, remedy.toNodeId);
    if (closed !== null) return closed;
    // A half-done move with keys of two values has its old owner still.
    const kept = remedy.kind === 'finish' ? tally.keptShardIds : [];
    const agreed = await this.#untilAgreed({ ...order, shardIds: shardIds.filter((slot) => !kept.includes(slot)) }, context);
    if (agreed === null) tally.shardsMended = shardIds.length - tally.keptShardIds.length;
    return agreed;
  }

  async #gather(order: MendOrder, { context, tally }: { readonly context: StepContext; readonly tally: Tally }): Promise<DriverFailure | null> {
    const look = await this.#look(order, context);
    if (!look.ok) return look.error;
    const { toNodeId } = order.remedy;
    const throttle = new ByteThrottle({ clock: this.#options.clock, bytesPerSecondMax: context.bytesPerSecondMax });
    let done = { keysDone: tally.keysMoved, bytesDone: 0 };
    for (const { shardId, keys, claimedBy } of look.value.shards) {
      for (const strayNodeId of [...keys.keys()].filter((id) => id !== toNodeId)) {
        if (claimedBy.length !== 1 || claimedBy[0] !== toNodeId) continue;
        const ends = this.#endsOf(look.value, strayNodeId, toNodeId);
        if (!ends.ok) return ends.error;
        const down = await this.#untilServing([ends.value.source, ends.value.target], context);
        if (down !== null) return down;
        const before = done;
        const gathered = await gatherStrays(
          { slot: shardId, strayNodeId, ownerNodeId: toNodeId, ends: ends.value, throttle, memory: this.#memory, timeoutMs: this.#longMs() },
          { ...context, onProgress: ({ stage, keysDone, bytesDone }) => { context.onProgress({ stage, keysDone: before.keysDone + keysDone, bytesDone: before.bytesDone + bytesDone }); } },
        );
        if (!gathered.ok) return gathered.error;
        done = { keysDone: done.keysDone + gathered.value.keysMoved, bytesDone: done.bytesDone + gathered.value.bytes };
        tally.keysMoved += gathered.value.keysMoved;
        if (gathered.value.keysKept > 0) keep(tally, shardId, gathered.value);
      }
    }
    return null;
  }

  #endsOf({ truth, nodes }: SlotLook, sourceId: string, targetId: string): Result<Parameters<typeof gatherStrays>[0]['ends'], DriverFailure> {
    const { looker, connections, reader, connection, timeoutMs } = this.#options;
    const source = looker.client(truth, sourceId);
    const target = looker.client(truth, targetId);
    const sourceEndpoint = reader.endpointOf(sourceId) ?? lineIn(truth, sourceId)?.endpoint ?? null;
    const targetEndpoint = truth.views.get(sourceId)?.nodes.get(targetId)?.endpoint ?? null;
    if (source === null || target === null || sourceEndpoint === null || targetEndpoint === null) {
      return err(failureOf('topology-changed', `${nameIn(nodes, sourceId)} and ${nameIn(nodes, targetId)} do not know each other's address`, true));
    }
    return ok({ source, target, targetEndpoint, migrate: connections.client(sourceEndpoint, 'migrate'), credentials: connection, commandTimeoutMs: timeoutMs, targetHealth: { isSuspect: false }, doubtful: new DoubtfulKeys() });
  }

  /** A node that finds slots unserved moves no keys (CLUSTERDOWN), and for some seconds after that. */
  async #untilServing(ends: readonly NodeClient[], { signal }: StepContext): Promise<DriverFailure | null> {
    const { clock, timeoutMs } = this.#options;
    const deadlineMs = clock.monotonicMs() + SERVING_MS_MAX;
    for (;;) {
      let down: string | null = null;
      for (const client of ends) {
        const text = textOf(await client.call(['CLUSTER', 'INFO'], { timeoutMs }), 'CLUSTER INFO');
        if (!text.ok) return driverFailure(text.error, `${client.address}: CLUSTER INFO`);
        const fields = parseFields(text.value);
        if (fields.get('cluster_state') !== 'ok') down = `${client.address} serves and moves no keys (cluster_state:${fields.get('cluster_state') ?? 'unknown'}, ${fields.get('cluster_slots_ok') ?? '?'} of 16384 slots are fine)`;
      }
      if (down === null) return null;
      if (signal.aborted) return INTERRUPTED;
      if (clock.monotonicMs() > deadlineMs) return failureOf('refused-by-engine', `${down}: mend the other slots first, then the keys that are left`);
      await sleep(clock, LOOK_EVERY_MS, signal).catch(() => undefined);
    }
  }

  /** Importing ends first: from then on they take no write of a redirected client, so a count of 0 in the same write is final. The owner is last. */
  async #close(shards: readonly ShardFacts[], look: SlotLook, ownerId: string): Promise<DriverFailure | null> {
    const marked = [...new Set(shards.flatMap(({ marks }) => marks.map(({ nodeId }) => nodeId)))].sort((a, b) => Number(a === ownerId) - Number(b === ownerId));
    for (const nodeId of marked) {
      const client = this.#options.looker.client(look.truth, nodeId);
      if (client === null) return failureOf('node-down', `${nameIn(look.nodes, nodeId)} has no address that is known`, true);
      const slots = shards.filter(({ marks }) => marks.some((mark) => mark.nodeId === nodeId)).map(({ shardId }) => shardId);
      const replies = await client.pipeline(slots.flatMap(clearMark), { timeoutMs: this.#longMs() });
      for (const [index, slot] of slots.entries()) {
        const left = leftByMark(replies.slice(3 * index, 3 * index + 3), { address: client.address, slot });
        if (!left.ok) return left.error;
        if (nodeId === ownerId || left.value === 0) continue;
        await client.call(['CLUSTER', 'SETSLOT', slot, 'IMPORTING', ownerId], { timeoutMs: this.#options.timeoutMs });
        return failureOf('topology-changed', `${client.address} has keys of slot ${slot} now, which it had not when this was approved; the mark stays. Look again`);
      }
    }
    return null;
  }

  /** Every primary that answers names the same owner: those that do not are told again. */
  async #untilAgreed(order: MendOrder, context: StepContext): Promise<DriverFailure | null> {
    const { clock } = this.#options;
    const { toNodeId } = order.remedy;
    const deadlineMs = clock.monotonicMs() + AGREED_MS_MAX;
    for (;;) {
      const look = await this.#look(order, context);
      if (!look.ok) return look.error;
      const lost = look.value.shards.find(({ claimedBy }) => claimedBy.length !== 1 || claimedBy[0] !== toNodeId);
      const unaware = [...look.value.truth.views.values()].filter((view) => isPrimary(view.self)).find((view) => order.shardIds.some((slot) => ownerInView(view, slot) !== toNodeId));
      if (lost !== undefined) return this.#changed(order, lost, look.value);
      if (unaware === undefined) return null;
      if (clock.monotonicMs() > deadlineMs) return failureOf('verification-failed', `${nameIn(look.value.nodes, unaware.self.id)} does not know yet who serves these slots`, true);
      await this.#tell(look.value, order.shardIds, toNodeId);
      await sleep(clock, LOOK_EVERY_MS, context.signal).catch(() => undefined);
    }
  }

  #longMs(): number {
    return Math.max(10_000, 2 * this.#options.timeoutMs);
  }
}

function keep(tally: Tally, slot: number, { keysKept, keptExample }: { readonly keysKept: number; readonly keptExample: string | null }): void {
  tally.keysKept += keysKept;
  if (tally.keptShardIds.length < KEPT_LISTED_MAX && !tally.keptShardIds.includes(slot)) tally.keptShardIds = [...tally.keptShardIds, slot];
  tally.keptExample ??= keptExample?.slice(0, 500) ?? null;
}
