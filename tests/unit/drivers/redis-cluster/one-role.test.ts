import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HandOvers } from '@/lib/drivers/redis-cluster/hand-overs';
import { OneRole, type Pair } from '@/lib/drivers/redis-cluster/one-role';
import { VirtualClock } from '@/lib/platform/virtual-clock';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const pairOf = (sourceNodeId: string, targetNodeId: string): Pair => ({ sourceNodeId, targetNodeId });

/** Work that ends when it is told to, and what has begun. */
function works(roles: OneRole) {
  const begun: string[] = [];
  return {
    begun,
    add: (name: string, pair: Pair): (() => Promise<void>) => {
      let resolve: () => void = () => undefined;
      const promise = new Promise<void>((end) => { resolve = end; });
      const done = roles.run(pair, async () => {
        begun.push(name);
        await promise;
      });
      return async () => {
        resolve();
        await done;
        await nextTurn();
      };
    },
  };
}

describe('no node is source and target at a time', () => {
  it('pairs that share a source or a target go on together; one that turns a role round waits', async () => {
    const { begun, add } = works(new OneRole({ perSourceMax: Infinity, perTargetMax: Infinity }));
    const ends = [add('A to B', pairOf('A', 'B')), add('A to C', pairOf('A', 'C')), add('D to B', pairOf('D', 'B'))];
    const end = add('B to E', pairOf('B', 'E'));
    await nextTurn();
    expect(begun).toEqual(['A to B', 'A to C', 'D to B']);
    await ends[0]!();
    expect(begun).toHaveLength(3);
    await ends[2]!();
    expect(begun).toEqual(['A to B', 'A to C', 'D to B', 'B to E']);
    await ends[1]!();
    await end();
  });

  it('what waits is not overtaken by what it waits for, and holds nobody up whom it does not concern', async () => {
    const { begun, add } = works(new OneRole({ perSourceMax: 1, perTargetMax: 2 }));
    const first = add('A to B', pairOf('A', 'B'));
    const second = add('B to C', pairOf('B', 'C'));
    const third = add('D to B', pairOf('D', 'B'));
    const fourth = add('E to F', pairOf('E', 'F'));
    await nextTurn();
    expect(begun).toEqual(['A to B', 'E to F']);
    await first();
    expect(begun).toEqual(['A to B', 'E to F', 'B to C']);
    await second();
    expect(begun).toEqual(['A to B', 'E to F', 'B to C', 'D to B']);
    await Promise.all([third(), fourth()]);
  });

  it('whatever pairs ask, in whatever order: never both roles, never more per target than may be, and everybody has a turn, also after failures', async () => {
    const node = fc.integer({ min: 0, max: 4 }).map(String);
    const pairs = fc.array(fc.tuple(node, node).filter(([a, b]) => a !== b).map(([a, b]) => pairOf(a, b)), { maxLength: 40 });
    await fc.assert(fc.asyncProperty(pairs, fc.integer({ min: 1, max: 3 }), fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 10 }), async (asked, perTargetMax, turns) => {
      const roles = new OneRole({ perSourceMax: Infinity, perTargetMax });
      const running: Pair[] = [];
      const results = await Promise.allSettled(asked.map((pair, index) => roles.run(pair, async () => {
        expect(running.some((other) => other.sourceNodeId === pair.targetNodeId || other.targetNodeId === pair.sourceNodeId)).toBe(false);
        running.push(pair);
        expect(running.filter((other) => other.targetNodeId === pair.targetNodeId).length).toBeLessThanOrEqual(perTargetMax);
        for (let turn = 0; turn < turns[index % turns.length]!; turn += 1) await nextTurn();
        running.splice(running.indexOf(pair), 1);
        if (index % 5 === 4) throw new Error(`${index}`);
      })));
      expect(results.flatMap((result, index) => (result.status === 'rejected' ? [index] : []))).toEqual(asked.flatMap((_, index) => (index % 5 === 4 ? [index] : [])));
    }));
  });
});

describe('what a target knows of the epoch of its source', () => {
  it('is asked once, and again when the source was given slots or time has passed', async () => {
    const clock = new VirtualClock();
    const handOvers = new HandOvers(clock);
    const pair = pairOf('A', 'B');
    expect(handOvers.mayBeAhead(pair)).toBe(true);
    handOvers.epochIsKnown(pair);
    await handOvers.run(pair, () => Promise.resolve());
    await handOvers.run(pairOf('C', 'B'), () => Promise.resolve());
    expect(handOvers.mayBeAhead(pair)).toBe(false);
    expect(handOvers.mayBeAhead(pairOf('A', 'C'))).toBe(true);
    await expect(handOvers.run(pairOf('C', 'A'), () => Promise.reject(new Error('half done')))).rejects.toThrow('half done');
    expect(handOvers.mayBeAhead(pair)).toBe(true);
    handOvers.epochIsKnown(pair);
    await clock.advance(501);
    expect(handOvers.mayBeAhead(pair)).toBe(true);
  });
});
