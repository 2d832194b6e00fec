/** Mending where servers want to know who asks, and over TLS: every key that moves does so by a MIGRATE that has to say it too. */
import { describe, expect, it } from 'vitest';
import { findRemedies, shardsIn, stepsOf } from '@/lib/core/mending/find-remedies';
import type { RedisClusterOptions } from '../../scripts/redis/redis-cluster-processes';
import { contextOf, never, valueOf } from '../contract/driver-steps';
import { freshTag, leaveHalfMoved, leaveToNobody, strayKeys } from '../support/broken-slots';
import { connectionTo, openDriver, startRedisCluster } from '../support/redis-cluster';

const PRIMARIES = 3;
const CASES: readonly (readonly [string, Pick<RedisClusterOptions, 'password' | 'user' | 'tls'>])[] = [
  ['a password', { password: 'correct horse' }],
  ['an ACL user', { user: { name: 'operator', password: 'p4ss word' } }],
  ['TLS and a password', { tls: true, password: 'p4ss' }],
  ['TLS and an ACL user', { tls: true, user: { name: 'operator', password: 'p4ss word' } }],
];

describe.each(CASES)('with %s', (_, access) => {
  it('[M24] a slot that nobody serves with keys on two nodes and one left half moved are mended, every key included', async () => {
    await using cluster = await startRedisCluster({ primaries: PRIMARIES, nodeTimeoutMs: 1_500, ...access });
    const driver = openDriver(connectionTo(cluster));
    try {
      const [a, b, c] = cluster.primaries as [typeof cluster.primaries[0], typeof cluster.primaries[0], typeof cluster.primaries[0]];
      const [unserved, open] = [freshTag({ owner: 0, primaries: PRIMARIES }), freshTag({ owner: 1, primaries: PRIMARIES })];
      for (let n = 0; n < 5; n += 1) await a.call('SET', `${unserved.tag}:${n}`, `value ${n}`);
      for (let n = 0; n < 6; n += 1) await b.call('SET', `${open.tag}:${n}`, `value ${n}`);
      await strayKeys(unserved.slot, { on: b, owner: a, pairs: [[`${unserved.tag}:0`, 'value 0'], [`${unserved.tag}:9`, 'value 9']] });
      // Without keys that have moved, since MIGRATE would need the words of this case here as well.
      await leaveHalfMoved(open.slot, { from: b, to: c, moved: [] });
      await c.call('ASKING');
      await c.call('SET', `${open.tag}:9`, 'value 9');
      await leaveToNobody(unserved.slot, cluster.primaries);

      const look = async () => {
        const { shards, nodes } = valueOf(await driver.mending.look({ shardIds: null, signal: never() }));
        return findRemedies(shards, nodes, () => null);
      };
      const findings = await look();
      expect(findings.map(({ fault, remedy }) => [fault, remedy?.kind])).toEqual([['unassigned', 'assign'], ['open', 'finish']]);
      for (const { ranges, remedy, lostNodeIds } of stepsOf(findings, { acceptLoss: false, shardIds: null })) {
        valueOf(await driver.mending.mend({ shardIds: shardsIn(ranges), remedy, lostNodeIds }, contextOf()));
      }
      expect(await look()).toEqual([]);
      const keysOf = async (slot: number) => Promise.all(cluster.primaries.map(async (node) => Number(await node.call('CLUSTER', 'COUNTKEYSINSLOT', slot))));
      expect(await keysOf(unserved.slot)).toEqual([6, 0, 0]);
      expect(await keysOf(open.slot)).toEqual([0, 0, 7]);
      await cluster.waitUntilAgreed();
      expect(await a.call('GET', `${unserved.tag}:9`)).toBe('value 9');
      expect(await c.call('GET', `${open.tag}:3`)).toBe('value 3');
    } finally {
      await driver.close();
    }
  });
});
