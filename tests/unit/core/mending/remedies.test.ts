import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Remedy, ShardFinding } from '@/lib/contract/shard-mending';
import { findRemedies, fingerprintOf, rangesOf, shardsIn, stepsOf } from '@/lib/core/mending/find-remedies';
import { nextOf } from '@/lib/core/mending/remedy-of';
import { importing, migrating, nodesWith, SCENES, shard, type Scene } from './remedy-scenes';

/** As in decision-records.test: what is printed here has been read, and a change of it is to be read. */
const reviewed = new Map(readFileSync('tests/unit/core/mending/remedies.txt', 'utf8').trim().split('\n\n').map((block) => {
  const [name, ...lines] = block.split('\n');
  return [name!.replace(/^# /, ''), lines.join('\n')] as const;
}));

const found = ({ shards, nodes, keysOfNode }: Scene) => findRemedies(shards, nodesWith(nodes), () => keysOfNode ?? null);

function remedyText({ kind, toNodeId, sourceNodeId, gathersFrom, closesOn, reason }: Remedy): string {
  const gathers = gathersFrom.map(({ nodeId, keyCount }) => `${keyCount} from ${nodeId}`).join(', ');
  return `${kind} ${sourceNodeId === null ? '' : `${sourceNodeId} -> `}${toNodeId}${gathers === '' ? '' : `, gather ${gathers}`}${closesOn.length === 0 ? '' : `, clear marks on ${closesOn.join(', ')}`} (${reason.code}: ${reason.message})`;
}

function findingText({ fault, ranges, message, remedy, refusal, caution, remedyWithLoss, loss }: ShardFinding): string {
  return [
    `${fault} ${ranges.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join(' ')}: ${message}`,
    ...(remedy === null ? [] : [`  ${remedyText(remedy)}`]),
    ...(refusal === null ? [] : [`  refused, ${refusal.constraint}: ${refusal.message}. ${refusal.remedy ?? ''}`.trimEnd()]),
    ...(caution === null ? [] : [`  mind: ${caution}`]),
    ...(remedyWithLoss === null ? [] : [`  with loss: ${remedyText(remedyWithLoss)}`]),
    ...(loss === null ? [] : [`  loss on ${loss.nodeIds.join(', ')}: ${loss.message}`]),
  ].join('\n');
}

describe('what is done about shards that are not served', () => {
  it('is reviewed for every scene, and none is left over', () => {
    expect([...reviewed.keys()]).toEqual(Object.keys(SCENES));
  });

  it.each(Object.keys(SCENES))('[M24] %s', (scene) => {
    expect(found(SCENES[scene]!).map(findingText).join('\n') || 'nothing').toBe(reviewed.get(scene));
  });

  it('[M24] nothing that a node holds is given up without a refusal that says so', () => {
    for (const [name, scene] of Object.entries(SCENES)) {
      for (const { remedy, refusal, remedyWithLoss, loss, holders } of found(scene)) {
        expect(remedy === null, name).toBe(refusal !== null);
        expect(remedyWithLoss === null, name).toBe(loss === null);
        for (const each of [remedy, remedyWithLoss]) {
          if (each === null) continue;
          const kept = new Set([each.toNodeId, each.sourceNodeId, ...each.gathersFrom.map(({ nodeId }) => nodeId)]);
          expect(holders.filter(({ nodeId }) => !kept.has(nodeId)), name).toEqual([]);
        }
      }
    }
  });
});

describe('the steps of an operation', () => {
  const shards = [shard(1), shard(2, { keys: { a: 5, b: 1 } }), shard(3, { claimedBy: ['a'], keys: { a: 1, b: 1 }, marks: [migrating('a', 'b')] })];

  it('[M24] give every shard an owner before a key is moved', () => {
    const steps = stepsOf(found({ shards }), { acceptLoss: false, shardIds: null });
    expect(steps.map(({ ranges, remedy }) => [ranges[0]!.first, remedy.kind, remedy.gathersFrom.length])).toEqual([[1, 'assign', 0], [2, 'assign', 0], [2, 'keep', 1], [3, 'finish', 0]]);
  });

  it('[M24] carry out what gives something up only when that is accepted, and only what was chosen', () => {
    const gone = { shards: [...shards, shard(4, { formerOwnerId: 'd' })], nodes: { d: { state: 'failed' as const } } };
    const shardIds = (acceptLoss: boolean, chosen: readonly number[] | null) => stepsOf(found(gone), { acceptLoss, shardIds: chosen === null ? null : new Set(chosen) }).flatMap(({ ranges }) => shardsIn(ranges));
    expect(shardIds(false, null)).toEqual([3]);
    expect(new Set(shardIds(true, null))).toEqual(new Set([1, 2, 3, 4]));
    expect(shardIds(true, [4])).toEqual([4]);
    expect(stepsOf(found(gone), { acceptLoss: true, shardIds: new Set([4]) })[0]).toMatchObject({ lostNodeIds: ['d'] });
  });

  it('[M24] carry out what something speaks against only on shards that are named', () => {
    const astray = { shards: [...shards, shard(4, { claimedBy: ['a'], keys: { b: 3 }, overlap: { examined: 3, shared: 0, sharedExample: null } })] };
    const shardIds = (chosen: readonly number[] | null) => stepsOf(found(astray), { acceptLoss: false, shardIds: chosen === null ? null : new Set(chosen) }).flatMap(({ ranges }) => shardsIn(ranges));
    expect(new Set(shardIds(null))).toEqual(new Set([1, 2, 3]));
    expect(shardIds([4])).toEqual([4]);
  });

  it('hold no more than is quickly done, however many shards there are', () => {
    const many = { shards: Array.from({ length: 16_384 }, (_, shardId) => shard(shardId)) };
    const steps = stepsOf(found(many), { acceptLoss: false, shardIds: null });
    expect(steps.reduce((sum, { shardCount }) => sum + shardCount, 0)).toBe(16_384);
    expect(Math.max(...steps.map(({ shardCount }) => shardCount))).toBe(1_024);
  });
});

describe('the fingerprint', () => {
  it('[R4] is the same for the same remedies whatever the numbers of keys, and another for any other remedy', () => {
    const of = (keys: Record<string, number>) => fingerprintOf(found({ shards: [shard(5, { keys })] }));
    expect(of({ a: 1, b: 9 })).toBe(of({ a: 2, b: 10 }));
    expect(of({ a: 9, b: 1 })).not.toBe(of({ a: 1, b: 9 }));
    const open = { claimedBy: ['a'], keys: { c: 1, b: 2 }, marks: [importing('c', 'a'), migrating('a', 'b'), importing('b', 'a')] };
    const asAnswered = (marks: typeof open.marks, order: readonly string[]) => fingerprintOf(findRemedies([shard(5, { ...open, marks })], new Map(order.map((id) => [id, nodesWith().get(id)!])), () => null));
    expect(asAnswered(open.marks, ['a', 'b', 'c', 'd'])).toBe(asAnswered([...open.marks].reverse(), ['d', 'c', 'b', 'a']));
    expect(new Set(Object.values(SCENES).map((each) => fingerprintOf(found(each)))).size).toBeGreaterThan(20);
  });
});

describe('a remedy that is carried out, perhaps again', () => {
  const assign: Remedy = { kind: 'assign', toNodeId: 'b', sourceNodeId: null, gathersFrom: [], closesOn: [], reason: { code: 'no-keys-anywhere', message: '.' } };
  const finish: Remedy = { ...assign, kind: 'finish', sourceNodeId: 'a' };
  const keep: Remedy = { ...assign, kind: 'keep' };

  it('[M24] goes on where it was, and stops where somebody else has acted', () => {
    expect(nextOf(assign, shard(1), [])).toBe('take');
    expect(nextOf(assign, shard(1, { claimedBy: ['b'] }), [])).toBe('settle');
    expect(nextOf(assign, shard(1, { claimedBy: ['c'] }), [])).toBe('changed');
    expect(nextOf(finish, shard(1, { claimedBy: ['a'], marks: [importing('b', 'a')] }), [])).toBe('finish');
    expect(nextOf(finish, shard(1, { claimedBy: ['b'] }), [])).toBe('settle');
    expect(nextOf(finish, shard(1), [])).toBe('changed');
    expect(nextOf(keep, shard(1, { claimedBy: ['b'] }), [])).toBe('settle');
    expect(nextOf(keep, shard(1), [])).toBe('changed');
    expect(nextOf(keep, shard(1, { claimedBy: ['b', 'c'] }), [])).toBe('changed');
  });

  it('[M24] takes from a node that is gone only what was given up, and nothing when it is back', () => {
    expect(nextOf(assign, shard(1, { formerOwnerId: 'c' }), [])).toBe('changed');
    expect(nextOf(assign, shard(1, { formerOwnerId: 'c' }), ['c'])).toBe('take');
    expect(nextOf(assign, shard(1, { claimedBy: ['c'] }), ['c'])).toBe('changed');
  });
});

describe('ranges', () => {
  it('are the ids again', () => {
    expect(rangesOf([1, 2, 3, 7, 9, 10])).toEqual([{ first: 1, last: 3 }, { first: 7, last: 7 }, { first: 9, last: 10 }]);
    expect(shardsIn(rangesOf([1, 2, 3, 7, 9, 10]))).toEqual([1, 2, 3, 7, 9, 10]);
    expect(rangesOf([])).toEqual([]);
  });
});
