/** Rounding of 6.000000001 to 7 would cost a node for nothing. */
const ROUNDING = 1e-9;

/** Whole nodes, at least one, for a need in nodes' worth. */
export function nodesFor(need: number): number {
  return Math.max(1, Math.ceil(need - ROUNDING));
}

/** The size that would do for what is read now, with `n` nodes there: below its lines a rule asks for no more than there are. */
export function wantedNow(need: number | null, out: number | null, n: number): number | null {
  if (need === null) return null;
  return out ?? Math.min(n, nodesFor(need));
}
