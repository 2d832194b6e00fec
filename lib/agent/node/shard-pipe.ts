/**
 * The one line in which everything that changes a shard stands: writes of clients, gathered
 * into batches, and jobs such as a handover, which find nothing under way and let nothing
 * pass. A write is acknowledged when it is synced to the disk here and to the disks of all
 * secondaries that are in sync; one that does not answer leaves the set of those in sync,
 * on disk and with the manager's knowledge, before the write is acknowledged without it. So
 * whoever the manager takes for in sync has every acknowledged write, and may stand in for a
 * primary that died (the rule of Kafka's in-sync replicas).
 */
import type { Peer } from '@/lib/contract/agent-protocol';
import type { NodeStore, ShardRecord } from './node-store';
import type { CopyState, PeerRefusal } from './peer-protocol';
import { digestOf, toWire, type Row } from './rows';
import type { PeerClient } from './peer-client';
import { err, ok, type Result } from '@/lib/platform/result';

const BATCH_WRITES_MAX = 256;
const QUEUE_MAX = 20_000;
/** A secondary that takes longer than this for a batch is out of sync. */
const REPLICATE_TIMEOUT_MS = 2_000;
const CATCH_UP_BYTES = 512 * 1024;

export type WriteOutcome =
  | { readonly kind: 'written'; readonly version: number }
  /** Not here (any more); `peer` says where, as far as it is known. */
  | { readonly kind: 'moved'; readonly peer: Peer | null }
  /** Being handed over, or outdated without knowing by whom: try again soon. */
  | { readonly kind: 'unavailable'; readonly reason: string };

interface PendingWrite {
  readonly key: string;
  readonly value: Buffer | null;
  readonly resolve: (outcome: WriteOutcome) => void;
  readonly reject: (error: unknown) => void;
}

type Entry = { readonly kind: 'write'; readonly write: PendingWrite } | { readonly kind: 'job'; readonly run: () => Promise<void> };

export interface PipeOptions {
  readonly shardId: number;
  readonly store: NodeStore;
  readonly peers: PeerClient;
  readonly self: () => Peer;
  /** Tells the manager who is in sync; true when it knows. */
  readonly confirm: (shardId: number) => Promise<boolean>;
}

export class ShardPipe {
  readonly #entries: Entry[] = [];
  #running = false;

  constructor(private readonly options: PipeOptions) {}

  get idle(): boolean {
    return !this.#running && this.#entries.length === 0;
  }

  write(key: string, value: Buffer | null): Promise<WriteOutcome> {
    if (this.#entries.length >= QUEUE_MAX) return Promise.resolve({ kind: 'unavailable', reason: `${QUEUE_MAX} writes are waiting` });
    return new Promise((resolve, reject) => {
      this.#entries.push({ kind: 'write', write: { key, value, resolve, reject } });
      this.#wake();
    });
  }

  /** Runs `work` when everything before it is finished; what comes after waits for it. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#entries.push({ kind: 'job', run: () => work().then(resolve, reject) });
      this.#wake();
    });
  }

  /** Sends `target` everything after its version, one batch after the other; its state at the end. Inside a job nothing is added meanwhile. */
  async catchUp(target: Peer, from: CopyState, options: { readonly epoch: number; readonly onBatch?: (rows: readonly Row[]) => Promise<boolean>; readonly batchBytes?: () => number; /** Ends when no more than so many writes are missing; 0 unless given. */ readonly lagMax?: number; /** But not before this version has arrived. */ readonly atLeast?: number }): Promise<Result<CopyState, PeerRefusal>> {
    const { shardId, store, peers, self } = this.options;
    let state = from;
    for (;;) {
      const record = store.shard(shardId);
      if (record === null) return err({ code: 'absent', message: `Shard ${shardId} is gone here` });
      if (state.version >= (options.atLeast ?? 0) && record.version - state.version <= (options.lagMax ?? 0)) return ok(state);
      const rows = store.changes(shardId, state.version, options.batchBytes?.() ?? CATCH_UP_BYTES);
      if (rows.length === 0) return ok(state);
      const sent = await peers.call(target, shardId, 'rows', {
        epoch: options.epoch, primary: self(), previousVersion: state.version, gcFloor: record.gcFloor, rows: rows.map(toWire), checksum: digestOf(rows),
      }, REPLICATE_TIMEOUT_MS * 5);
      if (!sent.ok) return sent;
      state = sent.value;
      if (options.onBatch !== undefined && !await options.onBatch(rows)) return ok(state);
    }
  }

  #wake(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    for (;;) {
      const entry = this.#entries.shift();
      if (entry === undefined) break;
      if (entry.kind === 'job') {
        await entry.run();
        continue;
      }
      const batch = [entry.write];
      while (batch.length < BATCH_WRITES_MAX && this.#entries[0]?.kind === 'write') batch.push((this.#entries.shift() as Extract<Entry, { kind: 'write' }>).write);
      await this.#writeBatch(batch);
    }
    this.#running = false;
  }

