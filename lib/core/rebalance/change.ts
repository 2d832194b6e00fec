import type { BalanceDimension } from '@/lib/contract/imbalance';
import type { MoveReason } from '@/lib/contract/plan';

/**
 * One change of placement while a plan is being made. A shift takes the item of `group`
 * that is on `from` to `to`; a transfer hands the primary role on `from` to the
 * secondary on `to`. In the order of their making every prefix holds P2, P3 and P4.
 */
export interface Change {
  readonly kind: 'shift' | 'transfer';
  readonly group: number;
  readonly from: number;
  readonly to: number;
  readonly code: MoveReason['code'];
  /** What it is done for. */
  readonly dimension: BalanceDimension;
}
