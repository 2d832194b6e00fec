import { describe, expect, it } from 'vitest';
import type { NodeObservation, Observation } from '@/lib/contract/observation';
import { parsingObservation } from '@/lib/manager/parse-observation';
import { atOnce, inTurns, ITEMS_PER_TURN } from '@/lib/platform/in-turns';
import { observationOf, observed } from '@/tests/support/cluster-states';

const reading = (count: number, change: (node: NodeObservation, index: number) => unknown = (node) => node): Observation => {
  const nodes = Array.from({ length: count }, (_, index) => change(observed(`node-${index}`, { sequence: index }), index));
  return { ...observationOf([], null), nodes: nodes as NodeObservation[] };
};

describe('a reading', () => {
  it.each([0, 1, 255, 256, 257, 1_000])('of %i nodes is parsed whole, in its order, at once or by turns', async (count) => {
    const read = reading(count);
    const parsed = atOnce(parsingObservation(read));
    expect(parsed).toEqual({ ok: true, value: read });
    expect(await inTurns(parsingObservation(read))).toEqual(parsed);
  });

  it('does not carry on what no schema knows', () => {
    const parsed = atOnce(parsingObservation(reading(600, (node) => ({ ...node, secret: 'x' }))));
    expect(parsed.ok && parsed.value.nodes.every((node) => !('secret' in node))).toBe(true);
  });

  it.each([3, 255, 256, 700])('is refused for node %i, with the place named, however far back that is', (bad) => {
    const parsed = atOnce(parsingObservation(reading(800, (node, index) => (index === bad ? { ...node, incarnation: -1 } : node))));
    expect(parsed).toMatchObject({ ok: false, error: expect.stringContaining(`malformed at nodes.${bad}.incarnation`) as string });
  });

  it('rests between its portions, and not at all where nodes are few', () => {
    const restsOf = (count: number) => [...parsingObservation(reading(count))].length;
    expect(restsOf(ITEMS_PER_TURN)).toBe(0);
    expect(restsOf(4 * ITEMS_PER_TURN)).toBe(3);
  });

  it('whose nodes are no list, or too many, is refused as a whole', () => {
    expect(atOnce(parsingObservation({ ...reading(0), nodes: 'none' as unknown as NodeObservation[] })).ok).toBe(false);
    const node = observed('n');
    expect(atOnce(parsingObservation({ ...reading(0), nodes: new Array<NodeObservation>(32_768).fill(node) })).ok).toBe(false);
  });
});
