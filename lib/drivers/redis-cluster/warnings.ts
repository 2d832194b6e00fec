import type { EngineWarning } from '@/lib/contract/observation';
import type { ClusterReading } from './cluster-reader';
import { rangesOf } from './atomic-engine';
import type { Ownership } from './ownership';
import { notServing } from './serving';
import type { StrayHolder } from './stray-watch';
import { nameOf, slotCountOf, type ClusterNodeLine } from './topology';

const MEND_REMEDY = 'Mend shards: where keys have arrived it goes on to its end, else it is taken back; moving the shard the same way goes on as well';
const STRAY_REMEDY = 'Mend shards before this node restarts, when newer servers delete such keys: it looks whether their owners have them as well, and can bring them there where not';
/** More warnings of one kind than this are counted, not listed. */
const LISTED_MAX = 50;
/** Of the slots of one warning. */
const RANGES_SHOWN = 6;
/** Of the nodes of one warning. */
const NAMES_SHOWN = 4;

type WarningCode = EngineWarning['code'];

function warning(code: WarningCode, message: string, more: Partial<Pick<EngineWarning, 'nodeId' | 'remedy'>> & { readonly slots?: readonly number[] } = {}): EngineWarning {
  const { slots = [] } = more;
  return { code, message, nodeId: more.nodeId ?? null, shardId: slots[0] ?? null, ...(slots.length > 1 && { shardCount: slots.length }), remedy: more.remedy ?? null };
}

/** What an operator must know of one reading. `isOurs` tells slots that a move of ours is changing. */
export function warningsOf({ reading, ownership, strays, isOurs }: {
  reading: ClusterReading; ownership: Ownership; strays: readonly StrayHolder[]; isOurs: (slot: number) => boolean;
}): EngineWarning[] {
  return [
    ...silentNodes(reading),
    ...servingWarnings(reading),
    ...coverageWarnings(ownership),
    ...openSlots(reading, isOurs),
    ...strayKeys(reading, strays),
    ...disagreements(ownership, isOurs),
    ...evictingPolicies(reading),
    ...slotStatsOff(reading),
  ];
}

function silentNodes({ silent, badSeeds, lines }: ClusterReading): EngineWarning[] {
  const code = (failureCode: string): WarningCode => failureCode === 'authentication-failed' ? 'authentication-failed' : 'node-did-not-answer';
  const members = new Set([...lines.values()].map(nameOf));
  return [
    ...[...silent].slice(0, LISTED_MAX).map(([nodeId, failure]) => warning(code(failure.code), failure.message, { nodeId })),
    ...[...badSeeds].filter(([address]) => !members.has(address))
      .map(([, failure]) => warning(code(failure.code), failure.message, { remedy: 'Correct or remove this seed address in the settings of the cluster' })),
  ];
}

/** Those that say the same stand together: where one slot is unserved, all of them do. */
function servingWarnings({ answers }: ClusterReading): EngineWarning[] {
  const groups = new Map<string, ClusterNodeLine[]>();
  for (const { view, clusterInfo } of notServing([...answers.values()])) {
    const said = `cluster_state:${clusterInfo.get('cluster_state') ?? 'unknown'} and serve%s no keys (${clusterInfo.get('cluster_slots_ok') ?? '?'} of 16384 slots are fine)`;
    groups.set(said, [...(groups.get(said) ?? []), view.self]);
  }
  return [...groups].slice(0, LISTED_MAX).map(([said, [first, ...more]]) => warning(
    'cluster-state-fail',
    more.length === 0 ? `${nameOf(first!)} reports ${said.replace('%s', 's')}` : `${more.length + 1} nodes report ${said.replace('%s', '')}: ${namesOf([first!, ...more])}`,
    { nodeId: first!.id, remedy: 'Bring back the nodes that failed, let a follower take over (CLUSTER FAILOVER on it), and mend the shards that nobody serves' },
  ));
}

function namesOf(lines: readonly ClusterNodeLine[]): string {
  const shown = lines.slice(0, NAMES_SHOWN).map(nameOf).join(', ');
  return lines.length > NAMES_SHOWN ? `${shown} and ${lines.length - NAMES_SHOWN} more` : shown;
}

function coverageWarnings({ uncovered }: Ownership): EngineWarning[] {
  if (uncovered.length === 0) return [];
  return [warning('slots-uncovered', `${uncovered.length} of 16384 slots ${uncovered.length === 1 ? 'belongs' : 'belong'} to nobody: ${slotsInWords(uncovered)}`, {
    slots: uncovered, remedy: 'Mend shards: it asks every node whether it has keys of them, and shows who would serve them',
  })];
}

/** Slots with the same marks stand together: a reshard that broke off is one line and not hundreds. */
function openSlots({ answers, lines }: ClusterReading, isOurs: (slot: number) => boolean): EngineWarning[] {
  const groups = new Map<string, { readonly marks: readonly Mark[]; readonly slots: number[] }>();
  for (const [slot, marks] of marksIn(answers)) {
    if (isOurs(slot)) continue;
    const key = JSON.stringify(marks);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { marks, slots: [slot] });
    else group.slots.push(slot);
  }
  const named = (id: string) => {
    const line = lines.get(id);
    return line === undefined ? id.slice(0, 12) : nameOf(line);
  };
  return [...groups.values()].slice(0, LISTED_MAX).map(({ marks, slots }) => {
    const them = slots.length === 1 ? 'it' : 'them';
    const said = marks.map(([id, verb, otherId]) => `${named(id)} ${verb === 'migrates' ? `migrates ${them} to` : `imports ${them} from`} ${named(otherId)}`).join(', ');
    return warning('open-slot', `${slots.length === 1 ? `Slot ${slots[0]!} is` : `${slots.length} slots are`} half moved${slots.length === 1 ? '' : ` (${slotsInWords(slots)})`}: ${said}`, {
      nodeId: marks[0]![0], slots, remedy: MEND_REMEDY,
    });
  });
}

