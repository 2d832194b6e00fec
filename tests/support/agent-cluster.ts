import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpAgentConnectionSchema, type HttpAgentConnection } from '@/lib/contract/connection';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { answerAgent } from '@/lib/drivers/http-agent/agent-endpoint';
import type { AgentCluster } from '@/lib/drivers/http-agent/agent-cluster';
import { AgentHub } from '@/lib/drivers/http-agent/agent-hub';
import { createShards } from '@/lib/drivers/http-agent/create-shards';
import { HttpAgentDriver } from '@/lib/drivers/http-agent/http-agent-driver';
import { MemoryStore } from '@/lib/persistence/memory-store';
import { systemClock } from '@/lib/platform/system-clock';
import { OutboundRule } from '@/lib/server/outbound-rule';
import { AgentProcess, bundleAgent } from '../../scripts/agents/agent-process';

// A worker that is told to end would end without its exit handlers, which stop the processes.
for (const [signal, exitCode] of [['SIGTERM', 143], ['SIGINT', 130], ['SIGHUP', 129]] as const) {
  process.once(signal, () => { process.exit(exitCode); });
}

const CLUSTER_ID = 'cluster-of-agents';
export const ZONES = ['a', 'b', 'c'];
/** Processes are killed here and machines are not: what the system has been given is safe, and a disk's sync would be most of a test's time. */
const FAST_FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
let program: Promise<string> | null = null;

export interface AgentClusterTestOptions {
  /** Nodes that share the shards. */
  readonly nodes: number;
  /** Members that own nothing. */
  readonly emptyNodes?: number;
  readonly shardCount: number;
  readonly replicationFactor?: number;
  /** What the agents take for the manager; the hub itself unless something stands between. */
  readonly managerUrlOf?: (hubUrl: string) => Promise<string>;
}

/** Reference nodes as real processes, and the manager's side of the protocol in this process. Stop it, also when the test fails. */
export class AgentClusterProcesses {
  readonly nodes: AgentProcess[] = [];
  readonly #directory = mkdtempSync(join(FAST_FOLDER, 'phantom-scale-agents-'));
  #keys = 0;
  #started = 0;

  readonly #server: Server;
  #managerUrl = '';
  #hub: AgentHub;

  private constructor(private readonly store: MemoryStore, private readonly connection: HttpAgentConnection) {
    this.#hub = this.#newHub();
    this.#server = createServer((request, response) => {
      answerAgent(this.#hub, request, response).catch(() => { response.destroy(); });
    });
  }

  static async start(options: AgentClusterTestOptions): Promise<AgentClusterProcesses> {
    const connection = HttpAgentConnectionSchema.parse({
      kind: 'http-agent', sharding: { method: 'hash', shardCount: options.shardCount }, replicationFactor: options.replicationFactor ?? 2,
    });
    const store = new MemoryStore(systemClock);
    await store.commit([{ kind: 'insert-cluster', cluster: { id: CLUSTER_ID, name: 'Agents', environment: 'development', connection, createdAtMs: 0, freeze: null, epoch: 1 }, settings: { generation: 1, settings: DEFAULT_SETTINGS } }]);
    const cluster = new AgentClusterProcesses(store, connection);
    try {
      const hubUrl = await cluster.#listen();
      cluster.#managerUrl = await options.managerUrlOf?.(hubUrl) ?? hubUrl;
      await Promise.all(Array.from({ length: options.nodes }, () => cluster.startNode()));
      const created = await createShards(cluster.agents, { epoch: 1, nextKey: () => cluster.nextKey(), signal: new AbortController().signal });
      if (!created.ok) throw new Error(`The shards were not made: ${created.error.message}`);
      await Promise.all(Array.from({ length: options.emptyNodes ?? 0 }, () => cluster.startNode()));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get hub(): AgentHub {
    return this.#hub;
  }

  /** What the manager has of the nodes. */
  get agents(): AgentCluster {
    return this.#hub.cluster(CLUSTER_ID)!;
  }

  nextKey(): string {
    this.#keys += 1;
    return String(this.#keys);
  }

  openDriver(): HttpAgentDriver {
    return new HttpAgentDriver({ hub: this.hub, cluster: this.hub.open(CLUSTER_ID, this.connection), clock: systemClock, outbound: new OutboundRule(), nextKey: () => this.nextKey() });
  }

  async startNode(options: { accepted?: boolean } = {}): Promise<AgentProcess> {
    program ??= bundleAgent();
    const number = this.#started;
    this.#started += 1;
    const issued = await this.hub.issueToken(CLUSTER_ID, { acceptByRule: options.accepted ?? true });
    if (issued === null) throw new Error('No token was issued');
    const node = new AgentProcess({
      program: await program, dataDir: join(this.#directory, `node-${number}`), managerUrl: this.#managerUrl, token: issued.token,
      zone: ZONES[number % ZONES.length]!, name: `node-${number}`,
    });
    this.nodes.push(node);
    await node.start();
    return node;
  }

  nodeById(nodeId: string): AgentProcess {
    const node = this.nodes.find((candidate) => candidate.nodeId === nodeId);
    if (node === undefined) throw new Error(`No process is ${nodeId}`);
    return node;
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #newHub(): AgentHub {
    const hub = new AgentHub({ registry: this.store, clock: systemClock, nextId: (prefix) => `${prefix}_${randomUUID()}`, random: Math.random, onEnrolled: () => undefined });
    // Kept open by one user for the life of the test, whatever drivers come and go.
    hub.open(CLUSTER_ID, this.connection);
    return hub;
  }

  async #listen(): Promise<string> {
    await new Promise<void>((resolve) => { this.#server.listen(0, '127.0.0.1', resolve); });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
}
