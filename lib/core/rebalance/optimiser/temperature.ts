import type { Random } from '@/lib/platform/random';
import type { SearchState } from './search-state';

const SAMPLES = 2_000;

/** A temperature at which a usual worsening is a coin's toss: the mean of what random shifts that cost something cost. */
export function temperatureScale(state: SearchState, movable: Int32Array, random: Random): number {
  let sum = 0;
  let count = 0;
  for (let sample = 0; sample < SAMPLES && movable.length > 0; sample += 1) {
    const item = movable[random.integer(movable.length)]!;
    const to = random.integer(state.binCount);
    if (to === state.itemBin[item]) continue;
    const delta = state.shiftDelta(item, to);
    if (delta <= 0) continue;
    sum += delta;
    count += 1;
  }
  return count === 0 ? 1 : sum / count;
}
