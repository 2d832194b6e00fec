/**
 * Bringing a shard to another node and giving it away, from the side of its primary.
 *
 * Rows carry the number of the write that made them, and a copy is sent in the order of these
 * numbers. So a copy that was broken off goes on from the highest number the target has, and
 * what clients write meanwhile simply comes later in the same order: there is no second
 * mechanism for catching up, and secondaries are kept and brought back by the same one.
 *
 * The handover is the only moment when clients wait. In the shard's line, with nothing under
 * way: the last rows, then "sealed" on our disk, then "activated" on the target's, then "gone"
 * on ours. Between the second and the third nobody serves; after a crash there the command
 * comes again and finds out from the target how far it got. Two primaries cannot be: the old
 * one never serves again once it is sealed, unless it is told so under a higher epoch, which
 * the target has by then been made to refuse.
 */
import type { CommandOutcome, Peer } from '@/lib/contract/agent-protocol';
import type { DriverFailure } from '@/lib/contract/operation';
import { sleep, type Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import type { CommandContext } from '../managed-database';
import type { NodeStore, ShardRecord } from './node-store';
import type { PeerClient } from './peer-client';
import type { CopyState, PeerRefusal } from './peer-protocol';
import { EMPTY_DIGEST, rowBytes } from './rows';
import type { ShardPipe } from './shard-pipe';

const BATCH_BYTES_MAX = 256 * 1024;
/** With a limit, a batch is what may go in this time, so that progress stays smooth and a stop is near. */
const BATCH_SECONDS = 0.05;
/** A copy has arrived when so few writes are missing; the handover brings the rest. */
const LAG_WRITES_MAX = 200;
const QUICK_TIMEOUT_MS = 3_000;
const VERIFY_TIMEOUT_MS = 60_000;

type Outcome = Result<CommandOutcome, DriverFailure>;

interface TransferOptions {
  readonly store: NodeStore;
  readonly peers: PeerClient;
  readonly clock: Clock;
  readonly self: () => Peer;
  readonly pipeOf: (shardId: number) => ShardPipe;
}

export class ShardTransfer {
  constructor(private readonly options: TransferOptions) {}

  /** Fills a copy on `target` until it lacks next to nothing. */
  async copy(shardId: number, target: Peer, context: CommandContext): Promise<Outcome> {
    const record = this.#servingPrimary(shardId);
    if (!record.ok) return record;
    const { epoch, lineage, gcFloor, ancestor } = record.value;
    const begun = await this.options.peers.call(target, shardId, 'import', { epoch, lineage, gcFloor, ancestor, primary: this.options.self() }, VERIFY_TIMEOUT_MS);
    if (!begun.ok) return err(failureOf(begun.error));
    let bytesDone = begun.value.sizeBytes;
    let keysDone = begun.value.keyCount;
    let bytesSent = 0;
    const pace = new Pace(this.options.clock, context);
    context.onProgress({ stage: 'copying', bytesDone, keysDone });
    const copied = await this.options.pipeOf(shardId).catchUp(target, begun.value, {
      epoch, atLeast: record.value.version, lagMax: LAG_WRITES_MAX, batchBytes: () => pace.batchBytes(),
      onBatch: async (rows) => {
        const bytes = rows.reduce((sum, row) => sum + rowBytes(row), 0);
        bytesSent += bytes;
        bytesDone += bytes;
        keysDone += rows.length;
        context.onProgress({ stage: 'copying', bytesDone, keysDone });
        return await pace.wait(bytes);
      },
    });
    if (!copied.ok) return err(failureOf(copied.error));
    if (context.signal.aborted) return err(INTERRUPTED);
    return ok({ bytes: Math.max(bytesSent, bytesDone), keyCount: keysDone, shard: null });
  }

  /** What the target reads from its disk, brought to the same version, equals what is here (M7). */
  async verify(shardId: number, target: Peer): Promise<Outcome> {
    const record = this.#servingPrimary(shardId);
    if (!record.ok) return record;
    const read = await this.options.peers.call(target, shardId, 'verify', {}, VERIFY_TIMEOUT_MS);
    if (!read.ok) return err(failureOf(read.error));
    const { pipeOf } = this.options;
    return await pipeOf(shardId).exclusively(async () => {
      const there = await pipeOf(shardId).catchUp(target, read.value, { epoch: record.value.epoch });
      const here = this.options.store.shard(shardId);
      if (!there.ok) return err(failureOf(there.error));
      return here !== null && isEqual(here, there.value) ? ok({ bytes: here.sizeBytes, keyCount: here.keyCount, shard: null }) : err(differs(shardId));
    });
  }

  /** Gives the primary role to `target`, an import or a secondary; `stay` keeps this copy as a secondary. */
  async handOver(shardId: number, options: { readonly target: Peer; readonly epoch: number; readonly stay: boolean }): Promise<Outcome> {
    const { target } = options;
    const here = this.options.store.shard(shardId);
    if (here !== null && hasGone(here, target, options.epoch)) return ok({ bytes: 0, keyCount: here.keyCount, shard: null });
    const state = await this.options.peers.call(target, shardId, 'state', {}, QUICK_TIMEOUT_MS);
    if (!state.ok) return err(failureOf(state.error));
    // Most of what is missing goes before anybody has to wait.
    if (here?.handover === null && state.value.role !== 'primary') {
      const near = await this.options.pipeOf(shardId).catchUp(target, state.value, { epoch: here.epoch, lagMax: LAG_WRITES_MAX });
      if (!near.ok) return err(failureOf(near.error));
    }
    return await this.options.pipeOf(shardId).exclusively(async () => {
      const beganMs = this.options.clock.monotonicMs();
      const handed = await this.#handOver(shardId, options);
      return handed.ok ? ok({ ...handed.value, pausedMs: this.options.clock.monotonicMs() - beganMs }) : handed;
    });
  }

  /** Puts `target`, which has been filled, in the place of the secondary `replaces`. */
  async replaceSecondary(shardId: number, options: { readonly target: Peer; readonly epoch: number; readonly replaces: string }): Promise<Outcome> {
    const { store, peers, pipeOf, self } = this.options;
    const { target, epoch, replaces } = options;
    return await pipeOf(shardId).exclusively(async () => {
      const record = this.#servingPrimary(shardId);
      if (!record.ok) return record;
      const { secondaries, version } = record.value;
      const isDone = secondaries.some(({ peer }) => peer.nodeId === target.nodeId) && !secondaries.some(({ peer }) => peer.nodeId === replaces);
      if (isDone) return ok({ bytes: 0, keyCount: record.value.keyCount, shard: null });
      if (epoch <= record.value.epoch) return err(stale(shardId, record.value.epoch, epoch));
      const there = await this.#level(shardId, target, record.value.epoch);
      if (!there.ok) return there;
      const followed = await peers.call(target, shardId, 'follow', { epoch, version, primary: self() }, QUICK_TIMEOUT_MS);
      if (!followed.ok) return err(failureOf(followed.error));
      const saved = await store.commit((tx) => {
        // The one replaced had every write until now: the manager is to know before the next is acknowledged.
        const next: ShardRecord = { ...record.value, epoch, syncGeneration: 0, unconfirmed: true, secondaries: [...secondaries.filter(({ peer }) => peer.nodeId !== replaces && peer.nodeId !== target.nodeId), { peer: target, inSync: true }] };
        tx.save(next);
        return next;
      });
      return ok({ bytes: 0, keyCount: saved.keyCount, shard: null });
    });
  }

  /** A secondary that fell behind is filled up and waited for again. */
  async bringBack(shardId: number, secondary: Peer): Promise<void> {
    const { store, peers, pipeOf } = this.options;
    const record = this.#servingPrimary(shardId);
    if (!record.ok) return;
    const { epoch, lineage, gcFloor, ancestor } = record.value;
    const state = await peers.call(secondary, shardId, 'import', { epoch, lineage, gcFloor, ancestor, primary: this.options.self() }, VERIFY_TIMEOUT_MS);
    if (!state.ok) return;
    const near = await pipeOf(shardId).catchUp(secondary, state.value, { epoch, lagMax: LAG_WRITES_MAX });
    if (!near.ok) return;
    await pipeOf(shardId).exclusively(async () => {
      const now = this.#servingPrimary(shardId);
      if (!now.ok || !now.value.secondaries.some(({ peer }) => peer.nodeId === secondary.nodeId)) return;
      const there = await this.#level(shardId, secondary, now.value.epoch);
      if (!there.ok) return;
      const followed = await peers.call(secondary, shardId, 'follow', { epoch: now.value.epoch, version: now.value.version, primary: this.options.self() }, QUICK_TIMEOUT_MS);
      if (!followed.ok) return;
      await store.commit((tx) => {
        tx.save({ ...now.value, syncGeneration: now.value.syncGeneration + 1, secondaries: now.value.secondaries.map((each) => (each.peer.nodeId === secondary.nodeId ? { peer: secondary, inSync: true } : each)) });
      });
    });
  }

  /** Tells secondaries who their primary is now, ahead of the first write. */
  async announce(shardId: number): Promise<boolean> {
    const record = this.#servingPrimary(shardId);
    if (!record.ok) return false;
    const { epoch, version, gcFloor, secondaries } = record.value;
    const told = await Promise.all(secondaries.map(({ peer }) => this.options.peers.call(peer, shardId, 'rows', { epoch, primary: this.options.self(), previousVersion: version, gcFloor, rows: [], checksum: EMPTY_DIGEST }, QUICK_TIMEOUT_MS)));
    return told.every((answer) => answer.ok);
  }

  async #handOver(shardId: number, { target, epoch, stay }: { target: Peer; epoch: number; stay: boolean }): Promise<Outcome> {
    const { store, peers } = this.options;
    const found = store.shard(shardId);
    if (found === null || found.role !== 'primary') {
      if (found !== null && hasGone(found, target, epoch)) return ok({ bytes: 0, keyCount: found.keyCount, shard: null });
      return err({ code: 'not-owner', message: `This node is not the primary of shard ${shardId}`, retryable: false });
    }
    let record = found;
    if (record.handover === null) {
      if (epoch <= record.epoch) return err(stale(shardId, record.epoch, epoch));
      const there = await this.#level(shardId, target, record.epoch);
      if (!there.ok) return there;
      record = await store.commit((tx) => {
        const sealed: ShardRecord = { ...record, handover: { target, epoch, stay } };
        tx.save(sealed);
        return sealed;
      });
    } else if (record.handover.target.nodeId !== target.nodeId || record.handover.epoch !== epoch) {
      return err({ code: 'topology-changed', message: `Shard ${shardId} is being handed to ${record.handover.target.nodeId} under epoch ${record.handover.epoch}`, retryable: false });
    }
    const others = record.secondaries.filter(({ peer }) => peer.nodeId !== target.nodeId);
    const secondaries = stay ? [...others, { peer: this.options.self(), inSync: true }] : others;
    const { version, digest, keyCount, gcFloor } = record;
    const activated = await peers.call(target, shardId, 'activate', { epoch, version, digest, keyCount, gcFloor, secondaries }, QUICK_TIMEOUT_MS);
    if (!activated.ok) return err(failureOf(activated.error));
    await store.commit((tx) => {
      tx.save({ ...record, epoch, handover: null, secondaries: [], ...(stay ? { role: 'secondary', primary: target } : { role: 'leaving', successor: target }) });
    });
    return ok({ bytes: 0, keyCount, shard: null });
  }

  /** The very last rows, and the proof that nothing is missing. */
  async #level(shardId: number, target: Peer, epoch: number): Promise<Result<CopyState, DriverFailure>> {
    const { store, peers, pipeOf } = this.options;
    const state = await peers.call(target, shardId, 'state', {}, QUICK_TIMEOUT_MS);
    if (!state.ok) return err(failureOf(state.error));
    const there = await pipeOf(shardId).catchUp(target, state.value, { epoch });
    if (!there.ok) return err(failureOf(there.error));
    const here = store.shard(shardId);
    return here !== null && isEqual(here, there.value) ? ok(there.value) : err(differs(shardId));
  }

  #servingPrimary(shardId: number): Result<ShardRecord, DriverFailure> {
    const record = this.options.store.shard(shardId);
    if (record?.role !== 'primary') return err({ code: 'not-owner', message: `This node is not the primary of shard ${shardId}`, retryable: false });
    if (record.handover !== null) return err({ code: 'topology-changed', message: `Shard ${shardId} is being handed to ${record.handover.target.nodeId}`, retryable: true });
    return ok(record);
  }
}

