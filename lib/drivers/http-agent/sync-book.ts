import type { HeldShard } from '@/lib/contract/agent-protocol';

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
 * failover rests on. Kept in memory only: after a restart of the manager a primary must be
 * heard once before anybody can stand in for it.
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
