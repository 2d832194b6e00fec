import { ORPCError } from '@orpc/server';
import type { Page } from '@/lib/contract/storage';

/** The page of a list that the store pages by its own opaque cursors. */
export function pageOf(input: { limit: number; cursor?: string | undefined }): Page {
  return { limit: input.limit, cursor: input.cursor ?? null };
}

/** The position that a cursor of a numbered list stands for; a 400 when it is none of ours. */
export function offsetOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (!/^\d{1,9}$/.test(cursor)) {
    throw new ORPCError('BAD_REQUEST', {
      status: 400,
      message: 'Input validation failed',
      data: { issues: [{ path: ['cursor'], message: 'Not a cursor of this list: send the nextCursor of the page before', code: 'invalid_cursor' }] },
    });
  }
  return Number(cursor);
}

/** The cursor of the next page of a numbered list, or null at its end. */
export function nextOffset(offset: number, count: number, total: number): string | null {
  return count > 0 && offset + count < total ? String(offset + count) : null;
}
