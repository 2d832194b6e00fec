'use client';

import { parseAsArrayOf, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { NODE_COLUMNS } from './node-columns';

const DEFAULT_COLUMNS = NODE_COLUMNS.filter((column) => column.shownByDefault).map((column) => column.id);

const parsers = {
  q: parseAsString.withDefault(''),
  status: parseAsArrayOf(parseAsString).withDefault([]),
  zone: parseAsArrayOf(parseAsString).withDefault([]),
  sort: parseAsString.withDefault('name'),
  order: parseAsStringLiteral(['asc', 'desc']).withDefault('asc'),
  columns: parseAsArrayOf(parseAsString).withDefault(DEFAULT_COLUMNS),
  /** Node ids that are ticked. */
  picked: parseAsArrayOf(parseAsString).withDefault([]),
};

/** Search, filters, sorting, columns and ticks of the nodes table, in the address. */
export function useNodeUrl() {
  return useQueryStates(parsers, { history: 'replace' });
}

export type NodeUrl = ReturnType<typeof useNodeUrl>[0];
export type SetNodeUrl = ReturnType<typeof useNodeUrl>[1];
