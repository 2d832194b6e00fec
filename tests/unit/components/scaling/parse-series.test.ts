import { describe, expect, it } from 'vitest';
import { parseSeries } from '@/components/scaling/parse-series';

const valuesOf = (text: string, column = '') => {
  const parsed = parseSeries(text, column);
  return parsed.ok ? parsed.value.values : parsed.message;
};

describe('a pasted series', () => {
  it('is one value a line, with gaps where nothing is known', () => {
    expect(valuesOf('1\n2.5\nNaN\nnull\n3\n\n')).toEqual([1, 2.5, null, null, 3]);
  });

  it('is a column of a CSV, the last one unless another is named', () => {
    const text = 'time,cpu,"load"\r\n2026-11-01T00:00:00Z,0.5,7\r\n2026-11-01T00:01:00Z,,9\r\n';
    expect(valuesOf(text)).toEqual([7, 9]);
    expect(valuesOf(text, 'cpu')).toEqual([0.5, null]);
    expect(valuesOf('2026-11-01T00:00:00Z;3\n2026-11-01T00:01:00Z;4')).toEqual([3, 4]);
  });

  it('is refused with the reason and the line', () => {
    expect(valuesOf('1\n2\nthree\n')).toBe('Line 3: "three" is not a number from 0 on');
    expect(valuesOf('load\n1\n-4\n')).toBe('Line 3: "-4" is not a number from 0 on');
    expect(valuesOf('1')).toBe('At least two values are needed');
    expect(valuesOf('a,b\n1,2\n3,4', 'c')).toBe('There is no column c; there are a, b');
    expect(valuesOf('1\n2', 'c')).toBe('The text has no head with names of columns');
    expect(valuesOf('nan\nnan')).toBe('No value is known');
    expect(valuesOf(Array.from({ length: 100_001 }, () => '1').join('\n'))).toContain('At most 100,000 values');
  });
});
