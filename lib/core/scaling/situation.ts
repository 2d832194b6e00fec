import type { ScalingOverride } from '@/lib/contract/scaling-policy';
import type { ChainCode } from '@/lib/contract/scaling-record';
import type { ScheduleOccurrence } from '@/lib/contract/scaling-schedule';
import type { UTILIZATION_METRICS } from '@/lib/contract/scaling-rules';

/** A change of size that was carried out (or ordered), for limits and cooldowns. */
export interface SizeChange {
  readonly monotonicMs: number;
  readonly from: number;
  readonly to: number;
}

/** Whether a smaller pool holds, tried out by the planner on the real nodes. rehearsing: that is not known yet; ask again. */
export type ScaleInTrial =
  | { readonly ok: true; readonly victims: readonly string[] }
  | { readonly ok: false; readonly code: Extract<ChainCode, 'over-line' | 'over-line-after-loss' | 'over-line-during-drain' | 'planner-refused' | 'no-victim' | 'rehearsing'>; readonly numbers: Readonly<Record<string, number>> };

/** The node above its line while the mean is not, and what of it is one shard. */
export interface HottestNode {
  readonly nodeId: string;
  readonly metric: (typeof UTILIZATION_METRICS)[number];
  readonly value: number;
  /** Its largest shard's part of that, 0..1. */
  readonly largestShardShare: number;
}

/** What surrounds a decision besides the load. */
export interface PoolSituation {
  readonly stale: boolean;
  readonly frozen: boolean;
  /** Dead or unreachable nodes of the pool. */
  readonly failedNodes: number;
  /** Neither alive nor failed, or quarantined, or in maintenance. */
  readonly doubtfulNodes: number;
  readonly operation: { readonly running: boolean; readonly endedMonotonicMs: number | null };
  readonly override: ScalingOverride | null;
  /** Those that are not over, as far ahead as is to be looked; floors count from a lead time before they begin. */
  readonly occurrences: readonly ScheduleOccurrence[];
  /** Of the last 24 h, oldest first. */
  readonly changes: readonly SizeChange[];
  readonly hottest: HottestNode | null;
  /** From the order of a node to its share of the data. */
  readonly leadTimeMs: number;
  readonly trial: (nodeCount: number) => ScaleInTrial;
}
