/**
 * [S7] [M9] A manager that dies while it asks for a node, or gives one back: the next one
 * ends what was begun, with exactly the processes that there should be. Real processes,
 * real kills.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isTerminal, type Operation } from '@/lib/contract/operation';
import type { RedisClusterProcesses } from '../../scripts/redis/redis-cluster-processes';
import { eventually } from '../support/eventually';
import { nameOf, POSITIONS, type KillPoint } from '../support/killpoints/kill-point';
import { ManagerProcess } from '../support/killpoints/manager-process';
import { LocalNodes } from '../support/local-nodes';
import { requireServers } from '../support/redis-binary';
import { connectionTo, startRedisCluster } from '../support/redis-cluster';
import { primariesBy } from '../support/redis-info';

const DIES_MS_MAX = 40_000;
const ENDS_MS_MAX = 60_000;

let redis: RedisClusterProcesses;
let nodes: LocalNodes;
let manager: ManagerProcess | null = null;

beforeAll(async () => {
  redis = await startRedisCluster({ primaries: 3 });
  nodes = new LocalNodes();
  const first = await begin(null);
  await first.ask('connect', { connection: connectionTo(redis) });
  await first.ask('choose', { provisioner: 'here' });
});

afterAll(async () => {
  await manager?.kill();
  await nodes.stop();
  await redis.stop();
});

async function begin(point: KillPoint | null): Promise<ManagerProcess> {
  await manager?.kill();
  manager = await ManagerProcess.start({
    databaseUrl: `file:${join(nodes.folder, 'manager.db')}`, order: point === null ? null : { ...point, victimPid: 0 },
    provisioners: { here: { kind: 'local-process', program: { kind: 'redis', path: requireServers()[0].path, directives: { 'cluster-node-timeout': '2000', 'save': '""' } }, folder: nodes.folder, portMin: nodes.portMin, portMax: nodes.portMax } },
  });
  return manager;
}

/** Begins an operation under a manager that dies at this point, and sees the next one end it. */
async function killedAt(point: KillPoint, start: (dying: ManagerProcess) => Promise<Operation>): Promise<Operation> {
  const dying = await begin(point);
  const begun = start(dying).catch((error: unknown) => {
    // One that dies before its answer has stored the operation all the same.
    if (!String(error).includes('gone')) throw error;
    return null;
  });
  await eventually('it dies', () => Promise.resolve(dying.isRunning), (isRunning) => !isRunning, DIES_MS_MAX).catch((error: unknown) => { throw new Error(`${String(error)} ${dying.stderr}`); });
  const next = await begin(null);
  const operationId = (await begun)?.id ?? await next.ask('newest', null);
  return eventually('the operation ends', () => next.ask('operation', { operationId: operationId! }), (operation) => isTerminal(operation.status), ENDS_MS_MAX);
}

describe('[S7] exactly one node, whenever', () => {
  it.each(POSITIONS.map((position) => [nameOf({ step: 'provision', position, victim: 'manager', after: 0 }), position] as const))('%s; and none is left when it dies as late in giving it back', async (_name, position) => {
    const out = await killedAt({ step: 'provision', position, victim: 'manager', after: 0 }, (dying) => dying.ask('scaleOut', { nodeCount: 1 }));
    expect(out.status).toBe('succeeded');
    expect(nodes.pids()).toHaveLength(1);
    expect((await primariesBy(redis.seeds[0]!)).size).toBe(4);
    expect((await manager!.ask('provisioning', null)).provisions).toMatchObject([{ status: 'joined', nodeId: out.nodeIds[0] }]);

    const back = await killedAt({ step: 'deprovision', position, victim: 'manager', after: 0 }, (dying) => dying.ask('scaleIn', { nodeIds: out.nodeIds }));
    expect(back.status).toBe('succeeded');
    await eventually('nothing is owed', () => manager!.ask('provisioning', null), ({ provisions }) => provisions.length === 0);
    expect(nodes.pids()).toEqual([]);
    expect((await primariesBy(redis.seeds[0]!)).size).toBe(3);
    await redis.waitUntilAgreed();
  }, 180_000);
});
