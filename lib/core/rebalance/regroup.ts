import type { Change } from './change';
import type { Problem } from './problem';

/** How a group's items lie: bins in item order, the primary first where the group has one. */
export interface Regrouping {
  readonly group: number;
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly hasPrimary: boolean;
  readonly zoneOf: Int32Array;
  readonly code: Change['code'];
  readonly dimension: Change['dimension'];
}

/**
 * The fewest changes that bring one group from one placement to another, in an order that
 * can be carried out: copies go from surplus bins to missing ones (zone by zone, so that
 * spread holds in between), and the primary role travels with a copy where that stays in
 * its zone, else by one transfer. Without transfers, only the copies are put right.
 */
export function regroup(regrouping: Regrouping, transferPrimary: boolean): Change[] {
  const { group, from, to, hasPrimary, zoneOf, code, dimension } = regrouping;
  const surplus = from.filter((bin) => !to.includes(bin));
  const missing = to.filter((bin) => !from.includes(bin));
  const changes: Change[] = [];
  const [primaryFrom, primaryTo] = [from[0]!, to[0]!];
  let primaryAt = primaryFrom;
  const shift = (source: number, target: number) => {
    if (source === primaryAt) primaryAt = target;
    surplus.splice(surplus.indexOf(source), 1);
    missing.splice(missing.indexOf(target), 1);
    changes.push({ kind: 'shift', group, from: source, to: target, code, dimension });
  };
  const roleMoves = hasPrimary && primaryFrom !== primaryTo;
  const transfer = (): void => {
    if (!transferPrimary || primaryAt === primaryTo) return;
    changes.push({ kind: 'transfer', group, from: primaryAt, to: primaryTo, code: 'evens-load', dimension: 'primaries' });
    primaryAt = primaryTo;
  };
  const staysInZone = zoneOf[primaryFrom] === zoneOf[primaryTo] || !missing.some((bin) => zoneOf[bin] === zoneOf[primaryFrom]);
  if (roleMoves && surplus.includes(primaryFrom) && missing.includes(primaryTo) && (staysInZone || !transferPrimary)) shift(primaryFrom, primaryTo);
  else if (roleMoves && !missing.includes(primaryTo)) transfer();
  while (surplus.length > 0 && missing.length > 0) {
    const source = surplus.find((bin) => missing.some((target) => zoneOf[target] === zoneOf[bin])) ?? surplus[0]!;
    shift(source, missing.find((target) => zoneOf[target] === zoneOf[source]) ?? missing[0]!);
  }
  if (hasPrimary) transfer();
  return changes;
}

/** The bins of a group's items. */
export function binsOfGroup({ groupStart }: Problem, itemBin: Int32Array, group: number): number[] {
  return Array.from(itemBin.subarray(groupStart[group], groupStart[group + 1]));
}
