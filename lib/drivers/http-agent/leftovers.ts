/**
 * Copies that nobody counts on any more. Their node was away when it was to be told to drop
 * them (a secondary's move does not wait for a source that is gone), came back before it was
 * called dead, and would keep them for ever: disk that nothing accounts for, and a node that
 * can neither take the shard again nor leave.
 *
 * What proves one is the shard's own primary: it knows the shard under a higher epoch and has
 * other secondaries. The order names that epoch, and a node that has been given the shard
 * since refuses it.
 */
import type { HeldShard } from '@/lib/contract/agent-protocol';
import type { AgentCluster } from './agent-cluster';
import type { AgentSession } from './agent-session';
import type { HeldReport } from './reading';
import type { KnownShard, ShardView } from './shard-view';

/** Readings in a row that show it: what a move is about to clear itself needs nobody else. */
const READINGS_MIN = 2;
const ORDERS_AT_ONCE = 64;

export interface Leftover {
  readonly shardId: number;
  readonly role: HeldShard['role'];
  /** Under which its primary knows the shard. */
  readonly ownerEpoch: number;
}

/** What the node holds by its own word and its shards' primaries know nothing of. */
export function leftoversOf(nodeId: string, held: readonly HeldShard[], known: (shardId: number) => Pick<KnownShard, 'epoch' | 'primary' | 'secondaries' | 'isHearsay'> | null): Leftover[] {
  return held.flatMap(({ shardId, role, epoch }) => {
    const owner = known(shardId);
    if (role === 'primary' || owner === null || owner.isHearsay || owner.primary === nodeId || owner.secondaries.includes(nodeId)) return [];
    // One that is leaving has handed the shard over under just the epoch that its successor serves under.
    const isPast = role === 'leaving' ? epoch <= owner.epoch : epoch < owner.epoch;
    return isPast ? [{ shardId, role, ownerEpoch: owner.epoch }] : [];
  });
}

export class Leftovers {
  /** By node and shard, in how many readings in a row. */
  #seen = new Map<string, number>();
  readonly #sweeping = new Set<string>();

  constructor(private readonly options: { readonly cluster: AgentCluster; readonly view: ShardView; readonly nextKey: () => string }) {}

  /** After a full reading; gives what is to be dropped now. Nodes that were called dead are settled elsewhere. */
  note(reports: readonly HeldReport[]): { readonly session: AgentSession; readonly leftovers: readonly Leftover[] }[] {
    const seen = new Map<string, number>();
    const due = reports.filter(({ session }) => session.isMember && session.record.fence == null).map(({ session, held }) => {
      const { nodeId } = session.record;
      const leftovers = leftoversOf(nodeId, held, (shardId) => this.options.view.known(shardId));
      return { session, leftovers: leftovers.filter(({ shardId }) => {
        const key = `${nodeId}/${shardId}`;
        const readings = (this.#seen.get(key) ?? 0) + 1;
        seen.set(key, readings);
        return readings >= READINGS_MIN;
      }) };
    });
    this.#seen = seen;
    return due.filter(({ leftovers }) => leftovers.length > 0);
  }

  /** Orders them dropped; what was not is found again by the next reading. */
  async drop(session: AgentSession, leftovers: readonly Leftover[], signal: AbortSignal): Promise<void> {
    const { cluster, nextKey } = this.options;
    const { nodeId } = session.record;
    if (cluster.epoch === 0 || this.#sweeping.has(nodeId)) return;
    this.#sweeping.add(nodeId);
    try {
      await Promise.all(leftovers.slice(0, ORDERS_AT_ONCE).map(({ shardId, role, ownerEpoch }) => session.call({
        kind: 'dropShard', key: `leftover/${shardId}/${nextKey()}`, epoch: cluster.epoch, shardId, shardEpoch: ownerEpoch, superseded: role !== 'leaving',
      }, { signal })));
    } finally {
      this.#sweeping.delete(nodeId);
    }
  }
}
