/** Name of filled key number n: the filler and the clients agree on it. */
export const filledName = (n: number): string => `filled:${n}`;
