import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chooseVictims, type VictimCandidate } from '@/lib/core/scaling/victims';

const candidates = fc.array(
  fc.record({ zone: fc.constantFrom('a', 'b', 'c', null), bytes: fc.constantFrom(0, 1, 2), returnable: fc.option(fc.boolean(), { nil: undefined }) }), { maxLength: 30 },
).chain((drawn) => fc.shuffledSubarray(drawn.map((each, index): VictimCandidate => {
  const { returnable, ...rest } = each;
  return { nodeId: `n${index}`, ...rest, ...(returnable === undefined ? {} : { returnable }) };
}), { minLength: drawn.length }));

/** The rule as it reads: each is the first of those that are left, sorted by it. */
function byTheRule(all: readonly VictimCandidate[], count: number): string[] {
  let left = [...all];
  const victims: string[] = [];
  while (victims.length < count && left.length > 0) {
    const among = left;
    const sizeOf = (zone: string | null) => among.filter((each) => each.zone === zone).length;
    const [first] = [...among].sort((a, b) => sizeOf(b.zone) - sizeOf(a.zone) || Number(b.returnable === true) - Number(a.returnable === true) || a.bytes - b.bytes || (a.nodeId < b.nodeId ? -1 : 1));
    victims.push(first!.nodeId);
    left = left.filter((each) => each !== first);
  }
  return victims;
}

it('[S4] from the zone with most nodes, of those one that can be given back, of those the one with least to move', () => {
  fc.assert(fc.property(candidates, fc.nat(31), (all, count) => { expect(chooseVictims(all, count)).toEqual(byTheRule(all, count)); }));
});
