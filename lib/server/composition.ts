import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { createApiHandler } from '@/lib/api/api-handler';
import { authorize } from '@/lib/api/authorize';
import { SimulatorConnectionSchema, type RedisConnection } from '@/lib/contract/connection';
import { DiscoveredAddresses } from '@/lib/drivers/discovery/discovered-addresses';
import { DnsResolver, type NameResolver } from '@/lib/drivers/discovery/name-resolver';
import { splitSeeds } from '@/lib/drivers/discovery/seed-names';
import { withDiscovery } from '@/lib/drivers/discovery/with-discovery';
import type { ClusterDriver } from '@/lib/drivers/driver';
import { HubAgentAdmin } from '@/lib/drivers/http-agent/agent-admin';
import { answerAgent } from '@/lib/drivers/http-agent/agent-endpoint';
import { AgentHub } from '@/lib/drivers/http-agent/agent-hub';
import { HttpAgentDriver } from '@/lib/drivers/http-agent/http-agent-driver';
import { RedisClusterDriver } from '@/lib/drivers/redis-cluster/redis-cluster-driver';
import { openStoredSimulator } from '@/lib/drivers/simulator/create-simulator';
import type { SimulatorDriver } from '@/lib/drivers/simulator/simulator-driver';
import { SnapshotFile } from '@/lib/drivers/simulator/snapshot-file';
import { Fleet } from '@/lib/manager/fleet';
import type { ManagerLogger } from '@/lib/manager/manager-logger';
import type { CreateDriver } from '@/lib/manager/ports';
import { openDatabase, type OpenDatabase } from '@/lib/persistence/open-database';
import { assertNever } from '@/lib/platform/assert';
import type { Clock } from '@/lib/platform/clock';
import { Catalogue } from '@/lib/provisioners/catalogue';
import { createNextId } from '@/lib/platform/ids';
import type { Outbound } from '@/lib/platform/outbound';
import { createRandom } from '@/lib/platform/random';
import { err, ok, type Result } from '@/lib/platform/result';
import { ChangeHub } from '@/lib/realtime/change-hub';
import { LiveGateway } from '@/lib/realtime/live-gateway';
import packageJson from '@/package.json' with { type: 'json' };
import type { Config } from './config';
import { decideAccess } from './http-server';
import { OutboundRule } from './outbound-rule';
import type { Runtime } from './runtime';
import { WorkerPlanner } from './worker-planner';

/** The migration with which a database begins; applied just now, it is a first start. */
const FIRST_MIGRATION = /_init$/;

export interface Composition {
  readonly runtime: Runtime;
  readonly gateway: LiveGateway;
  /** Answers an agent; rejects when the database cannot be read. */
  readonly answerAgent: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Sockets first, then the managers at a safe point, the database last. Idempotent. */
  close(): Promise<void>;
}

/**
 * The composition root: the only place where the parts are made and joined. Fails with one
 * line for the operator, and leaves nothing open then.
 */
export async function compose(options: { config: Config; clock: Clock; logger: ManagerLogger }): Promise<Result<Composition, string>> {
  const { config, clock, logger } = options;
  const database = await openDatabase({ url: config.databaseUrl, clock });
  if (!database.ok) return err(database.error.message);
  const { store } = database.value;
  const random = createRandom(randomUUID());
  const nextId = createNextId({ wallMs: () => clock.wallMs(), random: () => random.next() });
  const hub = new ChangeHub((error) => logger.error({ err: error }, 'A listener of the manager failed'));
  const agents = new AgentHub({
    registry: store, clock, nextId, random: () => random.next(),
    onEnrolled: ({ clusterId, nodeId, name, acceptedAtMs }) => {
      fleet.manager(clusterId)?.record({ type: 'node.enrolled', severity: 'notice', nodeId, message: `${name} enrolled${acceptedAtMs === null ? ' and waits to be accepted' : ''}` });
    },
  });
  const nextKey = () => nextId('order');
  const planner = new WorkerPlanner(logger);
  const outbound = new OutboundRule(config.outboundAllow);
  const simulators = new Map<string, SimulatorDriver>();
  const agentAdmin = new HubAgentAdmin({ hub: agents, clock, nextKey });
  const provisioners = new Catalogue({
    config: config.file.provisioners, clock, outbound, dataDir: config.dataDir,
    machinesOf: (clusterId) => simulators.get(clusterId)?.processes ?? null,
    issueToken: async (clusterId) => {
      const issued = await agentAdmin.issueToken(clusterId, { acceptByRule: false });
      return issued.ok ? issued.value.token : null;
    },
  });
  const fleet = await Fleet.open({ store, clock, nextId, random: random.fork('fleet'), createDriver: driverFactory({ ...options, agents, nextKey, outbound, simulators }), provisioners, planner, publisher: hub, logger });
  hub.gone.add((clusterId) => new SnapshotFile(simulatorPath(config, clusterId)).remove());
  const gateway = new LiveGateway({
    fleet, hub, clock, logger,
    authorize: (route, request: IncomingMessage) => decideAccess(route, request).allowed,
  });
  await connectDemo(database.value, fleet, logger);
  const api = createApiHandler({ fleet, agents: agentAdmin, store, clock, authorize, logger, version: packageJson.version });
  const runtime: Runtime = {
    handleApi: (request) => api.handle(request),
    health: () => healthOf(database.value, fleet),
    version: packageJson.version,
  };
  const uninstall = installRuntime(runtime);
  let closing: Promise<void> | null = null;
  const close = async () => {
    uninstall();
    await gateway.close();
    // Managers that wait for a plan would hold up their own end.
    await planner.close();
    await fleet.close();
    await database.value.close();
  };
  return ok({ runtime, gateway, answerAgent: (request, response) => answerAgent(agents, request, response), close: () => (closing ??= close()) });
}

