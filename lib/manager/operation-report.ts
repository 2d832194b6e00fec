import type { Imbalance } from '@/lib/contract/imbalance';
import type { Operation, Report } from '@/lib/contract/operation';
import type { Plan } from '@/lib/contract/plan';
import type { LatencyComparison } from '@/lib/contract/report';
import { speedOf } from '@/lib/core/execution/estimate';

/** Predicted against actual, at the end. */
export function reportOf(operation: Operation, plan: Plan, after: { readonly imbalance: Imbalance; readonly nowMs: number }): Report {
  const { progress, movingMs } = operation;
  const secondsMoving = movingMs / 1_000;
  const speed = speedOf({ bytes: progress.bytesDone, moves: progress.movesDone, seconds: secondsMoving });
  const share = plan.steps.length === 0 ? 0 : progress.movesTotal / plan.steps.length;
  return {
    secondsPredicted: plan.estimatedSeconds,
    secondsActual: Math.max(0, after.nowMs - (operation.startedAtMs ?? after.nowMs)) / 1_000,
    secondsMoving,
    bytesPredicted: progress.bytesTotal,
    bytesActual: progress.bytesDone,
    // Of a plan that was approved in part, the same part.
    keysPredicted: Math.round(plan.keyCount * share),
    keysActual: progress.keysDone,
    imbalanceBefore: plan.before.imbalance,
    imbalancePredicted: plan.after.imbalance,
    imbalanceAfter: after.imbalance,
    movesTotal: progress.movesTotal,
    movesDone: progress.movesDone,
    movesFailed: progress.movesFailed,
    movesReverted: Math.max(0, progress.movesTotal - progress.movesDone - progress.movesFailed - progress.movesInFlight),
    bytesPerSecond: speed?.bytesPerSecond ?? null,
    movesPerSecond: speed?.movesPerSecond ?? null,
    latency: operation.latency,
  };
}

/** One more reading of the cluster's p99 while data moves; unknown changes nothing. */
export function withSample(latency: LatencyComparison, p99Ms: number | null): LatencyComparison {
  if (p99Ms === null) return latency;
  const samples = latency.duringSamples + 1;
  const mean = latency.duringP99Ms ?? p99Ms;
  return { ...latency, duringSamples: samples, duringP99Ms: mean + (p99Ms - mean) / samples, duringWorstP99Ms: Math.max(latency.duringWorstP99Ms ?? 0, p99Ms) };
}
