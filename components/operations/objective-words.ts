/** The words of presets, objectives and what a plan proves, the same wherever they are shown. */
import { formatCount, formatRatio } from '@/lib/client/format';
import type { GuardRail, ImbalanceBound, PlanProof } from '@/lib/contract/plan-proof';
import type { Objective, Preset } from '@/lib/contract/plan-options';
import type { BUCKETS } from '@/lib/contract/vocabulary';
import { DIMENSION_WORDS } from './plan-words';

export const PRESET_WORDS: Readonly<Record<Preset, { readonly label: string; readonly about: string }>> = {
  balanced: { label: 'Balanced', about: 'Relieves what is over its line, then evens load as far as it is worth the bytes.' },
  light: { label: 'Light', about: 'Only relieves what is over its safety line; moves as little as that takes.' },
  thorough: { label: 'Thorough', about: 'Evens everything as far as it goes, whatever it moves.' },
  drain: { label: 'Drain', about: 'Empties nodes; evens only by what moves anyway.' },
  'even-counts': { label: 'Even counts', about: 'The same number of shards and primaries on every node.' },
};

export const BUCKET_WORDS: Readonly<Record<(typeof BUCKETS)[number], string>> = {
  evacuate: 'Empty nodes', repair: 'Mend broken rules', overload: 'Relieve overload', balance: 'Even the load', moves: 'Move little',
};

export const OBJECTIVE_WORDS: Readonly<Record<Objective, string>> = {
  ...DIMENSION_WORDS,
  evacuate: 'Replicas on nodes to empty', spread: 'Replicas that share a zone', overload: 'Use above a safety line',
  bytes: 'Bytes moved', moves: 'Number of moves', 'shard-moves': 'Moves per shard',
};

/** In the order in which they count. */
export const OBJECTIVES_OF_BUCKET: readonly { readonly bucket: (typeof BUCKETS)[number]; readonly objectives: readonly Objective[] }[] = [
  { bucket: 'evacuate', objectives: ['evacuate'] },
  { bucket: 'repair', objectives: ['spread'] },
  { bucket: 'overload', objectives: ['overload'] },
  { bucket: 'balance', objectives: ['cpu', 'memory', 'disk', 'network', 'operations', 'data', 'shards', 'primaries'] },
  { bucket: 'moves', objectives: ['bytes', 'moves', 'shard-moves'] },
];

/** The plan and what nothing gets below print the same. */
export function isBest(gap: number): boolean {
  return gap < 0.000_5;
}

/** "at most 3.2 % from the best possible"; `null` where nothing is scored. */
export function gapWords(gap: number | null): string {
  if (gap === null) return 'nothing to score';
  return isBest(gap) ? 'proven best possible' : `at most ${formatRatio(gap)} from the best possible`;
}

/** A share of what could be gained at best, rounded down: "at least 100 %" of something short of it would be a lie. */
export function gainedWords(gained: number): string {
  return `${(Math.floor(gained * 1_000) / 10).toFixed(1)} %`;
}

export function searchWords({ stoppedBy, workDone, workMax }: PlanProof['search']): string {
  switch (stoppedBy) {
    case 'converged': return `Nothing it tried improves it any more (${formatCount(workDone)} candidates)`;
    case 'work-budget': return `Used its budget of ${formatCount(workMax)} candidates; more search may find better`;
    case 'time': return `Ran out of time after ${formatCount(workDone)} candidates; another run may differ`;
    case 'canceled': return `Was canceled after ${formatCount(workDone)} candidates`;
  }
}

export const CAUSE_WORDS: Readonly<Record<ImbalanceBound['cause'], string>> = {
  'even-share': 'nothing in the way of even', indivisible: 'one shard cannot be divided', stays: 'what cannot move', granularity: 'shards do not divide evenly',
  'zone-spread': 'a zone has fewer nodes for its copies',
};

export const RAIL_WORDS: Readonly<Record<GuardRail['rail'], string>> = {
  capacity: 'Capacity', 'disk-line': 'Disk line', 'replica-conflict': 'Replicas on one node', 'zone-spread': 'Spread over zones', eligibility: 'Node takes no shards',
  'safety-line': 'Safety line', imbalance: 'Imbalance', 'headroom-node': 'Loss of a node', 'headroom-zone': 'Loss of a zone', hotspot: 'Hotspot',
};
