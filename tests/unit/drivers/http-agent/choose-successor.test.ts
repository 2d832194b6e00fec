import { describe, expect, it } from 'vitest';
import { HeldShardSchema, type HeldShard } from '@/lib/contract/agent-protocol';
import { metricsOfShard } from '@/lib/drivers/http-agent/beat-metrics';
import { chooseSuccessor, type Copy } from '@/lib/drivers/http-agent/choose-successor';
import { entryFromRecord, SyncBook, withBehind } from '@/lib/drivers/http-agent/sync-book';

const held = (change: Partial<HeldShard> & Pick<HeldShard, 'role'>): HeldShard => HeldShardSchema.parse({ shardId: 1, epoch: 3, ...change });
const primary = (change: Partial<HeldShard> = {}) => held({ role: 'primary', secondaries: ['s', 't'], inSync: ['s', 't'], ...change });
const known = (shard: HeldShard, nodeId = 'dead') => {
  const book = new SyncBook();
  book.note(nodeId, [shard]);
  return book.of(1);
};
const copy = (nodeId: string, change: Partial<HeldShard> = {}): Copy => ({ nodeId, shard: held({ role: 'secondary', ...change }) });
const choose = (facts: Partial<Parameters<typeof chooseSuccessor>[0]>) => chooseSuccessor({ deadNodeId: 'dead', known: known(primary()), copies: [], acceptsLoss: false, ...facts });

describe('who stands in for a primary that is dead', () => {
  it('[A6] of those in sync, the one with most of what was not acknowledged; two epochs on', () => {
    expect(choose({ copies: [copy('s', { version: 9 }), copy('t', { version: 11 })] })).toEqual({ kind: 'take-over', nodeId: 't', epoch: 5, loses: false });
  });

  it('[A6] nobody who fell behind, however much it has', () => {
    const facts = { known: known(primary({ inSync: ['s'], syncGeneration: 1 })), copies: [copy('s', { version: 9 }), copy('t', { version: 11 })] };
    expect(choose(facts)).toMatchObject({ kind: 'take-over', nodeId: 's' });
    expect(choose({ ...facts, copies: [copy('t', { version: 11 })] })).toEqual({ kind: 'lost', why: 'none-in-sync' });
    expect(choose({ ...facts, copies: [copy('t', { version: 11 })], acceptsLoss: true })).toEqual({ kind: 'take-over', nodeId: 't', epoch: 5, loses: true });
  });

  it('[A6] nobody while the dead primary was never heard, or another was primary when it was', () => {
    expect(choose({ known: null, copies: [copy('s')] })).toEqual({ kind: 'lost', why: 'never-heard' });
    expect(choose({ known: known(primary(), 'before'), copies: [copy('s')] })).toEqual({ kind: 'lost', why: 'never-heard' });
  });

  it('a shard that somebody serves is not given away again, and its epoch is beyond all that are known', () => {
    expect(choose({ copies: [{ nodeId: 's', shard: primary({ epoch: 4 }) }, copy('t')] })).toMatchObject({ kind: 'done', nodeId: 's' });
    expect(choose({ copies: [copy('s', { epoch: 8 })] })).toMatchObject({ kind: 'take-over', epoch: 10 });
  });

  it('a copy that is being filled is no copy; without any the shard is made anew only where its loss is accepted', () => {
    const filling = [{ nodeId: 's', shard: held({ role: 'importing', version: 5 }) }, { nodeId: 't', shard: null }];
    expect(choose({ copies: filling })).toEqual({ kind: 'lost', why: 'no-copy' });
    expect(choose({ copies: filling, acceptsLoss: true })).toEqual({ kind: 'take-over', nodeId: 's', epoch: 5, loses: true });
    expect(choose({ acceptsLoss: true })).toEqual({ kind: 'create', epoch: 5 });
  });
});

describe('who is known to be in sync', () => {
  it('[A2] a report that was made before another one, and comes after it, changes nothing', () => {
    const book = new SyncBook();
    book.note('p', [primary({ inSync: ['s'], syncGeneration: 2 })]);
    book.note('p', [primary({ syncGeneration: 1 })]);
    expect(book.of(1)?.inSync).toEqual(['s']);
    book.note('p', [primary({ syncGeneration: 3 })]);
    expect(book.of(1)?.inSync).toEqual(['s', 't']);
    book.note('q', [primary({ epoch: 4, inSync: [] })]);
    book.note('p', [primary({ syncGeneration: 9 })]);
    expect(book.of(1)).toMatchObject({ primaryId: 'q', inSync: [] });
  });
});

describe('who is known to be in sync after a restart of the manager', () => {
  const known = { epoch: 3, primary: 'dead', secondaries: ['s', 't'], metrics: metricsOfShard(primary()), isHearsay: true, unclaimed: 0 };
  const behind = (epoch: number, ...nodeIds: string[]) => ({ nodeId: 'dead', behind: [{ shardId: 1, epoch, nodeIds }] });

  it('[A6] those that follow it, without those on record as behind', () => {
    expect(entryFromRecord(1, known, { nodeId: 'dead' })?.inSync).toEqual(['s', 't']);
    expect(entryFromRecord(1, known, behind(3, 's'))?.inSync).toEqual(['t']);
    expect(entryFromRecord(1, known, behind(5, 's'))).toMatchObject({ inSync: [], epoch: 5 });
    expect(entryFromRecord(1, { ...known, isHearsay: false }, { nodeId: 'dead' })).toBeNull();
    expect(entryFromRecord(1, known, { nodeId: 'another' })).toBeNull();
  });

  it('the record keeps the newest word about each shard, and is left alone when nothing changed', () => {
    const told = (epoch: number, ...nodeIds: string[]) => [{ shardId: 1, epoch, nodeIds }];
    expect(withBehind({}, told(3))).toBeNull();
    expect(withBehind({}, told(3, 's'))).toEqual(told(3, 's'));
    expect(withBehind({ behind: told(3, 's') }, told(3, 's'))).toBeNull();
    expect(withBehind({ behind: told(3, 's') }, told(2, 't'))).toBeNull();
    expect(withBehind({ behind: told(3, 's') }, told(3))).toEqual([]);
  });
});
