/** What this node does at the request of others: being filled, following, taking over. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Peer } from '@/lib/contract/agent-protocol';
import { nextTurn } from '@/lib/platform/in-turns';
import { err, ok, type Result } from '@/lib/platform/result';
import { emptyShard, type Changes, type NodeStore, type ShardRecord } from './node-store';
import { PEER_ACTIONS, type CopyState, type PeerAction, type PeerRefusal, type PeerRequest } from './peer-protocol';
import type { ShardPipe } from './shard-pipe';
import { digestOf, EMPTY_DIGEST, fromWire, rowBytes, toggleRow } from './rows';

const DELETE_ROWS_PER_COMMIT = 2_000;
const SCAN_ROWS_PER_TURN = 500;

type Answer = Result<CopyState, PeerRefusal>;

export interface PeerEndpointOptions {
  readonly store: NodeStore;
  readonly isDraining: () => boolean;
  /** The hash of a node's key, as the manager told it; null for a stranger. */
  readonly keyHashOf: (nodeId: string) => string | null;
  readonly pipeOf: (shardId: number) => Pick<ShardPipe, 'exclusively'>;
}

export class PeerEndpoint {
  constructor(private readonly options: PeerEndpointOptions) {}

  /** Is the caller the node that it says it is? Compared in constant time. */
  admits(nodeId: string | null, key: string | null): boolean {
    const expected = nodeId === null ? null : this.options.keyHashOf(nodeId);
    if (expected === null || key === null) return false;
    return timingSafeEqual(createHash('sha256').update(key).digest(), Buffer.from(expected, 'hex'));
  }

  async answer(shardId: number, action: PeerAction, body: unknown): Promise<Answer> {
    const parsed = PEER_ACTIONS[action].safeParse(body);
    if (!parsed.success) return err({ code: 'malformed', message: `${action}: ${parsed.error.issues[0]?.path.join('.') ?? '?'}` });
    switch (action) {
      case 'state': return ok(this.#state(shardId));
      case 'import': return await this.#import(shardId, PEER_ACTIONS.import.parse(body));
      case 'rows': return await this.#rows(shardId, PEER_ACTIONS.rows.parse(body));
      case 'verify': return await this.#verify(shardId);
      case 'activate': return await this.#activate(shardId, PEER_ACTIONS.activate.parse(body));
      case 'follow': return await this.#follow(shardId, PEER_ACTIONS.follow.parse(body));
    }
  }

  /** Deletes what is here of a shard. Rows first and in pieces; what is left after a crash is known to be no copy of anything. */
  async clear(shardId: number, finish: (tx: Changes) => void): Promise<void> {
    const { store } = this.options;
    for (;;) {
      const deleted = await store.commit((tx) => {
        const record = tx.shard(shardId);
        if (record !== null && record.lineage !== '') tx.save({ ...record, lineage: '', role: record.role === 'leaving' ? 'leaving' : 'importing', version: 0, keyCount: 0, sizeBytes: 0, digest: EMPTY_DIGEST, gcFloor: 0 });
        return tx.deleteRows(shardId, DELETE_ROWS_PER_COMMIT);
      });
      if (deleted === 0) break;
    }
    await store.commit(finish);
  }

  #state(shardId: number): CopyState {
    return stateOf(this.options.store.shard(shardId));
  }