function strayKeys({ lines }: ClusterReading, strays: readonly StrayHolder[]): EngineWarning[] {
  const counted = new Set<number>();
  return strays.slice(0, LISTED_MAX).flatMap(({ nodeId, keys, hiddenKeys }) => {
    const line = lines.get(nodeId);
    if (line !== undefined && hiddenKeys > 0) {
      return [warning('stray-keys', `${nameOf(line)} has at least ${hiddenKeys === 1 ? '1 key' : `${hiddenKeys} keys`} of slots that it does not serve, and does not tell of which: no client reaches them there`, { nodeId, remedy: STRAY_REMEDY })];
    }
    // Of a slot that two have strays of the first one tells.
    const slots = [...keys.keys()].filter((slot) => !counted.has(slot)).sort((a, b) => a - b);
    for (const slot of slots) counted.add(slot);
    if (line === undefined || slots.length === 0) return [];
    const keyCount = slots.reduce((sum, slot) => sum + (keys.get(slot) ?? 0), 0);
    const what = `${keyCount === 1 ? '1 key' : `${keyCount} keys`} of ${slots.length === 1 ? `slot ${slots[0]!}, which another node serves` : `${slots.length} slots that others serve (${slotsInWords(slots)})`}`;
    return [warning('stray-keys', `${nameOf(line)} has ${what}, and no mark of a move: no client reaches them there`, {
      nodeId, slots, remedy: STRAY_REMEDY,
    })];
  });
}

/** Who has a mark, what it does, and who is at the other end. */
type Mark = readonly [nodeId: string, verb: 'migrates' | 'imports', otherNodeId: string];

/** By ascending slot; of each, sources before targets. */
function marksIn(answers: ClusterReading['answers']): [number, Mark[]][] {
  const marks = new Map<number, Mark[]>();
  const add = (slot: number, mark: Mark) => { marks.set(slot, [...(marks.get(slot) ?? []), mark]); };
  const views = [...answers.values()].map(({ view }) => view.self).sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const { id, migrating } of views) for (const [slot, targetId] of migrating) add(slot, [id, 'migrates', targetId]);
  for (const { id, importing } of views) for (const [slot, sourceId] of importing) add(slot, [id, 'imports', sourceId]);
  return [...marks].sort(([a], [b]) => a - b);
}

/** "10–14, 20 and 93 more"; ascending. */
function slotsInWords(slots: readonly number[]): string {
  const shown = rangesOf(slots).slice(0, RANGES_SHOWN);
  const left = slots.length - slotCountOf(shown);
  const words = shown.map(({ first, last }) => (first === last ? String(first) : `${first}–${last}`)).join(', ');
  return left === 0 ? words : `${words} and ${left} more`;
}

function disagreements({ disagreed }: Ownership, isOurs: (slot: number) => boolean): EngineWarning[] {
  const foreign = disagreed.filter((slot) => !isOurs(slot));
  if (foreign.length === 0) return [];
  return [warning('views-disagree', `The primaries do not agree who owns ${foreign.length === 1 ? '1 slot' : `${foreign.length} slots`}: ${slotsInWords(foreign)}`, {
    slots: foreign, remedy: 'Gossip settles this within seconds unless somebody moves slots or the network between nodes is cut; compare CLUSTER NODES on the primaries',
  })];
}

function evictingPolicies({ answers }: ClusterReading): EngineWarning[] {
  return [...answers.values()].filter(({ info }) => evicts(info)).slice(0, LISTED_MAX).map(({ view, info }) => warning(
    'evicting-policy',
    `${nameOf(view.self)} throws keys away when its memory is full (maxmemory-policy ${info.get('maxmemory_policy') ?? ''}); a move onto it could lose data without an error`,
    { nodeId: view.self.id, remedy: 'CONFIG SET maxmemory-policy noeviction' },
  ));
}

/** Would the server drop keys silently when it is full? Only with a limit at all. */
function evicts(info: ReadonlyMap<string, string>): boolean {
  return Number(info.get('maxmemory') ?? 0) > 0 && (info.get('maxmemory_policy') ?? 'noeviction') !== 'noeviction';
}

function slotStatsOff({ answers }: ClusterReading): EngineWarning[] {
  return [...answers.values()].filter(({ facts }) => facts.hasSlotStats && facts.settings.get('cluster-slot-stats-enabled') === 'no').slice(0, LISTED_MAX)
    .map(({ view }) => warning('load-not-reported', `${nameOf(view.self)} can report the load of each slot but does not; loads are estimated from key counts`, {
      nodeId: view.self.id, remedy: 'CONFIG SET cluster-slot-stats-enabled yes',
    }));
}
