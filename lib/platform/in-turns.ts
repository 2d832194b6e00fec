/** Long work in portions, between which the event loop sees to everybody else. */

/**
 * Items of a list that are worked on before others get their turn: a millisecond or two of work,
 * and several times as long the first time, in code that is not compiled yet.
 */
export const ITEMS_PER_TURN = 125;

/** Rows of columns that are gone through before others get their turn: simple arithmetic on each. */
export const ROWS_PER_TURN = 8_192;

const SHORT_LIST_MAX = 500;

/** So short a list is worked on at once. */
export function isShortList(list: readonly unknown[]): boolean {
  return list.length <= SHORT_LIST_MAX;
}

const waiting: (() => void)[] = [];

/**
 * Carries out `work` in a turn of the event loop of its own, after whatever asked for one before.
 * Work that comes in at the same moment (all views of a cluster with each reading, a reading's next
 * portion, a plan's) is short, each part of it; together in one turn they would hold everybody up.
 */
export function inOwnTurn(work: () => void): void {
  waiting.push(work);
  if (waiting.length === 1) setImmediate(takeTurn);
}

function takeTurn(): void {
  const [work] = waiting;
  try {
    work?.();
  } finally {
    waiting.shift();
    if (waiting.length > 0) setImmediate(takeTurn);
  }
}

/** Resolves in a turn of the caller's own, once everything that waits for the event loop now has had its turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => { inOwnTurn(resolve); });
}

/** Carries out work that says by `yield` where it may rest, and rests there. */
export async function inTurns<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    await nextTurn();
  }
}

/** The same without a rest. */
export function atOnce<T>(work: Generator<void, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}
