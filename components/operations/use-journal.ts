'use client';

import { useQuery } from '@tanstack/react-query';
import { useApi, useConsole } from '@/components/realtime/live-provider';
import type { MoveRecord, Operation } from '@/lib/contract/operation';
import { isTerminal } from '@/lib/contract/vocabulary';

const PAGE_SIZE = 1_000;
/** What a page on the glass holds at most; the file has all of them. */
const JOURNAL_MAX = 10_000;

export interface Journal {
  /** In plan order. */
  readonly moves: readonly MoveRecord[];
  /** How many there are, also those that are not here. */
  readonly total: number;
}

/** The journal of an operation. The ends of moves are no events, so it is asked for again while they go on; a long one less often. */
export function useJournal(operation: Operation) {
  const api = useApi();
  const { client } = useConsole();
  const { id: operationId, status, progress: { movesTotal } } = operation;
  return useQuery({
    queryKey: [...api.operations.moves.key({ input: { operationId } }), 'whole'],
    queryFn: async ({ signal }): Promise<Journal> => {
      const moves: MoveRecord[] = [];
      let cursor: string | null = null;
      let total = 0;
      do {
        const page: { moves: MoveRecord[]; total: number; nextCursor: string | null } = await client.operations.moves({ operationId, limit: PAGE_SIZE, ...(cursor !== null && { cursor }) }, { signal });
        moves.push(...page.moves);
        total = page.total;
        cursor = page.nextCursor;
      } while (cursor !== null && moves.length < JOURNAL_MAX);
      return { moves, total };
    },
    enabled: movesTotal > 0,
    refetchInterval: isTerminal(status) ? false : movesTotal <= PAGE_SIZE ? 2_000 : 10_000,
  });
}
