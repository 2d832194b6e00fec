/**
 * What a pool is worth while data moves between its nodes, and how long that takes.
 *
 * The model is P-Store's (Taft, El-Sayed, Serafini, Lu, Aboulnaga, Stonebraker, Mayerhofer,
 * Andrade: "P-Store: An Elastic Database System with Predictive Provisioning", SIGMOD 2018,
 * section 4.4). All nodes hold equal shares before and after a move. From B to A nodes,
 * min(min(A, B), |A - B|) pairs of nodes transfer in parallel, one pair would need
 * `fullCopyMs` for the whole database, and 1 - min/max of the data changes its node.
 * Capacity is bound by the node that holds most: growing, an old node that has given away
 * only a part; shrinking, a remaining one that has taken a part already. New nodes are
 * paid for from the beginning, leaving ones to the end.
 *
 * Refused: counting nodes. A pool of 10 growing to 20 is worth 10 when the move begins.
 */

/** Share of the database that changes its node, 0..1. */
export function shareMoved(from: number, to: number): number {
  return from === to ? 0 : 1 - Math.min(from, to) / Math.max(from, to);
}

/** How long the move takes; `fullCopyMs` is the time for the whole database over one pair of nodes. */
export function moveDurationMs(move: { readonly from: number; readonly to: number; readonly fullCopyMs: number }): number {
  const { from, to, fullCopyMs } = move;
  if (from === to) return 0;
  const pairs = Math.min(Math.min(from, to), Math.abs(from - to));
  return (fullCopyMs / Math.max(1, pairs)) * shareMoved(from, to);
}

/** Nodes' worth of capacity when the share `done` (0..1) of the move from `from` to `to` nodes is over. */
export function effectiveNodes(from: number, to: number, done: number): number {
  if (from === to || done >= 1) return to;
  return 1 / (1 / from + Math.max(0, done) * (1 / to - 1 / from));
}
