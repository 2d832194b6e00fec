import type { LegendItem } from '@/components/charts/legend';
import { ownerStyleOf } from '@/components/charts/owner-style';
import type { ShardPlacement } from '@/components/charts/shard-layout';
import { formatCount } from '@/lib/client/format';
import type { NodeNames } from '@/components/charts/node-names';

const OWNERS_MAX = 40;

/** The legend of owners with their primaries, in dictionary order, leaders that own nothing included. */
export function ownerItemsOf(placement: ShardPlacement, leaderIds: readonly string[], names: NodeNames): LegendItem[] {
  const counts = new Map<number, number>();
  for (let shardId = 0; shardId < placement.shardCount; shardId += 1) {
    const owner = placement.replicas[shardId * placement.replicaMax]!;
    counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  const indexes = new Set([...counts.keys(), ...leaderIds.map(names.indexOf)]);
  const owners = [...indexes].filter((index) => index >= 0).sort((a, b) => a - b);
  const items = owners.slice(0, OWNERS_MAX).map((index): LegendItem => {
    const nodeId = placement.nodeIds[index]!;
    const style = ownerStyleOf(index);
    return { key: nodeId, label: names.nameOf(nodeId), detail: formatCount(counts.get(index) ?? 0), color: style.css, pattern: style.pattern };
  });
  // A leader the dictionary does not know yet has never held anything; it has no colour, but it is there.
  for (const nodeId of leaderIds) {
    if (names.indexOf(nodeId) < 0) items.push({ key: nodeId, label: names.nameOf(nodeId), detail: '0', color: 'transparent', pattern: 'solid' });
  }
  if (owners.length > OWNERS_MAX) items.push({ key: 'more', label: `${formatCount(owners.length - OWNERS_MAX)} more owners`, detail: 'point at a shard', color: 'transparent', pattern: 'solid' });
  const orphans = counts.get(-1) ?? 0;
  if (orphans > 0) items.unshift({ key: 'none', label: 'No primary', detail: formatCount(orphans), color: '#e03131', pattern: 'cross' });
  return items;
}
