/**
 * How often the event loop came round to others while `work` was done: what a long piece
 * of work in portions has to show. Counts turns, not time.
 */
export async function turnsOfOthers<T>(work: () => Promise<T>): Promise<{ readonly turns: number; readonly value: T }> {
  let turns = 0;
  let over = false;
  const count = () => {
    turns += 1;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  try {
    const value = await work();
    return { turns, value };
  } finally {
    over = true;
  }
}
