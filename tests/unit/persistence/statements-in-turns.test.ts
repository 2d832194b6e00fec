import { describe, expect, it } from 'vitest';
import { StatementsInTurns } from '@/lib/persistence/statements-in-turns';

/** Three statements that take so long each, and what else waits for the event loop. */
async function orderOf(statementMs: number): Promise<readonly string[]> {
  let nowMs = 0;
  const order: string[] = [];
  const turns = new StatementsInTurns(() => nowMs);
  setImmediate(() => order.push('others'));
  for (const name of ['first', 'second', 'third']) {
    await turns.run(async () => {
      nowMs += statementMs;
      order.push(name);
      await Promise.resolve();
    });
  }
  await new Promise((resolve) => { setImmediate(resolve); });
  return order;
}

describe('statements in turns', () => {
  it('follow each other at once while they are short', async () => {
    expect(await orderOf(0.1)).toEqual(['first', 'second', 'third', 'others']);
  });

  it('wait for the next turn where those before them took long', async () => {
    expect(await orderOf(4)).toEqual(['first', 'others', 'second', 'third']);
  });

  it('give their answers and failures on', async () => {
    const turns = new StatementsInTurns();
    await expect(turns.run(() => Promise.resolve(7))).resolves.toBe(7);
    await expect(turns.run(() => Promise.reject(new Error('disk full')))).rejects.toThrow('disk full');
  });
});
