/** Limits as they are typed, with what is wrong with them said at once. The server checks the same again. */
import type { Throttle } from '@/lib/contract/settings';

/** Numbers, or the text that is none (yet). */
export interface EnteredThrottle {
  readonly movesInFlight: number | string;
  readonly movesPerNode: number | string;
  /** Empty: no limit. */
  readonly mebibytesPerSecond: number | string;
}

const MIB = 1024 * 1024;
const IN_FLIGHT_MAX = 256;
const PER_NODE_MAX = 64;
const MIB_PER_SECOND_MAX = 900_000;

export function enteredOf({ movesInFlightMax, movesPerNodeMax, bytesPerSecondMax }: Throttle): EnteredThrottle {
  return { movesInFlight: movesInFlightMax, movesPerNode: movesPerNodeMax, mebibytesPerSecond: bytesPerSecondMax === null ? '' : Math.max(1, Math.round(bytesPerSecondMax / MIB)) };
}

interface ReadThrottle {
  /** `null`: something is wrong. */
  readonly throttle: Throttle | null;
  readonly problems: Partial<Record<keyof EnteredThrottle, string>>;
}

export function readThrottle(entered: EnteredThrottle): ReadThrottle {
  const problems: Partial<Record<keyof EnteredThrottle, string>> = {};
  const movesInFlightMax = wholeOf(entered.movesInFlight, IN_FLIGHT_MAX);
  const movesPerNodeMax = wholeOf(entered.movesPerNode, PER_NODE_MAX);
  const rate = entered.mebibytesPerSecond === '' ? null : wholeOf(entered.mebibytesPerSecond, MIB_PER_SECOND_MAX);
  if (Number.isNaN(movesInFlightMax)) problems.movesInFlight = `A whole number from 1 to ${IN_FLIGHT_MAX}`;
  if (Number.isNaN(movesPerNodeMax)) problems.movesPerNode = `A whole number from 1 to ${PER_NODE_MAX}`;
  else if (movesPerNodeMax > movesInFlightMax) problems.movesPerNode = `Not above the ${movesInFlightMax} moves at once`;
  if (Number.isNaN(rate)) problems.mebibytesPerSecond = `A whole number from 1 to ${MIB_PER_SECOND_MAX.toLocaleString('en-US')}, or empty for no limit`;
  if (Object.keys(problems).length > 0) return { throttle: null, problems };
  return { throttle: { movesInFlightMax, movesPerNodeMax, bytesPerSecondMax: rate === null ? null : rate * MIB }, problems };
}

/** NaN unless it is a whole number from 1 to `most`. */
function wholeOf(entered: number | string, most: number): number {
  const value = typeof entered === 'number' ? entered : entered.trim() === '' ? Number.NaN : Number(entered);
  return Number.isInteger(value) && value >= 1 && value <= most ? value : Number.NaN;
}
