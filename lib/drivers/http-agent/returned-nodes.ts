import type { FencedShard } from '@/lib/contract/storage';
import type { AgentCluster } from './agent-cluster';
import type { AgentSession } from './agent-session';
import type { ShardView } from './shard-view';

const ORDERS_AT_ONCE = 64;

/**
 * Nodes that were taken for dead and beat again. Under their new incarnation they are told
 * to drop what others have by now; what nobody took over is theirs as before. Until a shard
 * is settled their word about it counts for nothing.
 */
export class ReturnedNodes {
  readonly #settling = new Set<string>();

  constructor(private readonly options: { readonly cluster: AgentCluster; readonly view: ShardView; readonly nextKey: () => string; readonly isFailingOver: (nodeId: string) => boolean }) {}

  /** Settles what can be settled now. Call when the node was heard; does nothing unless it must. */
  async settle(session: AgentSession, signal: AbortSignal): Promise<void> {
    const { cluster, isFailingOver } = this.options;
    const { fence, nodeId } = session.record;
    if (fence == null || session.mustRenew || cluster.epoch === 0 || this.#settling.has(nodeId) || isFailingOver(nodeId)) return;
    this.#settling.add(nodeId);
    try {
      const open: FencedShard[] = [];
      for (let start = 0; start < fence.shards.length; start += ORDERS_AT_ONCE) {
        const some = fence.shards.slice(start, start + ORDERS_AT_ONCE);
        const settled = await Promise.all(some.map((shard) => this.#settleShard(session, shard, signal)));
        open.push(...some.filter((_, index) => settled[index] !== true));
      }
      if (open.length === fence.shards.length && open.length > 0) return;
      await cluster.change(nodeId, (record) => ({ ...record, fence: open.length === 0 ? null : { ...fence, shards: open } }));
    } finally {
      this.#settling.delete(nodeId);
    }
  }

  /** @returns whether the node's word about this shard may count again */
  async #settleShard(session: AgentSession, { shardId, epoch, successorId }: FencedShard, signal: AbortSignal): Promise<boolean> {
    const { cluster, view, nextKey } = this.options;
    const known = view.known(shardId);
    const owner = known === null || known.primary === session.record.nodeId ? null : known;
    if (owner !== null && owner.epoch >= epoch) {
      const dropped = await session.call({ kind: 'dropShard', key: `returned/${shardId}/${nextKey()}`, epoch: cluster.epoch, shardId, shardEpoch: owner.epoch, superseded: true }, { signal });
      // A copy under a higher epoch was brought there since.
      return dropped.ok || dropped.error.code === 'topology-changed';
    }
    // Nobody is seen to have it: only the one who was to take it over can say that it has not.
    const successor = successorId === null ? null : cluster.session(successorId);
    if (successor === null) return owner === null;
    const answer = await successor.call({ kind: 'inspectShard', key: `returned/look/${nextKey()}`, epoch: cluster.epoch, shardId }, { signal });
    return answer.ok && answer.value.shard?.role !== 'primary';
  }
}
