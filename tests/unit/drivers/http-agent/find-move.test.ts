import { describe, expect, it } from 'vitest';
import { HeldShardSchema, type HeldShard } from '@/lib/contract/agent-protocol';
import { findPrimaryMove, findSecondaryMove, truthOf } from '@/lib/drivers/http-agent/find-move';

const ids = { sourceNodeId: 's', targetNodeId: 't' };
const held = (change: Partial<HeldShard> & Pick<HeldShard, 'role'>): HeldShard => HeldShardSchema.parse({ shardId: 1, epoch: 3, keyCount: 9, ...change });

describe('where the move of a primary stands', () => {
  const source = held({ role: 'primary' });
  it.each([
    ['nothing has begun', source, null, { state: 'untouched' }],
    ['the target has a copy of its own', source, held({ role: 'secondary' }), { state: 'untouched' }],
    ['a copy is on its way', source, held({ role: 'importing' }), { state: 'moving', next: 'copy' }],
    ['the source has sealed it, the target has not begun', held({ role: 'primary', sealed: true, peerNodeId: 't' }), held({ role: 'importing' }), { state: 'moving', next: 'handOver' }],
    ['both claim it: the higher epoch has it', held({ role: 'primary', sealed: true, peerNodeId: 't' }), held({ role: 'primary', epoch: 4 }), { state: 'moving', next: 'settle' }],
    ['the source still has what is left of it', held({ role: 'leaving', epoch: 4, peerNodeId: 't' }), held({ role: 'primary', epoch: 4 }), { state: 'moving', next: 'clear' }],
    ['all is over', null, held({ role: 'primary', epoch: 4 }), { state: 'done' }],
    ['the source has sealed it for somebody else', held({ role: 'primary', sealed: true, peerNodeId: 'x' }), null, { state: 'elsewhere' }],
    ['the source is a secondary now', held({ role: 'secondary' }), null, { state: 'elsewhere' }],
    ['neither has it', null, null, { state: 'elsewhere' }],
    ['only an import is left', null, held({ role: 'importing' }), { state: 'elsewhere' }],
  ] as const)('%s', (_name, from, to, expected) => {
    expect(findPrimaryMove({ source: from, target: to }, ids)).toEqual(expected);
  });
});

describe('where the move of a secondary stands', () => {
  const primary = (secondaries: string[]) => held({ role: 'primary', secondaries });
  it.each([
    ['nothing has begun', ['s'], held({ role: 'secondary' }), null, { state: 'untouched' }],
    ['a copy is on its way', ['s'], held({ role: 'secondary' }), held({ role: 'importing' }), { state: 'moving', next: 'copy' }],
    ['replaced, with leftovers', ['t'], held({ role: 'secondary' }), held({ role: 'secondary' }), { state: 'moving', next: 'clear' }],
    ['all is over', ['t'], null, held({ role: 'secondary' }), { state: 'done' }],
    ['both are listed: not a move of ours', ['s', 't'], held({ role: 'secondary' }), held({ role: 'secondary' }), { state: 'elsewhere' }],
    ['neither is listed', ['x'], null, null, { state: 'elsewhere' }],
  ] as const)('%s', (_name, secondaries, source, target, expected) => {
    expect(findSecondaryMove({ source, target, primary: primary([...secondaries]) }, ids)).toEqual(expected);
  });
});

it('[M8] a move is revertible until the target serves; unknown counts stay unknown', () => {
  expect(truthOf({ state: 'moving', next: 'handOver' }, { source: held({ role: 'primary' }), target: held({ role: 'importing', keyCount: 'many' }) })).toEqual({ state: 'moving', revertible: true, keysOnSource: 9, keysOnTarget: null });
  expect(truthOf({ state: 'moving', next: 'settle' }, { source: held({ role: 'primary' }), target: held({ role: 'primary' }) })).toMatchObject({ state: 'moving', revertible: false });
  expect(truthOf({ state: 'moving', next: 'clear' }, { source: held({ role: 'leaving' }), target: null })).toMatchObject({ revertible: false, keysOnTarget: 0 });
  expect(truthOf({ state: 'done' }, { source: null, target: held({ role: 'primary' }) })).toMatchObject({ state: 'done', revertible: false });
});
