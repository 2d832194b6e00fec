import { describe, expect, it } from 'vitest';
import { parseClusterNodes, type ClusterView } from '@/lib/drivers/redis-cluster/topology';
import { clearMark, leftByMark, unseenBy } from '@/lib/drivers/redis-cluster/unseen-keys';
import { err, ok } from '@/lib/platform/result';

const idOf = (n: number) => n.toString(16).padStart(40, '0');

/** What the first of two primaries and a follower says; it serves 0-99 and imports 200. */
function view(): ClusterView {
  const parsed = parseClusterNodes([
    `${idOf(1)} 127.0.0.1:7001@17001 myself,master - 0 0 1 connected 0-99 [200-<-${idOf(2)}] [50->-${idOf(2)}]`,
    `${idOf(2)} 127.0.0.1:7002@17002 master - 0 0 2 connected 100-16383`,
    `${idOf(3)} 127.0.0.1:7003@17003 slave ${idOf(2)} 0 0 2 connected`,
  ].join('\n'));
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe('slots of which a node tells no keys', () => {
  it('are those that it neither serves nor imports; a mark names another primary', () => {
    expect(unseenBy(view(), [0, 50, 99, 100, 200, 300], () => [null, idOf(1), idOf(3), 'unknown', idOf(2)])).toEqual([{ slot: 100, otherNodeId: idOf(2) }, { slot: 300, otherNodeId: idOf(2) }]);
  });

  it('cannot be asked for where no other primary is known', () => {
    expect(unseenBy(view(), [300], () => [idOf(1), null])).toEqual([]);
  });
});

describe('[M6] a mark is cleared', () => {
  const left = (...replies: Parameters<typeof leftByMark>[0]) => leftByMark(replies, { address: 'a:1', slot: 7 });
  const broken = err({ kind: 'error-reply' as const, code: 'ERR', farCode: '', message: 'no' });

  it('in one write with the count before and after it, of which the higher one holds', () => {
    expect(clearMark(7).map((command) => command.slice(1))).toEqual([['COUNTKEYSINSLOT', 7], ['SETSLOT', 7, 'STABLE'], ['COUNTKEYSINSLOT', 7]]);
    expect(left(ok(0), ok('OK'), ok(0))).toEqual(ok(0));
    // A server that hides them tells 0 afterwards; any other knows best then.
    expect(left(ok(3), ok('OK'), ok(0))).toEqual(ok(3));
    expect(left(ok(0), ok('OK'), ok(2))).toEqual(ok(2));
  });

  it('and a count that is no number is an unknown one, never 0', () => {
    expect(left(broken, ok('OK'), ok(0))).toEqual(ok(null));
    expect(left(ok(0), ok('OK'))).toEqual(ok(null));
    expect(left(ok(0), broken, ok(0)).ok).toBe(false);
  });
});
