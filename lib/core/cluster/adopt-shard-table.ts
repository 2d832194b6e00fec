import { NO_REPLICA, type ShardTable } from '@/lib/contract/shard-table';

/**
 * Takes over a driver's shard table into the dictionary of the state. A driver lists
 * node ids in an order of its own; in the state an index means one node for life, so
 * known ids keep their index and new ones are appended.
 *
 * Returns the table in the state's dictionary and how many shards changed a replica.
 */
export function adoptShardTable(previous: ShardTable, observed: ShardTable): { table: ShardTable; shardsChanged: number } {
  const table = inDictionaryOf(previous, observed);
  return { table, shardsChanged: countChangedRows(previous, table) };
}

/** The table alone. */
export function inDictionaryOf(previous: ShardTable, observed: ShardTable): ShardTable {
  const nodeIds = [...previous.nodeIds];
  const indexOf = new Map(nodeIds.map((id, index) => [id, index]));
  const translation = observed.nodeIds.map((id) => {
    const known = indexOf.get(id);
    if (known !== undefined) return known;
    nodeIds.push(id);
    indexOf.set(id, nodeIds.length - 1);
    return nodeIds.length - 1;
  });
  const grown = nodeIds.length !== previous.nodeIds.length;
  const dictionary = grown ? nodeIds : previous.nodeIds;
  const replicas = translation.every((to, from) => to === from)
    ? observed.replicas
    : observed.replicas.map((index) => (index === NO_REPLICA ? NO_REPLICA : translation[index] ?? NO_REPLICA));
  // A table in this dictionary already is the same object again, so that what was found out about it is not found out once more.
  const extendsIt = grown && nodeIds.length === observed.nodeIds.length;
  return replicas === observed.replicas && (extendsIt || dictionary === observed.nodeIds) ? observed : { ...observed, nodeIds: dictionary, replicas };
}

function countChangedRows(before: ShardTable, after: ShardTable): number {
  if (before.replicas === after.replicas) return 0;
  if (before.shardCount !== after.shardCount || before.replicaMax !== after.replicaMax) return after.shardCount;
  let changed = 0;
  for (let shardId = 0; shardId < after.shardCount; shardId += 1) {
    const start = shardId * after.replicaMax;
    for (let column = 0; column < after.replicaMax; column += 1) {
      if (before.replicas[start + column] !== after.replicas[start + column]) {
        changed += 1;
        break;
      }
    }
  }
  return changed;
}
