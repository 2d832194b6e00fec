import { describe, expect, it } from 'vitest';
import type { ClusterReading } from '@/lib/drivers/redis-cluster/cluster-reader';
import { resolveOwnership } from '@/lib/drivers/redis-cluster/ownership';
import type { StrayHolder } from '@/lib/drivers/redis-cluster/stray-watch';
import { parseClusterNodes } from '@/lib/drivers/redis-cluster/topology';
import { warningsOf } from '@/lib/drivers/redis-cluster/warnings';

const idOf = (n: number) => n.toString(16).padStart(40, '0');
const NODES = 3;
const OWNED = ['0-5460', '5461-10922', '10923-16383'];

/** Three primaries that serve everything, each with these marks of its own. */
function readingWith(marks: Readonly<Record<number, string>>, state = 'ok'): ClusterReading {
  const numbers = Array.from({ length: NODES }, (_, index) => index + 1);
  const answers = new Map(numbers.map((self) => {
    const text = numbers.map((n) => `${idOf(n)} 127.0.0.1:${7_000 + n}@${17_000 + n} ${n === self ? 'myself,' : ''}master - 0 0 ${n} connected ${OWNED[n - 1]!}${n === self && marks[n] !== undefined ? ` ${marks[n]}` : ''}`).join('\n');
    const view = parseClusterNodes(text);
    if (!view.ok) throw new Error(view.error);
    return [idOf(self), {
      endpoint: { host: '127.0.0.1', port: 7_000 + self }, view: view.value, info: new Map(), clusterInfo: new Map([['cluster_state', state], ['cluster_slots_ok', '16384']]), latency: null, atMs: 0, answerMs: 1,
      facts: { readAtMs: 0, settings: new Map(), readCommands: null, writeCommands: null, hasSlotStats: false, atomic: null, keepsMarks: false },
    }] as const;
  }));
  const lines = new Map([...answers].map(([id, { view }]) => [id, view.self]));
  return { startedAtMs: 0, answers, lines, silent: new Map(), reportedFailed: new Set(), badSeeds: new Map() };
}

function warningsIn(reading: ClusterReading, strays: readonly StrayHolder[] = []) {
  return warningsOf({ reading, ownership: resolveOwnership([...reading.answers.values()].map(({ view }) => view)), strays, isOurs: () => false });
}

function openIn(reading: ClusterReading, isOurs: (slot: number) => boolean = () => false) {
  const ownership = resolveOwnership([...reading.answers.values()].map(({ view }) => view));
  return warningsOf({ reading, ownership, strays: [], isOurs }).filter(({ code }) => code === 'open-slot');
}

const migrating = (slots: readonly number[], to: number) => slots.map((slot) => `[${slot}->-${idOf(to)}]`).join(' ');
const importing = (slots: readonly number[], from: number) => slots.map((slot) => `[${slot}-<-${idOf(from)}]`).join(' ');

describe('warnings of slots that others left half moved', () => {
  it('one slot is one warning, whatever number of ends have a mark', () => {
    expect(openIn(readingWith({ 1: migrating([20], 2), 2: importing([20], 1) }))).toMatchObject([
      { message: 'Slot 20 is half moved: 127.0.0.1:7001 migrates it to 127.0.0.1:7002, 127.0.0.1:7002 imports it from 127.0.0.1:7001', nodeId: idOf(1), shardId: 20 },
    ]);
    expect(openIn(readingWith({ 1: migrating([20], 2) }))[0]).not.toHaveProperty('shardCount');
  });

  it('a broken-off reshard of hundreds is one warning with their number and the first few', () => {
    const slots = [...Array.from({ length: 5 }, (_, n) => 10 + n), ...Array.from({ length: 100 }, (_, n) => 100 + 2 * n)];
    const [one, ...more] = openIn(readingWith({ 1: migrating(slots, 2), 2: importing(slots, 1) }));
    expect(more).toEqual([]);
    expect(one).toMatchObject({ shardId: 10, shardCount: 105 });
    expect(one!.message).toBe('105 slots are half moved (10–14, 100, 102, 104, 106, 108 and 95 more): 127.0.0.1:7001 migrates them to 127.0.0.1:7002, 127.0.0.1:7002 imports them from 127.0.0.1:7001');
  });

  it('each slot is counted by one warning, also where ends disagree', () => {
    const found = openIn(readingWith({ 1: migrating([1, 2, 3], 2), 2: importing([2, 3], 1), 3: importing([3], 1) }));
    expect(found.map(({ shardId, shardCount = 1 }) => [shardId, shardCount])).toEqual([[1, 1], [2, 1], [3, 1]]);
  });

  it('slots that a move of ours works on are not said to be left by anybody', () => {
    expect(openIn(readingWith({ 1: migrating([1, 2], 2) }), (slot) => slot === 1)).toMatchObject([{ shardId: 2, message: expect.stringMatching(/^Slot 2 is half moved/) as unknown }]);
  });
});

describe('other warnings that come by the dozen', () => {
  it('nodes that say the same of not serving are one warning', () => {
    expect(warningsIn(readingWith({}, 'fail')).map(({ message }) => message)).toEqual([
      '3 nodes report cluster_state:fail and serve no keys (16384 of 16384 slots are fine): 127.0.0.1:7001, 127.0.0.1:7002, 127.0.0.1:7003',
    ]);
  });

  it('keys astray are told once per node that has them, and no slot is counted twice', () => {
    const strays = [{ nodeId: idOf(2), keys: new Map([[7, 3], [8, 2]]), hiddenKeys: 0 }, { nodeId: idOf(3), keys: new Map([[8, 1], [9, 1]]), hiddenKeys: 0 }];
    expect(warningsIn(readingWith({}), strays).map(({ message, shardId, shardCount }) => [message, shardId, shardCount])).toEqual([
      ['127.0.0.1:7002 has 5 keys of 2 slots that others serve (7–8), and no mark of a move: no client reaches them there', 7, 2],
      ['127.0.0.1:7003 has 1 key of slot 9, which another node serves, and no mark of a move: no client reaches them there', 9, undefined],
    ]);
  });
});
