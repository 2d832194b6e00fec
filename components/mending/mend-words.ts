/** The words of mending: what is wrong, what would be done, what could be lost. */
import { plural } from '@/lib/client/format';
import type { StatusWords } from '@/lib/client/status';
import type { Remedy, ShardFinding, ShardRange } from '@/lib/contract/shard-mending';

export const FAULT_WORDS: Readonly<Record<ShardFinding['fault'], StatusWords>> = {
  'unassigned': { tone: 'critical', label: 'Nobody serves them' },
  'served-by-gone': { tone: 'critical', label: 'Their node is gone' },
  'open': { tone: 'warning', label: 'Left half moved' },
  'disputed': { tone: 'warning', label: 'Claimed twice' },
  'strayed': { tone: 'warning', label: 'Keys astray' },
};

type NameOf = (nodeId: string) => string;

/** "node-b takes over 12 shards", then what else happens. */
export function remedyWords({ kind, toNodeId, sourceNodeId, gathersFrom, closesOn, reason }: Remedy, shardCount: number, nameOf: NameOf): string {
  const shards = plural(shardCount, 'shard');
  const first = kind === 'assign' ? `${nameOf(toNodeId)} takes over ${shards}`
    : kind === 'finish' ? `The move of ${shards} from ${sourceNodeId === null ? 'its source' : nameOf(sourceNodeId)} to ${nameOf(toNodeId)} goes on to its end`
    : `${nameOf(toNodeId)} keeps ${shards}`;
  const isOneKey = gathersFrom.length === 1 && gathersFrom[0]!.keyCount === 1;
  const gathers = gathersFrom.map(({ nodeId, keyCount }) => `${plural(keyCount, 'key')} on ${nameOf(nodeId)}`).join(', ');
  if (reason.code === 'keys-astray') return `${gathers} ${isOneKey ? 'goes' : 'go'} to ${nameOf(toNodeId)}, which serves ${shardCount === 1 ? 'the shard' : `the ${shards}`}`;
  return [
    first,
    ...(gathers === '' ? [] : [`${gathers} ${isOneKey ? 'follows' : 'follow'}`]),
    ...(closesOn.length > 0 ? [`the marks on ${closesOn.map(nameOf).join(' and ')} are cleared`] : []),
  ].join('; ');
}

/** What may be lost by what is proposed; `null`: nothing. */
export function lossWords({ loss, remedy }: ShardFinding): string | null {
  return remedy !== null || loss === null ? null : loss.message;
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

/** Findings that are refused for the same reason as one: where each shard would go matters only when it does. */
export function withRefusedTogether(findings: readonly ShardFinding[]): ShardFinding[] {
  const groups = new Map<string, ShardFinding>();
  for (const [index, finding] of findings.entries()) {
    const { fault, ownerNodeId, refusal, loss, marks, message, holders } = finding;
    const key = refusal === null ? String(index) : JSON.stringify([fault, ownerNodeId, refusal.constraint, loss?.nodeIds, marks, message, holders.length === 0]);
    const known = groups.get(key);
    groups.set(key, known === undefined ? finding : together(known, finding));
  }
  return [...groups.values()];
}

function together(a: ShardFinding, b: ShardFinding): ShardFinding {
  const held = new Map<string, number>();
  for (const { nodeId, keyCount } of [...a.holders, ...b.holders]) held.set(nodeId, (held.get(nodeId) ?? 0) + keyCount);
  const ranges: ShardRange[] = [];
  for (const range of [...a.ranges, ...b.ranges].sort((x, y) => x.first - y.first)) {
    const last = ranges.at(-1);
    if (last?.last === range.first - 1) ranges[ranges.length - 1] = { first: last.first, last: range.last };
    else ranges.push(range);
  }
  return {
    ...a, ranges, shardCount: a.shardCount + b.shardCount, holders: [...held].map(([nodeId, keyCount]) => ({ nodeId, keyCount })),
    refusal: a.refusal && { ...a.refusal, count: a.refusal.count + (b.refusal?.count ?? 0) },
  };
}
