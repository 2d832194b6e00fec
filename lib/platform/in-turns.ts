/** Long work in portions, between which the event loop sees to everybody else. */

/**
 * Items of a list that are worked on before others get their turn: a millisecond or two of work,
 * and several times as long the first time, in code that is not compiled yet.
 */
export const ITEMS_PER_TURN = 250;

/** Rows of columns that are gone through before others get their turn: simple arithmetic on each. */
export const ROWS_PER_TURN = 16_384;

const SHORT_LIST_MAX = 500;

/** So short a list is worked on at once. */
export function isShortList(list: readonly unknown[]): boolean {
  return list.length <= SHORT_LIST_MAX;
}

/** Resolves once everything that waits for the event loop now has had its turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve); });
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
