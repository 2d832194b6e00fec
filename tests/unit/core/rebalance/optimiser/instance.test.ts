import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { evaluate } from '@/tests/bench/reassignment/evaluate';
import { readAssignment, readInstance } from '@/tests/bench/reassignment/instance';

const textOf = (name: string) => readFileSync(new URL(`../../../../bench/reassignment/toy/${name}`, import.meta.url), 'latin1');
const bytesOf = (text: string) => new TextEncoder().encode(text);
const model = textOf('model_toy.txt');
const read = (text: string) => readInstance(bytesOf(text), 'model_toy.txt');
const words = model.trim().split(/\s+/);
const withWord = (at: number, word: string) => [...words.slice(0, at), word, ...words.slice(at + 1)].join(' ');

describe('[P9] files of instances', () => {
  it('are read whatever the white space between the numbers is', () => {
    expect(read(words.join('\r\n\t '))).toEqual(read(model));
    expect(read(words.join(' '))).toEqual(read(model));
  });

  it.each([
    ['cut off anywhere', words.slice(0, 30).join(' '), 'truncated'],
    ['cut off within the last number but one', words.slice(0, -1).join(' '), 'truncated'],
    ['empty', '', 'truncated'],
    ['with numbers left over', `${model} 7`, 'left-over'],
    ['with a word that is no number', withWord(5, 'NaN'), 'not-an-integer'],
    ['with a fraction', withWord(9, '1.5'), 'not-an-integer'],
    ['with a negative capacity', withWord(8, '-30'), 'out-of-range'],
    ['with a transient flag of 2', withWord(1, '2'), 'out-of-range'],
    ['with more machines than there is text', withWord(5, '9999999'), 'out-of-range'],
    ['with a number beyond what doubles count', withWord(8, '99999999999999999999'), 'out-of-range'],
  ])('%s: a typed refusal that names the place', (_, text, code) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code }));
    expect(() => read(text)).toThrow('model_toy.txt');
  });

  it('assignments with too few, too many or unknown machines are refused', () => {
    const instance = read(model);
    const assignment = (text: string) => () => readAssignment(bytesOf(text), 'assignment.txt', instance);
    expect(assignment('0 3 0\n')()).toEqual(Int32Array.of(0, 3, 0));
    expect(assignment('0 3')).toThrow(expect.objectContaining({ code: 'truncated' }));
    expect(assignment('0 3 0 1')).toThrow(expect.objectContaining({ code: 'left-over' }));
    expect(assignment('0 4 0')).toThrow(expect.objectContaining({ code: 'out-of-range' }));
  });

  it('what an assignment breaks is named', () => {
    const instance = read(model);
    const violations = (...assignment: number[]) => evaluate(instance, Int32Array.of(0, 3, 0), Int32Array.from(assignment)).violations.join('; ');
    expect(violations(0, 0, 0)).toContain('machine 0 holds two processes of service 0');
    expect(violations(3, 2, 0)).toContain('machine 3 has 10 of resource 0, and 22 is taken');
    expect(violations(0, 1, 3)).toContain('service 1 is in neighbourhood 1 without service 0');
    expect(violations(0, 1, 0)).toContain('service 0 lies in 1 locations of the 2');
  });
});
