import { describe, expect, it } from 'vitest';
import { meanOfAll } from '@/lib/drivers/redis-cluster/sizes';

// As Redis 7.0 answers MEMORY STATS in RESP2, shortened; names come as bytes.
const stats = (dataset: number, table: number, keys: number) => ['peak.allocated', 9_000_000, 'db.0', ['overhead.hashtable.main', table, 'overhead.hashtable.expires', 0], 'keys.count', keys, 'dataset.bytes', dataset, 'dataset.percentage', '96.2'];

describe('mean bytes per key from MEMORY STATS', () => {
  it('is values and key table over keys', () => {
    expect(meanOfAll(stats(900_000, 100_000, 10_000))).toBe(100);
  });

  it('[S6] with few keys, or without the numbers, it is unknown and the sample counts', () => {
    expect(meanOfAll(stats(900_000, 100_000, 10))).toBeNull();
    expect(meanOfAll(['keys.count', 10_000])).toBeNull();
    expect(meanOfAll('OK')).toBeNull();
  });
});
