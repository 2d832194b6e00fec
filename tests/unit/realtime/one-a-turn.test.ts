import { describe, expect, it } from 'vitest';
import { nextTurn } from '@/lib/platform/in-turns';
import { OneATurn } from '@/lib/realtime/one-a-turn';

describe('work that comes at the same moment', () => {
  it('is done in its order, one in each turn, and what comes meanwhile after it', async () => {
    const turns = new OneATurn();
    const done: string[] = [];
    turns.add(() => { done.push('a'); turns.add(() => { done.push('c'); }); });
    turns.add(() => { done.push('b'); });
    expect(done).toEqual([]);
    const seen: string[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      await nextTurn();
      seen.push(done.join(''));
    }
    expect(seen).toEqual(['a', 'ab', 'abc', 'abc']);
    turns.add(() => { done.push('d'); });
    await nextTurn();
    expect(done.join('')).toBe('abcd');
  });
});
