/** What the schedules that apply now (or will by the time a node ordered now is ready) add up to, and what they contradict. */
import type { ScheduleOccurrence } from '@/lib/contract/scaling-schedule';

export interface ScheduleBounds {
  readonly floor: number | null;
  readonly floorUntilMs: number | null;
  /** The highest floor that begins before a scale-in would have paid: nothing shrinks below it. */
  readonly floorAhead: number | null;
  readonly ceiling: number | null;
  readonly ceilingUntilMs: number | null;
  readonly reserve: number;
}

/** Floors and reserves count from a lead time before they begin: a node ordered at the beginning would come late. */
export function scheduleBounds(occurrences: readonly ScheduleOccurrence[], { wallMs, leadTimeMs, paybackMs }: { readonly wallMs: number; readonly leadTimeMs: number; readonly paybackMs: number }): ScheduleBounds {
  let floor: number | null = null;
  let floorUntilMs: number | null = null;
  let floorAhead: number | null = null;
  let ceiling: number | null = null;
  let ceilingUntilMs: number | null = null;
  let reserve = 0;
  for (const occurrence of occurrences) {
    if (occurrence.endMs <= wallMs) continue;
    if (occurrence.floor !== null && occurrence.startMs - Math.max(leadTimeMs, paybackMs) <= wallMs) floorAhead = Math.max(floorAhead ?? 0, occurrence.floor);
    if (occurrence.startMs - leadTimeMs <= wallMs) {
      reserve += occurrence.reserve;
      if (occurrence.floor !== null && (floor === null || occurrence.floor > floor)) {
        floor = occurrence.floor;
        floorUntilMs = occurrence.endMs;
      }
    }
    if (occurrence.startMs <= wallMs && occurrence.ceiling !== null && (ceiling === null || occurrence.ceiling < ceiling)) {
      ceiling = occurrence.ceiling;
      ceilingUntilMs = occurrence.endMs;
    }
  }
  return { floor, floorUntilMs, floorAhead, ceiling, ceilingUntilMs, reserve };
}

/** The next time more nodes have to be there than there are, and when to order them. */
export interface NextOrder {
  readonly scheduleId: string;
  readonly nodeCount: number;
  readonly orderByMs: number;
  readonly readyAtMs: number;
}

export function nextOrder(occurrences: readonly ScheduleOccurrence[], { wallMs, leadTimeMs, nodeCount }: { readonly wallMs: number; readonly leadTimeMs: number; readonly nodeCount: number }): NextOrder | null {
  let next: NextOrder | null = null;
  for (const { scheduleId, floor, startMs } of occurrences) {
    if (floor === null || floor <= nodeCount || startMs <= wallMs || (next !== null && startMs >= next.readyAtMs)) continue;
    next = { scheduleId, nodeCount: floor, orderByMs: startMs - leadTimeMs, readyAtMs: startMs };
  }
  return next;
}

export interface ScheduleConflict {
  readonly code: 'overlap-exceeds-maximum' | 'floor-above-ceiling' | 'ceiling-below-minimum';
  /** The schedules that contradict each other. */
  readonly scheduleIds: readonly string[];
  readonly atMs: number;
  readonly message: string;
}

/**
 * What contradicts itself at some moment of these occurrences. Floors do not add up when
 * they apply (the highest counts), but they must fit under the maximum together: each may
 * have been meant for a load of its own.
 */
export function scheduleConflicts(occurrences: readonly ScheduleOccurrence[], { nodeCountMax, nodeCountMin }: { readonly nodeCountMax: number; readonly nodeCountMin: number }): readonly ScheduleConflict[] {
  const conflicts = new Map<string, ScheduleConflict>();
  const note = (conflict: ScheduleConflict) => {
    const key = `${conflict.code}/${conflict.scheduleIds.join('/')}`;
    if (!conflicts.has(key)) conflicts.set(key, conflict);
  };
  const sorted = [...occurrences].sort((a, b) => a.startMs - b.startMs || (a.scheduleId < b.scheduleId ? -1 : 1));
  let open: ScheduleOccurrence[] = [];
  for (const occurrence of sorted) {
    open = [...open.filter((other) => other.endMs > occurrence.startMs), occurrence];
    const atMs = occurrence.startMs;
    const asking = open.filter((each) => each.floor !== null || each.reserve > 0);
    const sum = asking.reduce((total, each) => total + (each.floor ?? 0) + each.reserve, 0);
    if (sum > nodeCountMax) {
      const terms = asking.map((each) => `${each.scheduleId} ${(each.floor ?? 0) + each.reserve}`);
      note({ code: 'overlap-exceeds-maximum', scheduleIds: idsOf(asking), atMs, message: `${terms.join(' + ')} make ${sum} nodes at the same time, the maximum is ${nodeCountMax}` });
    }
    const { floor, ceiling } = scheduleBounds(open, { wallMs: atMs, leadTimeMs: 0, paybackMs: 0 });
    if (floor !== null && ceiling !== null && floor > ceiling) note({ code: 'floor-above-ceiling', scheduleIds: idsOf(open), atMs, message: `A floor of ${floor} nodes and a ceiling of ${ceiling} apply at the same time` });
    if (ceiling !== null && ceiling < nodeCountMin) note({ code: 'ceiling-below-minimum', scheduleIds: idsOf(open), atMs, message: `A ceiling of ${ceiling} nodes is below the minimum of ${nodeCountMin}` });
  }
  return [...conflicts.values()];
}

function idsOf(occurrences: readonly ScheduleOccurrence[]): readonly string[] {
  return [...new Set(occurrences.map(({ scheduleId }) => scheduleId))].sort();
}
