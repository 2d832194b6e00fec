/** The words of mending: what is wrong, what would be done, what could be lost. */
import { plural } from '@/lib/client/format';
import type { StatusWords } from '@/lib/client/status';
import type { Remedy, ShardFinding, ShardRange } from '@/lib/contract/shard-mending';

export const FAULT_WORDS: Readonly<Record<ShardFinding['fault'], StatusWords>> = {
  'unassigned': { tone: 'critical', label: 'Nobody serves them' },
  'served-by-gone': { tone: 'critical', label: 'Their node is gone' },
  'open': { tone: 'warning', label: 'Left half moved' },
  'disputed': { tone: 'warning', label: 'Claimed twice' },
};

type NameOf = (nodeId: string) => string;

/** "node-b takes over 12 shards", then what else happens. */
export function remedyWords({ kind, toNodeId, sourceNodeId, gathersFrom, closesOn }: Remedy, shardCount: number, nameOf: NameOf): string {
  const shards = plural(shardCount, 'shard');
  const first = kind === 'assign' ? `${nameOf(toNodeId)} takes over ${shards}`
    : kind === 'finish' ? `The move of ${shards} from ${sourceNodeId === null ? 'its source' : nameOf(sourceNodeId)} to ${nameOf(toNodeId)} goes on to its end`
    : `${nameOf(toNodeId)} keeps ${shards}`;
  const gathers = gathersFrom.map(({ nodeId, keyCount }) => `${plural(keyCount, 'key')} on ${nameOf(nodeId)}`).join(', ');
  return [
    first,
    ...(gathers === '' ? [] : [`${gathers} ${gathersFrom.length === 1 && gathersFrom[0]!.keyCount === 1 ? 'follows' : 'follow'}`]),
    ...(closesOn.length > 0 ? [`the marks on ${closesOn.map(nameOf).join(' and ')} are cleared`] : []),
  ].join('; ');
}

/** What may be lost by what is proposed; `null`: nothing. */
export function lossWords({ loss, remedy }: ShardFinding, nameOf: NameOf): string | null {
  return remedy !== null || loss === null ? null : `What only ${loss.nodeIds.map(nameOf).join(', ')} ${loss.nodeIds.length === 1 ? 'has' : 'have'}. ${loss.message}`;
}

/** What can be done with these findings: how many shards, with and without giving something up. */
export function countsOf(findings: readonly ShardFinding[]): { readonly all: number; readonly safe: number; readonly withLoss: number } {
  const sum = (wanted: (finding: ShardFinding) => boolean) => findings.reduce((total, finding) => total + (wanted(finding) ? finding.shardCount : 0), 0);
  return { all: sum(() => true), safe: sum(({ remedy }) => remedy !== null), withLoss: sum(({ remedyWithLoss }) => remedyWithLoss !== null) };
}

/** "0–99, 120"; of many the first ones. Without separators, which would look like further ids. */
export function rangesWords(ranges: readonly ShardRange[], max = 12): string {
  const shown = ranges.slice(0, max).map(({ first, last }) => (first === last ? String(first) : `${first}–${last}`));
  const left = ranges.slice(max).reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return left === 0 ? shown.join(', ') : `${shown.join(', ')} and ${plural(left, 'more', 'more')}`;
}

/** Do keys meet others of the same name on their way? */
export function movesKeys({ kind, gathersFrom }: Remedy): boolean {
  return kind === 'finish' || gathersFrom.length > 0;
}
