'use client';

import { parseAsArrayOf, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { useMemo } from 'react';
import { SEVERITIES, type EventFilter } from '@/lib/client/event-query';
import { EVENT_TYPES } from '@/lib/contract/vocabulary';

const parsers = {
  type: parseAsArrayOf(parseAsStringLiteral(EVENT_TYPES)).withDefault([]),
  severity: parseAsStringLiteral(SEVERITIES).withDefault('info'),
  node: parseAsString,
  operation: parseAsString,
};

/** The filter lives in the address: it survives a reload and can be sent to somebody. */
export function useEventFilter() {
  const [state, setState] = useQueryStates(parsers);
  const filter = useMemo<EventFilter>(
    () => ({ types: state.type, severityMin: state.severity, nodeId: state.node, operationId: state.operation }),
    [state.type, state.severity, state.node, state.operation],
  );
  return {
    filter,
    setFilter: (change: Partial<EventFilter>) => void setState({
      ...(change.types !== undefined && { type: [...change.types] }),
      ...(change.severityMin !== undefined && { severity: change.severityMin }),
      ...(change.nodeId !== undefined && { node: change.nodeId }),
      ...(change.operationId !== undefined && { operation: change.operationId }),
    }),
    clear: () => void setState({ type: null, severity: null, node: null, operation: null }),
  };
}
