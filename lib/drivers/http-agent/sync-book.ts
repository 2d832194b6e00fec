import type { HeldShard } from '@/lib/contract/agent-protocol';
import type { AgentRecord, ShardBehind } from '@/lib/contract/storage';
import type { KnownShard } from './shard-view';

export interface SyncEntry {
  readonly primaryId: string;
  readonly epoch: number;
  readonly syncGeneration: number;
  /** Secondaries that have every write which was acknowledged under this epoch. */
  readonly inSync: readonly string[];
  readonly secondaries: readonly string[];
  /** To whom it is being handed over. */
  readonly sealedFor: string | null;
}

/**
 * Which secondaries have every acknowledged write, by what the primaries said last.
 *
 * A primary waits for the answer to its report before it acknowledges a write without a
 * secondary that fell behind, and for nobody when one has caught up. So a secondary that is
 * in sync here is in sync, however long ago its primary was last heard: that is what a
 * failover rests on. Of a primary that was not heard since this manager began, its
 * secondaries tell, and who fell behind is in its record.
 */
export class SyncBook {
  readonly #entries = new Map<number, SyncEntry>();

  of(shardId: number): SyncEntry | null {
    return this.#entries.get(shardId) ?? null;
  }

  note(nodeId: string, held: readonly HeldShard[]): void {
    for (const shard of held) {
      if (shard.role !== 'primary') continue;
      const { epoch, syncGeneration, inSync, secondaries } = shard;
      const before = this.#entries.get(shard.shardId);
      if (before !== undefined && (before.epoch > epoch || (before.epoch === epoch && before.syncGeneration > syncGeneration))) continue;
      this.#entries.set(shard.shardId, { primaryId: nodeId, epoch, syncGeneration, inSync, secondaries, sealedFor: shard.sealed ? shard.peerNodeId : null });
    }
  }
}

/** The record's list with what was told now; null when nothing changes. */
export function withBehind({ behind = [] }: Pick<AgentRecord, 'behind'>, told: readonly ShardBehind[]): ShardBehind[] | null {
  const entries = new Map(behind.map((entry) => [entry.shardId, entry]));
  let changed = false;
  for (const entry of told) {
    const before = entries.get(entry.shardId);
    if (before !== undefined && before.epoch > entry.epoch) continue;
    if (before === undefined ? entry.nodeIds.length === 0 : before.epoch === entry.epoch && before.nodeIds.join() === entry.nodeIds.join()) continue;
    changed = true;
    if (entry.nodeIds.length === 0) entries.delete(entry.shardId);
    else entries.set(entry.shardId, entry);
  }
  return changed ? [...entries.values()] : null;
}

/** What is known of a primary that was not heard since this manager began; null unless its secondaries know it. */
export function entryFromRecord(shardId: number, known: Readonly<KnownShard> | null, primary: Pick<AgentRecord, 'nodeId' | 'behind'>): SyncEntry | null {
  if (known?.isHearsay !== true || known.primary !== primary.nodeId) return null;
  const behind = primary.behind?.find((entry) => entry.shardId === shardId);
  // A copy under an older epoch than the one at which somebody fell behind has missed that as well.
  const inSync = behind !== undefined && behind.epoch > known.epoch ? [] : known.secondaries.filter((nodeId) => behind?.nodeIds.includes(nodeId) !== true);
  return { primaryId: primary.nodeId, epoch: Math.max(known.epoch, behind?.epoch ?? 0), syncGeneration: 0, inSync, secondaries: known.secondaries, sealedFor: null };
}
