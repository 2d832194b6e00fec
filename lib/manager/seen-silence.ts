/**
 * What was silent when somebody lifted a freeze. It is part of the event, so that a manager
 * that begins anew does not freeze again because of what a human has seen already.
 */
import type { DomainEvent } from '@/lib/contract/events';
import type { Node } from '@/lib/contract/node';
import type { ClusterRecord, Store } from '@/lib/contract/storage';

/** One value of an event holds so many characters. */
const TEXT_MAX = 1_900;
const TEXTS_MAX = 64;
const QUERY = { operationId: null, severityMin: 'info', limit: 1, cursor: null } as const;

export function silentNodeIds(nodes: readonly Node[]): string[] {
  return nodes.filter(({ liveness }) => liveness === 'unreachable' || liveness === 'dead').map(({ id }) => id);
}

export function dataOfSeen(nodeIds: readonly string[]): DomainEvent['data'] {
  const texts: string[] = [];
  for (const id of nodeIds) {
    const last = texts.at(-1);
    if (last !== undefined && last.length + id.length < TEXT_MAX) texts[texts.length - 1] = `${last} ${id}`;
    else if (texts.length < TEXTS_MAX) texts.push(id);
  }
  return Object.fromEntries(texts.map((text, index) => [`seen${index}`, text]));
}

/** Nodes that were silent when the last freeze was lifted and have not come back since; none while one holds, for then nobody has looked yet. */
export async function seenSilence(store: Pick<Store, 'events'>, record: ClusterRecord): Promise<readonly string[]> {
  if (record.freeze !== null) return [];
  const [lifted] = (await store.events(record.id, { ...QUERY, types: ['automation.unfrozen'], nodeId: null })).items;
  const seen = Object.entries(lifted?.data ?? {}).flatMap(([name, value]) => (name.startsWith('seen') && typeof value === 'string' ? value.split(' ') : []));
  const stillAway = await Promise.all(seen.map(async (nodeId) => {
    const [newest] = (await store.events(record.id, { ...QUERY, types: ['node.livenessChanged'], nodeId })).items;
    return newest?.data['after'] === 'alive' && newest.sequence > (lifted?.sequence ?? 0) ? [] : [nodeId];
  }));
  return stillAway.flat();
}
