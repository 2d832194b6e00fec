import type { Page, PageOf } from '@/lib/contract/storage';

/** What one page holds at most, whatever was asked for. */
const PAGE_LIMIT_MAX = 1_000;
/** Above every row number and sequence, and still what a 32-bit column is compared with. */
const BEFORE_ALL = 2_147_483_647;

export function limitOf(page: Page): number {
  return Math.min(PAGE_LIMIT_MAX, Math.max(1, Math.floor(page.limit)));
}

/**
 * The row number that the page's rows are below. A cursor is the number of the last row of the page
 * before; one that the store never gave selects nothing.
 */
export function cursorOf(page: Page): number {
  if (page.cursor === null) return BEFORE_ALL;
  return /^\d{1,9}$/.test(page.cursor) ? Number(page.cursor) : 0;
}

/** Makes a page of `rows`, newest first, which were read one beyond the limit to know whether there are more. */
export function pageOf<Row, T>(rows: readonly Row[], page: Page, numberOf: (row: Row) => number, itemOf: (row: Row) => T): PageOf<T> {
  const limit = limitOf(page);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(itemOf), nextCursor: rows.length > limit && last !== undefined ? String(numberOf(last)) : null };
}
