// A manager as a process of its own, which dies (or lets a node die) at the instant that its
// environment names. It is told what to do by messages and answers by messages.
import { createRandom } from '@/lib/platform/random';
import { createNextId } from '@/lib/platform/ids';
import { systemClock } from '@/lib/platform/system-clock';
import { RedisClusterDriver } from '@/lib/drivers/redis-cluster/redis-cluster-driver';
import { Fleet } from '@/lib/manager/fleet';
import { openDatabase } from '@/lib/persistence/open-database';
import { PrismaStore } from '@/lib/persistence/prisma-store';
import type { CommandContext, CommandResult } from '@/lib/manager/commands';
import { planInPlace } from '@/lib/manager/planner';
import { Catalogue } from '@/lib/provisioners/catalogue';
import { ProvisionersConfigSchema, type ProvisionersConfig } from '@/lib/provisioners/provisioner-config';
import { createLogger } from '@/lib/server/logger';
import { OutboundRule } from '@/lib/server/outbound-rule';
import { Executioner, setEnds } from './executioner';
import type { KillOrder } from './kill-point';
import type { Call, Calls } from './manager-calls';

const operator: CommandContext = { actor: { kind: 'operator', name: 'kill-point test' } };
const order = JSON.parse(process.env['KILL_ORDER'] ?? 'null') as KillOrder | null;
const executioner = order === null ? null : new Executioner(order, () => { process.send?.({ struck: true }); });

function provisionersOf(text: string | undefined): ProvisionersConfig {
  return ProvisionersConfigSchema.parse(JSON.parse(text ?? '{}'));
}

const catalogue = new Catalogue({
  config: provisionersOf(process.env['PROVISIONERS']), clock: systemClock, outbound: new OutboundRule(), dataDir: '/nowhere', machinesOf: () => null, issueToken: () => Promise.resolve(null),
});
const logger = createLogger('error');
const opened = await openDatabase({ url: process.env['DATABASE_URL'] ?? '', clock: systemClock });
if (!opened.ok) throw new Error(opened.error.message);
const { store } = opened.value;
if (!(store instanceof PrismaStore)) throw new Error('The store is another one than expected');
const random = createRandom(`${Date.now()}`);
const fleet = await Fleet.open({
  store: executioner?.watchStore(store) ?? store,
  clock: systemClock,
  nextId: createNextId({ wallMs: () => systemClock.wallMs(), random: () => random.next() }),
  random: random.fork('fleet'),
  createDriver: (connection) => {
    if (connection.kind !== 'redis-cluster') throw new Error('Only Redis here');
    const driver = new RedisClusterDriver({ connection, clock: systemClock, outbound: new OutboundRule() });
    return executioner?.watchDriver(driver) ?? driver;
  },
  provisioners: executioner?.watchProvisioners(catalogue) ?? catalogue,
  planner: planInPlace,
  publisher: { clusterChanged: () => undefined, eventAppended: () => undefined, shardMoved: () => undefined, clusterGone: () => undefined },
  logger,
});

function valueOf<T>(result: CommandResult<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

function manager() {
  const found = fleet.managers()[0];
  if (found === undefined) throw new Error('No cluster is connected');
  return found;
}

const calls: Calls = {
  connect: async ({ connection }) => valueOf(await fleet.connect({ name: 'Kill points', environment: 'development', connection }, operator)),
  move: async ({ shardIds, targetNodeId, ends }) => {
    setEnds(ends);
    await manager().firstReading();
    const plan = valueOf(await manager().preview({ strategy: 'round-robin', scope: { kind: 'shards', shardIds: [...shardIds], targetNodeId }, seed: 1 }, operator));
    return valueOf(await manager().approve({ planId: plan.id }, operator));
  },
  replace: async ({ nodeId, address }) => {
    await manager().firstReading();
    const node = manager().view().nodes.find(({ id }) => id === nodeId);
    return valueOf(await manager().replace({ nodeId, confirmName: node?.name ?? '', address }, operator));
  },
  mend: async ({ shardIds, ends }) => {
    setEnds(ends);
    await manager().firstReading();
    const { fingerprint } = valueOf(await manager().mendPreview());
    return valueOf(await manager().mendShards({ fingerprint, acceptLoss: false, ...(shardIds !== undefined && { shardIds: [...shardIds] }) }, operator));
  },
  choose: async ({ provisioner }) => {
    const { generation, settings } = manager().settings();
    return valueOf(await manager().updateSettings({ generation, settings: { ...settings, scaling: { ...settings.scaling, provisioner } } }, operator));
  },
  scaleOut: async ({ nodeCount }) => {
    await manager().firstReading();
    return valueOf(await manager().scaleOut({ nodeCount }, operator));
  },
  scaleIn: async ({ nodeIds }) => {
    await manager().firstReading();
    const plan = valueOf(await manager().preview({ strategy: 'round-robin', scope: { kind: 'evacuate', nodeIds: [...nodeIds] }, seed: 1 }, operator));
    return valueOf(await manager().scaleIn({ nodeIds, planId: plan.id, confirmName: manager().view().summary.name }, operator));
  },
  provisioning: () => Promise.resolve(manager().provisioning()),
  operation: async ({ operationId }) => valueOf(await manager().operation(operationId)),
  newest: async () => (await manager().operations({ limit: 1, cursor: null })).items[0]?.id ?? null,
  moves: async ({ operationId }) => valueOf(await manager().moves(operationId)).moves.map((move) => ({ shardId: move.step.shardId, status: move.status, failure: move.failure?.message ?? null })),
};

process.on('message', (message: Call) => {
  const answer = (calls[message.call] as (argument: unknown) => Promise<unknown>)(message.argument);
  answer.then((value) => process.send?.({ id: message.id, value }), (error: unknown) => process.send?.({ id: message.id, error: String(error) }));
});
process.send?.({ ready: true });
