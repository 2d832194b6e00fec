import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ITEMS_PER_TURN } from '@/lib/platform/in-turns';
import { jsonInTurns, jsonLines, jsonPortions, parsedInTurns, valueOfLines } from '@/lib/platform/json-in-turns';
import { turnsOfOthers } from '@/tests/support/turns-of-others';

/** Lists around the length that is split, deep inside and at the top, of items with everything that JSON has to escape. */
const list = fc.tuple(fc.constantFrom(0, 1, ITEMS_PER_TURN, ITEMS_PER_TURN + 1, 5 * ITEMS_PER_TURN + 7), fc.jsonValue({ maxDepth: 1 })).map(([length, item]) => Array.from({ length }, (_, index) => ({ index, item, text: `"${index}",\n` })));
const value = fc.record({ id: fc.jsonValue({ maxDepth: 2 }), steps: list, before: fc.record({ score: fc.double(), holdings: list, deeper: fc.record({ list }) }), none: fc.constant(undefined), after: list, ' "odd"\n': list });

const manySteps = Array.from({ length: 40_000 }, (_, index) => index);
const manyHoldings = Array.from({ length: 1_000 }, (_, index) => ({ nodeId: `node-${index}`, text: 'é'.repeat(200) }));

async function collected(portions: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const portion of portions) all.push(portion);
  return all;
}

describe('JSON in turns', () => {
  it('is the very text that is made in one go', async () => {
    await fc.assert(fc.asyncProperty(value, async (object) => { expect(await jsonInTurns(object)).toBe(JSON.stringify(object)); }), { numRuns: 50 });
    expect(await jsonInTurns({})).toBe('{}');
    expect(await jsonInTurns({ at: new Date(0), steps: [undefined, NaN] })).toBe('{"at":"1970-01-01T00:00:00.000Z","steps":[null,null]}');
  });

  it('has no portion that is long, whichever list of it is, and lets others have their turn between them', async () => {
    for (const object of [{ steps: manySteps }, { before: { holdings: manyHoldings }, after: { holdings: manyHoldings } }]) {
      const { turns, value: portions } = await turnsOfOthers(() => collected(jsonPortions(object)));
      expect(portions.join('')).toBe(JSON.stringify(object));
      expect(Math.max(...portions.map(({ length }) => length))).toBeLessThan(80_000);
      expect(turns).toBeGreaterThanOrEqual(portions.length - 1);
    }
  });
});

describe('an object as lines of JSON', () => {
  async function* cut(text: string, length: number): AsyncGenerator<string, void> {
    for (let at = 0; at < text.length; at += length) yield await Promise.resolve(text.slice(at, at + length));
  }

  it('is read back whole, wherever the text is cut', async () => {
    await fc.assert(fc.asyncProperty(value, fc.integer({ min: 500, max: 100_000 }), async (object, length) => {
      const text = (await collected(jsonLines(object))).join('');
      expect(JSON.stringify(await valueOfLines(cut(text, length)))).toBe(JSON.stringify(object));
    }), { numRuns: 50 });
  });

  it('has no line that is long, and lets others have their turn while it is written and read', async () => {
    const object = { steps: manySteps, before: { holdings: manyHoldings } };
    const portions = (manySteps.length + manyHoldings.length) / ITEMS_PER_TURN;
    const written = await turnsOfOthers(() => collected(jsonLines(object)));
    expect(Math.max(...written.value.map(({ length }) => length))).toBeLessThan(80_000);
    expect(written.turns).toBeGreaterThanOrEqual(portions);
    const text = written.value.join('');
    const read = await turnsOfOthers(() => valueOfLines(cut(text, 10_000)));
    expect(read.value).toEqual(object);
    expect(read.turns).toBeGreaterThanOrEqual(text.length / 10_000);
  });

  it('is refused where it is something else or not all of it', async () => {
    for (const broken of ['', '{', '{}', '{}\n{}\n', '{}\n[["a"],[1]]\n', '{"a":1}\n[["a"],[1]]\n', '{"a":[]}\n[["a"],[1]]', '{"a":[]}\n[["a"],1]\n', '{}\n[["__proto__","a"],[1]]\n', '\n']) {
      await expect(valueOfLines(cut(broken, 3)), broken).rejects.toThrow(SyntaxError);
    }
  });
});

describe('JSON as earlier versions stored it', () => {
  it.each([0, 1, 500, 501, 12_345])('is read with a list of %d items', async (count) => {
    const object = { id: 'plan', bytes: 3, steps: Array.from({ length: count }, (_, index) => ({ index, none: null, text: `"${index}",\n` })) };
    const text = JSON.stringify(object);
    expect(await parsedInTurns(text, 'steps')).toEqual(object);
    expect(await parsedInTurns(inPortions(object), 'steps')).toEqual(object);
  });

  it('whatever else it is, and what is none is refused', async () => {
    expect(await parsedInTurns('{"steps":[1,2],"more":"a,\\nb"}', 'steps')).toEqual({ steps: [1, 2], more: 'a,\nb' });
    for (const broken of ['', '{"steps":[1,', '{"other":[1,\n2]}', '{"steps":[1,\n2,\nx]}']) await expect(parsedInTurns(broken, 'steps')).rejects.toThrow(SyntaxError);
  });

  function inPortions({ steps, ...rest }: { readonly steps: readonly unknown[] }): string {
    const portions: string[] = [];
    for (let at = 0; at < steps.length; at += 125) portions.push(JSON.stringify(steps.slice(at, at + 125)).slice(1, -1));
    return `${JSON.stringify(rest).slice(0, -1)},"steps":[${portions.join(',\n')}]}`;
  }
});
