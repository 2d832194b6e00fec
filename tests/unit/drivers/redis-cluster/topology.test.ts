import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownerInView, parseClusterNodes, slotCountOf, type ClusterView } from '@/lib/drivers/redis-cluster/topology';

const id = (n: number) => n.toString(16).padStart(40, '0');

function parsed(text: string): ClusterView {
  const result = parseClusterNodes(text);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

describe('CLUSTER NODES as the servers answer it', () => {
  it('Redis 7.0: hostnames, followers, failures, single slots, ranges and open slots', () => {
    const view = parsed([
      `${id(1)} 127.0.0.1:7000@17000,node-a.example myself,master - 0 1700000000000 3 connected 0-5460 6000 [93-<-${id(2)}] [77->-${id(2)}]`,
      `${id(2)} 127.0.0.1:7001@17001,node-b.example master,fail - 1700000000000 1699999990000 2 disconnected 5461-5999 6001-10922`,
      `${id(3)} 127.0.0.1:7002@17002,? slave ${id(1)} 0 1700000000000 3 connected`,
      '',
    ].join('\n'));
    expect(view.self).toMatchObject({ id: id(1), endpoint: { host: '127.0.0.1', port: 7000 }, hostname: 'node-a.example', busPort: 17_000, configEpoch: 3 });
    expect([...view.self.importing]).toEqual([[93, id(2)]]);
    expect([...view.self.migrating]).toEqual([[77, id(2)]]);
    expect(slotCountOf(view.self.slots)).toBe(5_462);
    expect(view.nodes.get(id(2))).toMatchObject({ linkConnected: false });
    expect(view.nodes.get(id(2))?.flags.has('fail')).toBe(true);
    expect(view.nodes.get(id(3))).toMatchObject({ leaderId: id(1), hostname: null, slots: [] });
  });

  it('Redis 7.2 and 8, Valkey 8 and 9: auxiliary fields behind the host name', () => {
    const view = parsed([
      `${id(1)} 10.0.0.1:6379@16379,,tls-port=0,shard-id=${id(90)} myself,master - 0 0 1 connected 0-16383`,
      `${id(2)} 10.0.0.2:6379@16379,b.example,tls-port=6380,shard-id=${id(91)} slave,nofailover ${id(1)} 0 1 1 connected`,
    ].join('\n'));
    expect(view.self).toMatchObject({ endpoint: { host: '10.0.0.1', port: 6379 }, hostname: null });
    expect(view.nodes.get(id(2))).toMatchObject({ hostname: 'b.example', leaderId: id(1) });
  });

  it('IPv6 addresses, and a node that does not know its own address yet', () => {
    const view = parsed(`${id(1)} :7000@17000 myself,master - 0 0 0 connected\n${id(2)} fe80::1:7001@17001 master - 0 0 1 connected`);
    expect(view.self.endpoint).toBeNull();
    expect(view.nodes.get(id(2))?.endpoint).toEqual({ host: 'fe80::1', port: 7001 });
  });

  it('a node in handshake has no id of its own yet and is left out; one without address is kept', () => {
    const view = parsed([
      `${id(1)} 127.0.0.1:7000@17000 myself,master - 0 0 0 connected 0-16383`,
      `${id(2)} 127.0.0.1:7001@17001 handshake - 0 0 0 connected`,
      `${id(3)} :0@0 master,noaddr - 0 0 0 disconnected`,
    ].join('\n'));
    expect([...view.nodes.keys()]).toEqual([id(1), id(3)]);
    expect(view.nodes.get(id(3))?.endpoint).toBeNull();
  });

  it.each([
    '', 'nonsense', `${id(1)} 127.0.0.1:1@2 master - 0 0 0 connected`, `${id(1)} 127.0.0.1:1@2 myself,master - 0 0 x connected`,
    `${id(1)} 127.0.0.1:1@2 myself,master - 0 0 0 connected 5-`, `${id(1)} 127.0.0.1:1@2 myself,master - 0 0 0 connected 7-3`,
    `${id(1)} 127.0.0.1:1@2 myself,master - 0 0 0 connected 16384`, `${id(1)} 127.0.0.1:1@2 myself,master - 0 0 0 connected [1-x-a]`,
    `${id(1)} 127.0.0.1:1@2 myself,master - 0 0 0 connected 1x`,
  ])('what is not understood is an error and never half a view: %j', (text) => {
    expect(parseClusterNodes(text).ok).toBe(false);
  });

  it('every slot of written ranges is read back with its owner', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 16_383 }), { maxLength: 200 });
    fc.assert(fc.property(cuts, fc.integer({ min: 1, max: 5 }), (marks, nodeCount) => {
      const bounds = [0, ...marks.sort((a, b) => a - b), 16_384];
      const tokens = Array.from({ length: nodeCount }, () => [] as string[]);
      const owners = new Array<string>(16_384);
      for (let i = 0; i + 1 < bounds.length; i += 1) {
        const [first, last] = [bounds[i]!, bounds[i + 1]! - 1];
        tokens[i % nodeCount]!.push(first === last ? String(first) : `${first}-${last}`);
        owners.fill(id(i % nodeCount), first, last + 1);
      }
      const view = parsed(tokens.map((slots, n) => `${id(n)} 127.0.0.1:${7000 + n}@${17000 + n} ${n === 0 ? 'myself,' : ''}master - 0 0 ${n} connected ${slots.join(' ')}`).join('\n'));
      for (let slot = 0; slot < 16_384; slot += 1) if (ownerInView(view, slot) !== owners[slot]) throw new Error(`slot ${slot}`);
    }), { seed: 20_261_122, numRuns: 50 });
  });
});
