/**
 * From the order of a node to its share of the data: learned from what this pool's own
 * scale-outs took. A node is provisioned in the same time whatever the pool's size, but
 * data moves by the byte, so the two are learned apart. Of each the 80th percentile
 * counts, because a node that is late is worse than one that is early.
 */
export interface ScaleOutTiming {
  /** From the order to a member that answers. */
  readonly provisionMs: number;
  /** From then to the end of the rebalance. */
  readonly moveMs: number;
  readonly bytesMoved: number;
}

export interface LeadTime {
  readonly provisionMs: number;
  readonly moveMs: number;
  readonly totalMs: number;
  /** How many scale-outs this rests on; 0 = the assumption. */
  readonly sampleCount: number;
}

const QUANTILE = 0.8;
/** Older ones were of another pool, or of other machines. */
const SAMPLES_MAX = 20;

export function estimateLeadTime(timings: readonly ScaleOutTiming[], { bytes, assumedMs }: { readonly bytes: number; readonly assumedMs: number }): LeadTime {
  const recent = timings.filter((timing) => timing.provisionMs >= 0 && timing.moveMs >= 0).slice(-SAMPLES_MAX);
  if (recent.length === 0) return { provisionMs: 0, moveMs: assumedMs, totalMs: assumedMs, sampleCount: 0 };
  const provisionMs = quantileOf(recent.map((timing) => timing.provisionMs));
  const moved = recent.filter((timing) => timing.bytesMoved > 0);
  const moveMs = moved.length === 0 ? quantileOf(recent.map((timing) => timing.moveMs)) : quantileOf(moved.map((timing) => timing.moveMs / timing.bytesMoved)) * bytes;
  return { provisionMs, moveMs, totalMs: provisionMs + moveMs, sampleCount: recent.length };
}

function quantileOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(QUANTILE * sorted.length))]!;
}