  async #writeBatch(batch: readonly PendingWrite[]): Promise<void> {
    const { store, shardId } = this.options;
    try {
      const record = store.shard(shardId);
      const refusal = refusalOf(record);
      if (record === null || refusal !== null) {
        for (const write of batch) write.resolve(refusal ?? { kind: 'moved', peer: null });
        return;
      }
      const rows = batch.map((write, index): Row => ({ key: write.key, version: record.version + 1 + index, deleted: write.value === null, value: write.value ?? Buffer.alloc(0) }));
      const written = await store.commit((tx) => tx.write(record, rows));
      const fencedBy = await this.#replicate(written, record.version, rows);
      batch.forEach((write, index) => {
        write.resolve(fencedBy === null ? { kind: 'written', version: rows[index]!.version } : { kind: 'unavailable', reason: fencedBy });
      });
    } catch (error) {
      for (const write of batch) write.reject(error);
    }
  }

  /** @returns why this node is not the primary any more, when a secondary says so */
  async #replicate(record: ShardRecord, previousVersion: number, rows: readonly Row[]): Promise<string | null> {
    const { store, peers, self, shardId } = this.options;
    const inSync = record.secondaries.filter((secondary) => secondary.inSync);
    if (inSync.length === 0) return await this.#confirmed();
    const request = { epoch: record.epoch, primary: self(), previousVersion, gcFloor: record.gcFloor, rows: rows.map(toWire), checksum: digestOf(rows) };
    const results = await Promise.all(inSync.map(async ({ peer }) => ({ peer, result: await peers.call(peer, shardId, 'rows', request, REPLICATE_TIMEOUT_MS) })));
    const failed = results.filter(({ result }) => !result.ok);
    if (failed.length === 0) return await this.#confirmed();
    const fenced = failed.find(({ result }) => !result.ok && result.error.code === 'stale-epoch');
    if (fenced !== undefined && !fenced.result.ok) return fenced.result.error.message;
    await store.commit((tx) => {
      const now = tx.shard(shardId);
      if (now === null) return;
      const secondaries = now.secondaries.map((secondary) => (failed.some(({ peer }) => peer.nodeId === secondary.peer.nodeId) ? { ...secondary, inSync: false } : secondary));
      tx.save({ ...now, secondaries, syncGeneration: now.syncGeneration + 1, unconfirmed: true });
    });
    return await this.#confirmed();
  }

  /** @returns why nothing may be acknowledged yet; null when the manager knows who is in sync */
  async #confirmed(): Promise<string | null> {
    const { store, shardId, confirm } = this.options;
    const record = store.shard(shardId);
    if (record?.unconfirmed !== true) return null;
    if (!await confirm(shardId)) return 'A secondary fell behind and the manager does not know yet: nothing is acknowledged before it does';
    await store.commit((tx) => {
      const now = tx.shard(shardId);
      if (now !== null && now.epoch === record.epoch && now.syncGeneration === record.syncGeneration) tx.save({ ...now, unconfirmed: false });
    });
    return null;
  }
}

/** Why a shard takes no writes and answers no reads; null when it does. */
export function refusalOf(record: ShardRecord | null): Exclude<WriteOutcome, { kind: 'written' }> | null {
  if (record === null) return { kind: 'moved', peer: null };
  switch (record.role) {
    case 'primary': return record.handover === null ? null : { kind: 'unavailable', reason: 'The shard is being handed over' };
    case 'leaving': return { kind: 'moved', peer: record.successor };
    case 'secondary': return { kind: 'moved', peer: record.primary };
    case 'importing': return { kind: 'moved', peer: record.primary };
  }
}
