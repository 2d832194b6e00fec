import type { DomainEvent, EventType } from '@/lib/contract/events';

/** What the events screen is narrowed to; `null` and [] narrow nothing. */
export interface EventFilter {
  readonly types: readonly EventType[];
  readonly severityMin: DomainEvent['severity'];
  readonly nodeId: string | null;
  readonly operationId: string | null;
}

export const SEVERITIES = ['info', 'notice', 'warning', 'critical'] as const satisfies readonly DomainEvent['severity'][];

/** The same filter as the API's, for events that arrive live. */
export function matchesFilter(event: DomainEvent, filter: EventFilter): boolean {
  return (filter.types.length === 0 || filter.types.includes(event.type))
    && SEVERITIES.indexOf(event.severity) >= SEVERITIES.indexOf(filter.severityMin)
    && (filter.nodeId === null || event.nodeId === filter.nodeId)
    && (filter.operationId === null || event.operationId === filter.operationId);
}

export function isFiltered(filter: EventFilter): boolean {
  return filter.types.length > 0 || filter.severityMin !== 'info' || filter.nodeId !== null || filter.operationId !== null;
}

/** The filter as the API takes it; defaults are left out, so that the URL of the call is as short as it can be. */
export function apiFilterOf(filter: EventFilter): { type?: EventType[]; severityMin?: DomainEvent['severity']; nodeId?: string; operationId?: string } {
  return {
    ...(filter.types.length > 0 && { type: [...filter.types] }),
    ...(filter.severityMin !== 'info' && { severityMin: filter.severityMin }),
    ...(filter.nodeId !== null && { nodeId: filter.nodeId }),
    ...(filter.operationId !== null && { operationId: filter.operationId }),
  };
}

/** Newest first, every event once, live ones over loaded ones. */
export function mergeEvents(live: readonly DomainEvent[], loaded: readonly DomainEvent[]): DomainEvent[] {
  const newestLoaded = loaded[0]?.sequence ?? 0;
  return [...live.filter((event) => event.sequence > newestLoaded), ...loaded];
}
