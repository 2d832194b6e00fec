/**
 * How the parts of a plan request stand in an address: short, readable, and forgiving.
 * What does not parse is left out, because a link may be older than the product or was
 * typed by hand; what is in range is for the server to say.
 */
import { createParser } from 'nuqs';
import type { Objective, ObjectiveWeights, SafetyLineOverrides } from '@/lib/contract/plan-options';
import { OBJECTIVES, RESOURCES } from '@/lib/contract/vocabulary';

export const WEIGHT_MAX = 100;

/** "cpu:2,bytes:0.5" by a closed list of names. */
function pairsOf<Name extends string>(text: string, names: readonly Name[], max: number): Partial<Record<Name, number>> {
  const pairs: Partial<Record<Name, number>> = {};
  for (const part of text.split(',')) {
    const [name, number, ...more] = part.split(':');
    const known = names.find((each) => each === name?.trim());
    const value = number === undefined || number.trim() === '' || more.length > 0 ? NaN : Number(number);
    if (known !== undefined && value >= 0 && value <= max) pairs[known] = value;
  }
  return pairs;
}

function textOf<Name extends string>(pairs: Partial<Record<Name, number>>, names: readonly Name[]): string {
  return names.flatMap((name) => (pairs[name] === undefined ? [] : [`${name}:${Number(pairs[name].toFixed(4))}`])).join(',');
}

const sameText = <T>(serialize: (value: T) => string) => (a: T, b: T) => serialize(a) === serialize(b);

const weightsText = (weights: ObjectiveWeights) => textOf<Objective>(weights, OBJECTIVES);
export const parseAsWeights = createParser<ObjectiveWeights>({
  parse: (text) => pairsOf<Objective>(text, OBJECTIVES, WEIGHT_MAX), serialize: weightsText, eq: sameText(weightsText),
});

const linesText = (lines: SafetyLineOverrides) => textOf(lines, RESOURCES);
export const parseAsLines = createParser<SafetyLineOverrides>({
  parse: (text) => pairsOf(text, RESOURCES, 1), serialize: linesText, eq: sameText(linesText),
});

/** Ids hold no commas. */
const idsText = (ids: readonly string[]) => ids.join(',');
export const parseAsIds = createParser<readonly string[]>({
  parse: (text) => [...new Set(text.split(',').filter((id) => /^[A-Za-z0-9_.:@-]{1,128}$/.test(id)))], serialize: idsText, eq: sameText(idsText),
});

/** A whole number from 1, or nothing. */
export function parseAsWhole(max: number) {
  return createParser<number>({
    parse: (text) => {
      const value = /^\d+$/.test(text) ? Number(text) : NaN;
      return value >= 1 && value <= max ? value : null;
    },
    serialize: String,
  });
}

/** Where the plan under review is to stop. With the end of the plan's id, so that it means nothing to the next plan. */
export interface Stop {
  readonly count: number;
  readonly planId: string;
}

const ID_END = 6;
export const parseAsStop = createParser<Stop>({
  parse: (text) => {
    const match = /^(\d{1,7})-(.{1,6})$/.exec(text);
    return match === null ? null : { count: Number(match[1]), planId: match[2]! };
  },
  serialize: ({ count, planId }) => `${count}-${planId.slice(-ID_END)}`,
  eq: (a, b) => a.count === b.count && a.planId.slice(-ID_END) === b.planId.slice(-ID_END),
});

/** The number of steps to run: what the address says where it is of this plan and in it, else all. */
export function stopIn(stop: Stop | null, plan: { readonly id: string; readonly steps: readonly unknown[] }): number {
  if (stop === null || stop.planId.slice(-ID_END) !== plan.id.slice(-ID_END)) return plan.steps.length;
  return Math.max(Math.min(1, plan.steps.length), Math.min(plan.steps.length, stop.count));
}
