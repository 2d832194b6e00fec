import { expect, it } from 'vitest';
import { EXAMPLE_SERIES, exampleText } from '@/components/scaling/example-series';
import { parseSeries } from '@/components/scaling/parse-series';

it.each(EXAMPLE_SERIES.map((example) => [example.name, example] as const))('the made-up series %s is one that the form takes: two weeks, positive, the same every time', (_name, example) => {
  const text = exampleText(example);
  const parsed = parseSeries(text, '');
  if (!parsed.ok) throw new Error(parsed.message);
  expect(parsed.value.values).toHaveLength(14 * 288);
  expect(Math.min(...parsed.value.values.map(Number))).toBeGreaterThan(0);
  expect(exampleText(example)).toBe(text);
});