/** A simulated cluster lives in this process, so it is kept in a file over restarts like a real one outside would be. */
function simulatorPath(config: Config, clusterId: string): string {
  return join(config.dataDir, 'simulators', `${clusterId}.json`);
}

function driverFactory({ config, clock, logger, agents, nextKey, outbound, simulators }: { config: Config; clock: Clock; logger: ManagerLogger; agents: AgentHub; nextKey: () => string; outbound: Outbound; simulators: Map<string, SimulatorDriver> }): CreateDriver {
  const resolver = new DnsResolver(config.dnsServers);
  return (connection, { clusterId }) => {
    switch (connection.kind) {
      case 'simulator': {
        const { driver } = openStoredSimulator({
          connection, clock,
          path: simulatorPath(config, clusterId),
          onProblem: (problem) => logger.error({ clusterId, problem }, 'The simulated cluster could not be kept or read'),
          onClose: () => simulators.delete(clusterId),
        });
        simulators.set(clusterId, driver);
        return driver;
      }
      case 'redis-cluster': return openRedis(connection, { clock, resolver, outbound });
      case 'http-agent': return new HttpAgentDriver({ hub: agents, cluster: agents.open(clusterId, connection), clock, outbound, nextKey });
      default: return assertNever(connection);
    }
  };
}

/** Seeds that are names are looked up while it runs; what they stand for and is no member is shown as joining. */
function openRedis(connection: RedisConnection, { clock, resolver, outbound }: { readonly clock: Clock; readonly resolver: NameResolver; readonly outbound: Outbound }): ClusterDriver {
  const { addresses, names } = splitSeeds(connection.seeds);
  if (names.length === 0) return new RedisClusterDriver({ connection, clock, outbound });
  const discovered = new DiscoveredAddresses({ names, resolver, clock, outbound });
  return withDiscovery(new RedisClusterDriver({ connection: { ...connection, seeds: addresses }, clock, outbound, moreSeeds: () => discovered.addresses }), discovered);
}

/** Whoever starts the product for the first time sees it working. Once only: a demo that was disconnected stays away. */
async function connectDemo(database: OpenDatabase, fleet: Fleet, logger: ManagerLogger): Promise<void> {
  if (!database.migrationsApplied.some((name) => FIRST_MIGRATION.test(name)) || fleet.managers().length > 0) return;
  const connected = await fleet.connect(
    { name: 'Demo', environment: 'development', connection: SimulatorConnectionSchema.parse({ kind: 'simulator' }) },
    { actor: { kind: 'system', name: 'first start' } },
  );
  if (!connected.ok) logger.error({ failure: connected.error }, 'The demo cluster could not be connected');
}

async function healthOf(database: OpenDatabase, fleet: Fleet): Promise<{ live: boolean; ready: boolean; reasons: readonly string[] }> {
  const reasons: string[] = [];
  try {
    const stored = await database.store.clusters();
    for (const { id, name } of stored) if (fleet.manager(id) === null) reasons.push(`The cluster "${name}" has no manager: another server has taken it over`);
  } catch {
    // The reason is the finding; the store has logged the error where it happened.
    reasons.push('The database does not answer');
  }
  return { live: true, ready: reasons.length === 0, reasons };
}

/** Next's bundles reach the server through globalThis: a module of ours exists a second time in there (see runtime.ts). */
function installRuntime(runtime: Runtime): () => void {
  const holder = globalThis as { [key: symbol]: Runtime | undefined };
  const key = Symbol.for('phantom-scale.runtime');
  holder[key] = runtime;
  return () => { if (holder[key] === runtime) holder[key] = undefined; };
}
