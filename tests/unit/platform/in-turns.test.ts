import { describe, expect, it } from 'vitest';
import { atOnce, inTurns, isShortList } from '@/lib/platform/in-turns';
import { turnsOfOthers } from '@/tests/support/turns-of-others';

function* sumTo(count: number): Generator<void, number> {
  let sum = 0;
  for (let value = 1; value <= count; value += 1) {
    sum += value;
    yield;
  }
  return sum;
}

describe('work in turns', () => {
  it('others get their turn at each rest, and the outcome is that of work at once', async () => {
    const { turns, value } = await turnsOfOthers(() => inTurns(sumTo(50)));
    expect(value).toBe(1_275);
    expect(turns).toBeGreaterThanOrEqual(50);
    expect(atOnce(sumTo(50))).toBe(1_275);
    expect((await turnsOfOthers(() => Promise.resolve(atOnce(sumTo(50))))).turns).toBe(0);
  });

  it('what fails within it fails for the caller', async () => {
    function* broken(): Generator<void, number> {
      throw new RangeError('no');
    }
    await expect(inTurns(broken())).rejects.toThrow(RangeError);
  });

  it('a list is long when it takes more than one turn', () => {
    expect(isShortList(Array(500))).toBe(true);
    expect(isShortList(Array(501))).toBe(false);
  });
});