  async #import(shardId: number, request: PeerRequest<'import'>): Promise<Answer> {
    const { store } = this.options;
    const record = store.shard(shardId);
    if (request.epoch < store.floorOf(shardId)) return err({ code: 'stale-epoch', message: `Shard ${shardId} under epoch ${request.epoch} is refused here: at least ${store.floorOf(shardId)}` });
    if (record?.role === 'primary' && record.epoch < request.epoch && record.handover === null) return await this.#stepDown(shardId, request);
    if (record?.role === 'primary') return record.epoch > request.epoch ? ok(stateOf(record)) : err({ code: 'stale-epoch', message: `This node is the primary of shard ${shardId} under epoch ${record.epoch}` });
    if (record !== null && record.epoch > request.epoch) return err({ code: 'stale-epoch', message: `Shard ${shardId} is at epoch ${record.epoch} here` });
    if ((record === null || record.role === 'leaving') && this.options.isDraining()) return err({ code: 'draining', message: 'This node takes no new shards: it is draining' });
    const { lineage, ancestor } = request;
    const isOfLine = record !== null && (record.lineage === lineage || (ancestor !== null && record.lineage === ancestor.lineage && record.version <= ancestor.version));
    const goesOn = isOfLine && record.role !== 'leaving' && (record.version === 0 || record.version >= request.gcFloor);
    if (goesOn) {
      return ok(await store.commit((tx) => {
        // It follows again, and may stand in for its primary, when it has been told that it has everything.
        const now: ShardRecord = { ...record, role: 'importing', epoch: request.epoch, lineage, primary: request.primary };
        tx.save(now);
        return stateOf(now);
      }));
    }
    const fresh = emptyShard(shardId, { role: 'importing', epoch: request.epoch, lineage: request.lineage, gcFloor: request.gcFloor, primary: request.primary });
    await this.clear(shardId, (tx) => { tx.save(fresh); });
    return ok(stateOf(fresh));
  }

  /** Another was made primary while this node was taken for dead: what is here counts for nothing, and it is filled like a new copy. */
  async #stepDown(shardId: number, request: PeerRequest<'import'>): Promise<Answer> {
    const { store, pipeOf } = this.options;
    const { epoch, lineage, gcFloor, primary } = request;
    return await pipeOf(shardId).exclusively(async (): Promise<Answer> => {
      const record = store.shard(shardId);
      if (record?.role !== 'primary' || record.epoch >= epoch || record.handover !== null) return err({ code: 'busy', message: `Shard ${shardId} changed meanwhile` });
      const fresh = emptyShard(shardId, { role: 'importing', epoch, lineage, gcFloor, primary });
      await store.commit((tx) => { tx.save({ ...record, role: 'importing', epoch, primary, secondaries: [] }); });
      await this.clear(shardId, (tx) => { tx.save(fresh); });
      return ok(stateOf(fresh));
    });
  }

  async #rows(shardId: number, request: PeerRequest<'rows'>): Promise<Answer> {
    const { store } = this.options;
    const rows = request.rows.map(fromWire);
    if (digestOf(rows) !== request.checksum) return err({ code: 'checksum', message: `Shard ${shardId}: the rows did not arrive as they were sent` });
    return await store.commit((tx): Answer => {
      const record = tx.shard(shardId);
      const refusal = this.#refusalOfRows(record, request, shardId);
      if (refusal !== null) return err(refusal);
      const copy: ShardRecord = { ...record!, epoch: request.epoch, primary: request.primary, gcFloor: Math.max(record!.gcFloor, request.gcFloor) };
      if (request.gcFloor > record!.gcFloor) tx.purgeMarks(shardId, request.gcFloor);
      return ok(stateOf(tx.write(copy, rows.filter((row) => row.version > copy.version))));
    });
  }

  #refusalOfRows(record: ShardRecord | null, request: PeerRequest<'rows'>, shardId: number): PeerRefusal | null {
    if (record === null || record.lineage === '') return { code: 'absent', message: `There is no copy of shard ${shardId} here` };
    if (request.epoch < record.epoch || record.role === 'primary') return { code: 'stale-epoch', message: `Shard ${shardId} is at epoch ${record.epoch} here, the rows are of ${request.epoch}` };
    if (record.role === 'leaving') return { code: 'absent', message: `Shard ${shardId} is leaving this node` };
    if (request.previousVersion > record.version) return { code: 'gap', message: `Shard ${shardId} ends at ${record.version} here, the rows follow ${request.previousVersion}` };
    return null;
  }

  async #verify(shardId: number): Promise<Answer> {
    const { store } = this.options;
    const record = store.shard(shardId);
    if (record === null) return err({ code: 'absent', message: `There is no copy of shard ${shardId} here` });
    let digest = EMPTY_DIGEST;
    let keyCount = 0;
    let sizeBytes = 0;
    let version = record.gcFloor;
    let afterKey = '';
    for (;;) {
      const rows = store.scan(shardId, afterKey, SCAN_ROWS_PER_TURN);
      if (rows.length === 0) break;
      for (const row of rows) {
        version = Math.max(version, row.version);
        if (row.deleted) continue;
        digest = toggleRow(digest, row);
        keyCount += 1;
        sizeBytes += rowBytes(row);
      }
      afterKey = rows.at(-1)!.key;
      await nextTurn();
    }
    return await store.commit((tx): Answer => {
      const now = tx.shard(shardId);
      // Rows came meanwhile: what was read is of no one moment.
      if (now === null || now.version !== record.version) return err({ code: 'busy', message: `Shard ${shardId} changed while it was read` });
      const read = { ...now, digest, keyCount, sizeBytes };
      tx.save(read);
      return ok(stateOf(read));
    });
  }

  async #activate(shardId: number, request: PeerRequest<'activate'>): Promise<Answer> {
    const { store } = this.options;
    return await store.commit((tx): Answer => {
      const record = tx.shard(shardId);
      if (record?.role === 'primary' && record.epoch === request.epoch) return ok(stateOf(record));
      if (record === null || record.role === 'leaving' || record.lineage === '') return err({ code: 'absent', message: `There is no copy of shard ${shardId} here` });
      if (request.epoch <= record.epoch || request.epoch < store.floorOf(shardId)) return err({ code: 'stale-epoch', message: `Shard ${shardId} is at epoch ${record.epoch} here; ${request.epoch} is outdated` });
      if (record.version !== request.version || record.digest !== request.digest || record.keyCount !== request.keyCount) return err({ code: 'gap', message: `Shard ${shardId} ends at ${record.version} here and not at ${request.version}` });
      const primary: ShardRecord = { ...record, role: 'primary', epoch: request.epoch, primary: null, successor: null, handover: null, secondaries: request.secondaries, syncGeneration: 0, ancestor: null,
        // Who fell behind before the handover may be unknown to the manager.
        unconfirmed: request.secondaries.some(({ inSync }) => !inSync), gcFloor: Math.max(record.gcFloor, request.gcFloor) };
      tx.save(primary);
      return ok(stateOf(primary));
    });
  }

  async #follow(shardId: number, request: PeerRequest<'follow'>): Promise<Answer> {
    const { store } = this.options;
    return await store.commit((tx): Answer => {
      const record = tx.shard(shardId);
      if (record === null || record.role === 'leaving' || record.lineage === '') return err({ code: 'absent', message: `There is no copy of shard ${shardId} here` });
      if (record.role === 'primary' || request.epoch < record.epoch || request.epoch < store.floorOf(shardId)) return err({ code: 'stale-epoch', message: `Shard ${shardId} is at epoch ${record.epoch} here` });
      if (record.version !== request.version) return err({ code: 'gap', message: `Shard ${shardId} ends at ${record.version} here and not at ${request.version}` });
      const secondary: ShardRecord = { ...record, role: 'secondary', epoch: request.epoch, primary: request.primary };
      tx.save(secondary);
      return ok(stateOf(secondary));
    });
  }
}

export function isPeerAction(text: string): text is PeerAction {
  return Object.hasOwn(PEER_ACTIONS, text);
}

/** Where a copy is known to be: the primary it follows, or who has it after it left. */
export function peerOfRecord(record: ShardRecord): Peer | null {
  return record.successor ?? record.handover?.target ?? record.primary;
}

function stateOf(record: ShardRecord | null): CopyState {
  if (record === null) return { role: 'absent', epoch: 0, version: 0, lineage: '', keyCount: 0, sizeBytes: 0, digest: EMPTY_DIGEST };
  const { role, epoch, version, lineage, keyCount, sizeBytes, digest } = record;
  return { role, epoch, version, lineage, keyCount, sizeBytes, digest };
}
