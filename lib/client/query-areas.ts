import type { api } from '@/lib/contract/api';
import type { DomainEvent } from '@/lib/contract/events';

export type ApiArea = keyof typeof api;

/** Event nouns and the parts of the API whose answers they make old. Nodes and shards are pushed and also asked for by some pages. */
const AREAS_OF_NOUN: Readonly<Record<string, readonly ApiArea[]>> = {
  cluster: ['clusters'],
  node: ['nodes', 'shards', 'agents'],
  agents: ['agents'],
  shards: ['shards', 'nodes'],
  plan: ['plans'],
  operation: ['operations', 'plans'],
  move: ['operations', 'shards'],
  provisioner: ['scaling'],
  settings: ['settings', 'scaling'],
  automation: ['clusters'],
  scaling: ['scaling', 'clusters'],
  rebalance: [],
  invariant: ['clusters'],
  command: [],
};

/** The areas whose queries are asked again because these events happened; the event log is always one of them. */
export function areasTouchedBy(events: readonly DomainEvent[]): readonly ApiArea[] {
  if (events.length === 0) return [];
  const nouns = new Set(events.map((event) => event.type.slice(0, event.type.indexOf('.'))));
  return [...new Set<ApiArea>(['events', ...[...nouns].flatMap((noun) => AREAS_OF_NOUN[noun] ?? [])])];
}
