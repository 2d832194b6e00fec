import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys, ShardingSchema, shardCountOf, type Sharding } from '@/lib/contract/sharding';
import { createKeyLookup, hashedPart, hashKey, shardCountOfKeys, type KeySharding } from '@/lib/core/routing/key-lookup';

const lookup = (sharding: KeySharding, key: string) => createKeyLookup(sharding)(key);

describe('the slot of a Redis key', () => {
  // CRC16 of "123456789" is 0x31C3: the check value of the specification.
  it.each([['123456789', 0x31c3], ['foo', 12_182], ['{user1000}.following', 3_443], ['{user1000}.followers', 3_443], ['foo{}{bar}', 8_363], ['', 0]])('%s -> %d', (key, slot) => {
    expect(lookup({ method: 'redis-slot' }, key)).toBe(slot % 16_384);
  });
});

describe('what of a key is hashed', () => {
  it.each([
    ['plain', 'plain'], ['{user1000}.following', 'user1000'], ['foo{}{bar}', 'foo{}{bar}'], ['foo{{bar}}zap', '{bar'], ['foo{bar}{zap}', 'bar'], ['}{', '}{'], ['a{b', 'a{b'],
  ])('%s -> %s', (key, part) => { expect(hashedPart(key)).toBe(part); });
});

describe('the hash of agent clusters', () => {
  // Written down in docs/agent-protocol.md: another value would move every key of every cluster.
  it.each([['', 2_872_998_923], ['a', 444_641_715], ['user:1', 1_763_983_599], ['ключ', 2_594_288_994]])('"%s" has a fixed value', (key, hash) => {
    expect(hashKey(key)).toBe(hash);
  });

  it('is even over shards', () => {
    const counts = new Array<number>(64).fill(0);
    for (let n = 0; n < 64_000; n += 1) counts[lookup({ method: 'hash', shardCount: 64 }, `key:${n}`)]! += 1;
    // Three standard deviations of a binomial around 1,000.
    expect(Math.min(...counts)).toBeGreaterThan(880);
    expect(Math.max(...counts)).toBeLessThan(1_120);
  });

  it('keeps keys with one tag together', () => {
    const shardOf = createKeyLookup({ method: 'hash', shardCount: 1_024 });
    expect(new Set(['{u1}:cart', '{u1}:orders', 'x{u1}'].map(shardOf)).size).toBe(1);
  });
});

describe('ranges', () => {
  const sharding: Sharding = { method: 'range', boundaries: ['b', 'm', '\u{1f600}'] };
  it.each([['a', 0], ['b', 1], ['azzz', 0], ['lz', 1], ['m', 2], ['zzz', 2], ['\uffee', 2], ['\u{1f600}', 3], ['\u{1f601}', 3]])('%s is in shard %d', (key, shardId) => {
    expect(lookup(sharding, key)).toBe(shardId);
  });

  it('compare by UTF-8 bytes, as every language can', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      expect(Math.sign(compareKeys(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
    }));
  });

  it('must ascend', () => {
    expect(ShardingSchema.safeParse({ method: 'range', boundaries: ['b', 'a'] }).success).toBe(false);
    expect(ShardingSchema.safeParse({ method: 'range', boundaries: ['b', 'b'] }).success).toBe(false);
  });
});

describe('a directory', () => {
  const sharding: Sharding = { method: 'directory', shardCount: 8, entries: [{ prefix: 'eu:', shardId: 3 }, { prefix: 'eu:de:', shardId: 5 }] };
  it('goes by the longest prefix, and hashes what has none', () => {
    expect([lookup(sharding, 'eu:fr:1'), lookup(sharding, 'eu:de:1'), lookup(sharding, 'eu:de'), lookup(sharding, 'eu:')]).toEqual([3, 5, 3, 3]);
    expect(lookup(sharding, 'us:1')).toBe(lookup({ method: 'hash', shardCount: 8 }, 'us:1'));
  });

  it('names existing shards, each prefix once', () => {
    expect(ShardingSchema.safeParse({ ...sharding, entries: [{ prefix: 'a', shardId: 8 }] }).success).toBe(false);
    expect(ShardingSchema.safeParse({ ...sharding, entries: [{ prefix: 'a', shardId: 1 }, { prefix: 'a', shardId: 2 }] }).success).toBe(false);
  });
});

describe('a ring', () => {
  it('another shard takes keys from the others and moves none between them', () => {
    const before = createKeyLookup({ method: 'ring', shardCount: 20, pointsPerShard: 64 });
    const after = createKeyLookup({ method: 'ring', shardCount: 21, pointsPerShard: 64 });
    const keys = Array.from({ length: 10_000 }, (_, n) => `key:${n}`);
    const moved = keys.filter((key) => before(key) !== after(key));
    expect(moved.every((key) => after(key) === 20)).toBe(true);
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.length).toBeLessThan(10_000 / 21 * 1.6);
  });
});

it('[P9] any key of any method lands in a shard that exists', () => {
  const shardings: KeySharding[] = [
    { method: 'redis-slot' }, { method: 'hash', shardCount: 7 }, { method: 'ring', shardCount: 3, pointsPerShard: 1 }, { method: 'range', boundaries: ['m'] },
    { method: 'directory', shardCount: 2, entries: [{ prefix: 'a', shardId: 1 }] },
  ];
  for (const sharding of shardings) {
    const shardOf = createKeyLookup(sharding);
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (key) => {
      const shardId = shardOf(key);
      expect(Number.isInteger(shardId) && shardId >= 0 && shardId < shardCountOfKeys(sharding)).toBe(true);
    }));
  }
  expect(shardCountOf({ method: 'range', boundaries: ['a', 'b'] })).toBe(3);
});
