import { describe, expect, it } from 'vitest';
import { isShortList } from '@/lib/platform/in-turns';
import { jsonInTurns, parsedInTurns } from '@/lib/platform/json-in-turns';

describe('JSON in turns', () => {
  it.each([0, 1, 500, 501, 12_345])('says the same of %d items as in one go', async (count) => {
    const value = { id: 'plan', steps: Array.from({ length: count }, (_, index) => ({ index, none: null, text: `"${index}",\n` })), bytes: 3 };
    const text = await jsonInTurns(value, 'steps');
    expect(JSON.parse(text)).toEqual(value);
    expect(await parsedInTurns(text, 'steps')).toEqual(value);
  });

  it('are read from any JSON, and what is none is refused', async () => {
    expect(await parsedInTurns('{"steps":[1,2],"more":"a,\\nb"}', 'steps')).toEqual({ steps: [1, 2], more: 'a,\nb' });
    for (const broken of ['', '{"steps":[1,', '{"other":[1,\n2]}', '{"steps":[1,\n2,\nx]}']) await expect(parsedInTurns(broken, 'steps')).rejects.toThrow(SyntaxError);
  });

  it('an object of nothing but the list as well', async () => {
    const steps = Array.from({ length: 501 }, (_, index) => index);
    expect(JSON.parse(await jsonInTurns({ steps }, 'steps'))).toEqual({ steps });
  });

  it('lets others have their turn while it writes down a long list', async () => {
    const steps = Array.from({ length: 40_000 }, (_, index) => index);
    expect(isShortList(steps)).toBe(false);
    const seen: string[] = [];
    setImmediate(() => { seen.push('others'); });
    await jsonInTurns({ steps }, 'steps').then(() => { seen.push('written'); });
    expect(seen).toEqual(['others', 'written']);
  });
});
