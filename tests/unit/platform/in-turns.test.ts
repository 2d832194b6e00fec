import { describe, expect, it } from 'vitest';
import { atOnce, inOwnTurn, inTurns, isShortList, nextTurn } from '@/lib/platform/in-turns';
import { turnsOfOthers } from '@/tests/support/turns-of-others';

function* sumTo(count: number): Generator<void, number> {
  let sum = 0;
  for (let value = 1; value <= count; value += 1) {
    sum += value;
    yield;
  }
  return sum;
}

describe('work that comes at the same moment', () => {
  it('is done in its order, one in each turn, and what comes meanwhile after it', async () => {
    const done: string[] = [];
    inOwnTurn(() => { done.push('a'); inOwnTurn(() => { done.push('c'); }); });
    inOwnTurn(() => { done.push('b'); });
    expect(done).toEqual([]);
    const seen: string[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      await new Promise((resolve) => { setImmediate(resolve); });
      seen.push(done.join(''));
    }
    expect(seen).toEqual(['a', 'ab', 'abc', 'abc']);
    inOwnTurn(() => { done.push('d'); });
    await nextTurn();
    expect(done.join('')).toBe('abcd');
  });

  it('two that rest do not go on in the same turn', async () => {
    const order: string[] = [];
    const turn = () => { setImmediate(() => { order.push('|'); if (order.length < 20) turn(); }); };
    turn();
    const portions = async (name: string) => { for (let portion = 0; portion < 3; portion += 1) { await nextTurn(); order.push(name); } };
    await Promise.all([portions('a'), portions('b')]);
    expect(order.join('').replaceAll(/^\||\|$/g, '')).toMatch(/^(a\|b\|){2}a\|b$/);
  });
});

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
