import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RedisClusterDriver } from '@/lib/drivers/redis-cluster/redis-cluster-driver';
import { hashSlotOf } from '../../scripts/redis/hash-slot';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import { contextOf, failureOf, never, valueOf } from '../contract/driver-steps';
import { connectionTo, openDriver, startRedisCluster } from '../support/redis-cluster';

/** In the way between the nodes until it is closed: what they tell each other goes through it. */
class BusProxy {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(busPort: number) {
    this.#server = createServer((incoming) => {
      const outgoing = connect(busPort, '127.0.0.1');
      for (const [socket, other] of [[incoming, outgoing], [outgoing, incoming]] as const) {
        this.#sockets.add(socket);
        socket.pipe(other);
        // The other end goes with it; an error comes before a close.
        socket.on('error', () => { other.destroy(); }).on('close', () => { other.destroy(); });
      }
    });
  }

  async listen(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Nobody is called failed meanwhile. */
const NODE_TIMEOUT_MS = 60_000;
const proxies: BusProxy[] = [];
let cluster: RedisClusterProcesses;
let driver: RedisClusterDriver;

beforeAll(async () => {
  cluster = await startRedisCluster({ primaries: 3, nodeTimeoutMs: NODE_TIMEOUT_MS });
  driver = openDriver(connectionTo(cluster));
});
afterAll(async () => {
  for (const proxy of proxies) proxy.close();
  await driver.close();
  await cluster.stop();
});

/** Source and target hear nothing of anybody from here on: gossip would settle within a moment who owns the slot, and delete the keys of who does not. */
async function cutGossip(): Promise<void> {
  const ends = cluster.primaries.slice(0, 2);
  for (const node of ends) {
    const own = String(await node.call('CLUSTER', 'NODES')).split('\n').find((line) => line.includes('myself'));
    const proxy = new BusProxy(Number(/@(\d+)/.exec(own ?? '')?.[1]));
    proxies.push(proxy);
    const port = await proxy.listen();
    await node.call('CONFIG', 'SET', 'cluster-announce-bus-port', port);
    for (const other of cluster.primaries.filter((one) => one !== node)) {
      await expect.poll(async () => String(await other.call('CLUSTER', 'NODES')), { timeout: 60_000, interval: 100 }).toMatch(new RegExp(`${node.address}@${port} .* connected`));
    }
  }
  for (const proxy of proxies) proxy.close();
  const [source, target] = ends;
  for (const [node, other] of [[source!, target!], [target!, source!]] as const) {
    await expect.poll(async () => String(await node.call('CLUSTER', 'NODES')), { timeout: 10_000 }).toMatch(new RegExp(`${other.address}@.* disconnected`));
  }
}

it('[M9] keys that a source still has of a slot that its target has taken follow before the source is told, and none is lost', async () => {
  const [source, target] = cluster.primaries;
  const ids = { source: await cluster.idOf(source!), target: await cluster.idOf(target!) };
  let n = 0;
  while (hashSlotOf(`left${n}`) > 5_000) n += 1;
  const slot = hashSlotOf(`left${n}`);
  for (let key = 0; key < 300; key += 1) await source!.call('SET', `{left${n}}:${key}`, `value ${key}`);
  valueOf(await driver.observe({ detail: 'nodes', signal: never() }));
  await cutGossip();
  await target!.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', ids.source);
  await target!.call('CLUSTER', 'SETSLOT', slot, 'NODE', ids.target);
  const move = { kind: 'move', shardId: slot, role: 'primary', sourceNodeId: ids.source, targetNodeId: ids.target } as const;
  expect(valueOf(await driver.inspectMove(move, never()))).toMatchObject({ state: 'moving', revertible: false, keysOnSource: 300, keysOnTarget: 0 });
  expect(failureOf(await driver.execute({ ...move, kind: 'revert-move' }, contextOf()))).toMatchObject({ code: 'topology-changed' });
  expect(valueOf(await driver.execute(move, contextOf()))).toMatchObject({ keyCount: 300 });
  expect(valueOf(await driver.inspectMove(move, never()))).toMatchObject({ state: 'done', keysOnSource: 0, keysOnTarget: 300 });
  expect(await target!.call('GET', `{left${n}}:299`)).toBe('value 299');
});
