/** A place where the order may end. */
export interface Stop {
  /** Changes up to here. */
  readonly length: number;
  readonly bytes: number;
  /** Cost taken off so far, moves paid. */
  readonly gain: number;
  /** Of that, what evening brought: the other buckets are priced for their urgency, not for their size. */
  readonly evened: number;
}

/** A byte at the end of a long plan brings at least this share of what its mean byte before it brought to evenness. */
export const GAIN_PER_BYTE_MIN = 0.01;
/** So short a plan is read step by step, and nothing is cut off it. */
export const SHORT_PLAN_STEPS = 100;

/** The first stop after which all that is left brings next to nothing for its bytes; the last one where there is no such tail. */
export function lastWorthwhile(stops: readonly Stop[]): Stop | undefined {
  const last = stops.at(-1);
  if (last === undefined) return undefined;
  return stops.find((stop) => stop.length >= SHORT_PLAN_STEPS && stop.bytes > 0
    && last.gain - stop.gain < GAIN_PER_BYTE_MIN * (last.bytes - stop.bytes) * (stop.evened / stop.bytes)) ?? last;
}
