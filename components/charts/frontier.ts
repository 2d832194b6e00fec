/**
 * Where a plan could be stopped, and what that brings. The server gives at most a few
 * hundred points; between two of them the gain is taken as a straight line, and the
 * bytes are summed exactly over the steps.
 */
import type { Plan } from '@/lib/contract/plan';

export interface StopPoint {
  readonly stepCount: number;
  readonly bytes: number;
  /** Of the bytes of the whole plan, 0..1; of its moves where it moves no known bytes. */
  readonly costShare: number;
  /** Of what the whole plan gains, 0..1; `null` where the plan does not tell. */
  readonly gainShare: number | null;
  /** As `BalancePicture.score`; `null` where the plan does not tell. */
  readonly score: number | null;
}

export interface Frontier {
  readonly stepTotal: number;
  readonly at: (stepCount: number) => StopPoint;
  /** The largest number of steps that costs no more than this share. */
  readonly stepsWithin: (costShare: number) => number;
  /** What is drawn, from (0, 0) to (1, 1); empty where the plan does not tell. */
  readonly line: readonly StopPoint[];
  /** What the cost counts. */
  readonly cost: 'data' | 'moves';
}

type FrontierPlan = Pick<Plan, 'steps' | 'frontier' | 'bytes' | 'before' | 'after'>;

export function frontierOf(plan: FrontierPlan): Frontier {
  const { steps, frontier: points } = plan;
  const bytesUntil = bytesUntilSteps(plan);
  const total = bytesUntil[steps.length]!;
  const shareAt = (stepCount: number) => (total > 0 ? bytesUntil[stepCount]! / total : stepCount / Math.max(1, steps.length));
  const at = (wanted: number): StopPoint => {
    const stepCount = Math.max(0, Math.min(steps.length, Math.round(wanted)));
    return { stepCount, bytes: bytesUntil[stepCount]!, costShare: shareAt(stepCount), ...gainAt(points, stepCount) };
  };
  return {
    stepTotal: steps.length,
    at,
    stepsWithin: (costShare) => lastWithin(steps.length, (stepCount) => shareAt(stepCount) <= costShare + 1e-9),
    line: points.map(({ stepCount }) => at(stepCount)),
    cost: total > 0 ? 'data' : 'moves',
  };
}

/** Bytes after 0, 1, 2 ... steps. Unknown sizes share evenly what the plan's total has beyond the known ones. */
function bytesUntilSteps({ steps, bytes }: FrontierPlan): Float64Array {
  let known = 0;
  let unknown = 0;
  for (const step of steps) {
    if (step.kind !== 'move') continue;
    if (step.bytes === null) unknown += 1;
    else known += step.bytes;
  }
  const fill = unknown === 0 ? 0 : Math.max(0, bytes - known) / unknown;
  const until = new Float64Array(steps.length + 1);
  steps.forEach((step, index) => { until[index + 1] = until[index]! + (step.kind === 'move' ? step.bytes ?? fill : 0); });
  return until;
}

function gainAt(points: FrontierPlan['frontier'], stepCount: number): Pick<StopPoint, 'gainShare' | 'score'> {
  const above = points.findIndex((point) => point.stepCount >= stepCount);
  const next = points[above];
  if (next === undefined) return { gainShare: null, score: null };
  const previous = points[above - 1];
  if (next.stepCount === stepCount || previous === undefined) return { gainShare: next.gainShare, score: next.score };
  const share = (stepCount - previous.stepCount) / (next.stepCount - previous.stepCount);
  return { gainShare: previous.gainShare + (next.gainShare - previous.gainShare) * share, score: previous.score + (next.score - previous.score) * share };
}

/** Of 0..max, the largest for which the rule still holds; it holds for 0 and, once broken, stays broken. */
function lastWithin(max: number, holds: (count: number) => boolean): number {
  let [low, high] = [0, max];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

const GAINS = [0.5, 0.8, 0.95] as const;
/** A suggestion has to be worth its button: this much cheaper than what it brings. */
const WORTH = 0.1;

/** Good places to stop: the first that bring half, 80 % and 95 % of the gain, where they cost clearly less than that. */
export function suggestedStops(frontier: Frontier): StopPoint[] {
  const stops: StopPoint[] = [];
  for (const gain of GAINS) {
    const stop = frontier.line.find(({ gainShare, stepCount }) => stepCount > 0 && gainShare !== null && gainShare >= gain);
    if (stop === undefined || stop.gainShare === null || stop.stepCount >= frontier.stepTotal) continue;
    if (stop.gainShare - stop.costShare < WORTH || stops.at(-1)?.stepCount === stop.stepCount) continue;
    stops.push(stop);
  }
  return stops;
}