/** Holds a copy to its bytes per second, and hears a stop within a moment. */
class Pace {
  #owedBytes = 0;
  #settledAtMs: number;

  constructor(private readonly clock: Clock, private readonly context: CommandContext) {
    this.#settledAtMs = clock.monotonicMs();
  }

  batchBytes(): number {
    const limit = this.context.bytesPerSecondMax();
    return limit === null ? BATCH_BYTES_MAX : Math.min(BATCH_BYTES_MAX, limit * BATCH_SECONDS);
  }

  /** Until the batch is paid for; false when the copy is to stop. */
  async wait(bytes: number): Promise<boolean> {
    this.#owedBytes += bytes;
    const { signal } = this.context;
    while (!signal.aborted) {
      const limit = this.context.bytesPerSecondMax();
      const nowMs = this.clock.monotonicMs();
      this.#owedBytes = limit === null ? 0 : Math.max(0, this.#owedBytes - (limit * (nowMs - this.#settledAtMs)) / 1_000);
      this.#settledAtMs = nowMs;
      if (limit === null || this.#owedBytes === 0) return true;
      await sleep(this.clock, Math.min(100, (this.#owedBytes / limit) * 1_000), signal).catch(() => undefined);
    }
    return false;
  }
}

const INTERRUPTED: DriverFailure = { code: 'interrupted', message: 'Stopped at a safe point', retryable: true };

function isEqual(here: ShardRecord, there: CopyState): boolean {
  return here.version === there.version && here.digest === there.digest && here.keyCount === there.keyCount;
}

/** Handed over already, by an earlier try of the same command. */
function hasGone(record: ShardRecord, target: Peer, epoch: number): boolean {
  if (record.epoch < epoch) return false;
  return (record.role === 'leaving' && record.successor?.nodeId === target.nodeId) || (record.role === 'secondary' && record.primary?.nodeId === target.nodeId);
}

function differs(shardId: number): DriverFailure {
  return { code: 'verification-failed', message: `Shard ${shardId}: the copy differs from the original`, retryable: true };
}

function stale(shardId: number, epoch: number, asked: number): DriverFailure {
  return { code: 'topology-changed', message: `Shard ${shardId} is at epoch ${epoch}; a change to ${asked} is outdated`, retryable: false };
}

function failureOf(refusal: PeerRefusal): DriverFailure {
  const codes: Record<PeerRefusal['code'], Pick<DriverFailure, 'code' | 'retryable'>> = {
    'unknown-peer': { code: 'authentication-failed', retryable: true },
    'absent': { code: 'topology-changed', retryable: true },
    'stale-epoch': { code: 'topology-changed', retryable: false },
    'gap': { code: 'topology-changed', retryable: true },
    'checksum': { code: 'verification-failed', retryable: true },
    'draining': { code: 'refused-by-engine', retryable: false },
    'busy': { code: 'refused-by-engine', retryable: true },
    'malformed': { code: 'refused-by-engine', retryable: false },
    'no-answer': { code: 'connection-lost', retryable: true },
  };
  return { ...codes[refusal.code], message: refusal.message };
}
