import type { ShardTable } from '@/lib/contract/shard-table';
import type { PlacementChange } from '@/lib/contract/apply-placement';

/** Nodes are left alone while none is off its expected count by more than this share. */
const THRESHOLD = 0.02;

/**
 * What `redis-cli --cluster rebalance --cluster-use-empty-masters` does with its default
 * weights and threshold, restated from its documented behaviour: every master is to have
 * the same number of slots. Nothing happens while no master is off by more than 2 %; else
 * the master with most too many gives to the one with most too few, the lower of both
 * numbers, its lowest slots first, until all are at their count. Neither bytes nor load
 * are looked at.
 */
export function slotCountRebalance(table: ShardTable): PlacementChange[] {
  const nodeCount = table.nodeIds.length;
  const held: number[][] = table.nodeIds.map(() => []);
  for (let slot = 0; slot < table.shardCount; slot += 1) held[table.replicas[slot * table.replicaMax]!]!.push(slot);
  const expected = Math.floor(table.shardCount / nodeCount);
  const isOff = held.some((slots) => Math.abs(slots.length - expected) / Math.max(1, expected) > THRESHOLD);
  if (!isOff) return [];
  const nodes = held.map((slots, node) => ({ node, slots, balance: slots.length - expected }));
  // Counts that do not divide leave some too many: receivers take one less than they lack.
  let spare = nodes.reduce((sum, { balance }) => sum + balance, 0);
  for (const node of nodes) {
    if (spare > 0 && node.balance <= 0) {
      node.balance -= 1;
      spare -= 1;
    }
  }
  nodes.sort((a, b) => a.balance - b.balance || a.node - b.node);
  const changes: PlacementChange[] = [];
  let receiver = 0;
  let donor = nodes.length - 1;
  while (receiver < donor) {
    const [to, from] = [nodes[receiver]!, nodes[donor]!];
    const count = Math.min(-to.balance, from.balance);
    if (count > 0) {
      for (const shardId of from.slots.splice(0, count)) {
        changes.push({ kind: 'move', shardId, role: 'primary', sourceNodeId: table.nodeIds[from.node]!, targetNodeId: table.nodeIds[to.node]! });
      }
      to.balance += count;
      from.balance -= count;
    }
    if (to.balance >= 0) receiver += 1;
    if (from.balance <= 0) donor -= 1;
  }
  return changes;
}
