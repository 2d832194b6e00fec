import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AgentProcess, bundleAgent } from './agent-process';

export interface AgentFleetOptions {
  /** Of the console, without a path. */
  readonly consoleUrl: string;
  /** What the agents call; the console itself unless something stands between. */
  readonly managerUrl?: string;
  /** Where the folders of the nodes go. */
  readonly parentFolder: string;
  readonly name: string;
  readonly shardCount: number;
  readonly replicationFactor: number;
}

const directories = new Set<string>();
process.on('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** Reference nodes under a running console, made the way an operator makes them: through the public API. */
export class AgentFleet {
  readonly nodes: AgentProcess[] = [];
  readonly #directory: string;
  #started = 0;

  private constructor(private readonly options: AgentFleetOptions, readonly clusterId: string, private readonly program: string) {
    this.#directory = mkdtempSync(join(options.parentFolder, 'phantom-scale-agents-'));
    directories.add(this.#directory);
  }

  /** Connects a cluster of agents that has no nodes yet. */
  static async connect(options: AgentFleetOptions): Promise<AgentFleet> {
    const { name, shardCount, replicationFactor } = options;
    const cluster = await post(options.consoleUrl, '/clusters', { name, connection: { kind: 'http-agent', sharding: { method: 'hash', shardCount }, replicationFactor } });
    return new AgentFleet(options, textOf(cluster, 'id'), await bundleAgent());
  }

  /** One more node; a member at once unless it is to wait for an operator. */
  async startNode(options: { readonly zone: string; readonly acceptByRule?: boolean }): Promise<AgentProcess> {
    const { consoleUrl, managerUrl } = this.options;
    this.#started += 1;
    const name = `${options.zone}-${this.#started}`;
    const issued = await post(consoleUrl, `/clusters/${this.clusterId}/agents/tokens`, { acceptByRule: options.acceptByRule ?? true });
    const node = new AgentProcess({
      program: this.program, dataDir: join(this.#directory, name), managerUrl: managerUrl ?? consoleUrl, token: textOf(issued, 'token'), zone: options.zone, name,
    });
    this.nodes.push(node);
    await node.start();
    return node;
  }

  async createShards(): Promise<void> {
    await post(this.options.consoleUrl, `/clusters/${this.clusterId}/agents/create-shards`, {});
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    rmSync(this.#directory, { recursive: true, force: true });
    directories.delete(this.#directory);
  }
}

async function post(consoleUrl: string, path: string, body: object): Promise<unknown> {
  const response = await fetch(`${consoleUrl}/api/v1${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

function textOf(value: unknown, field: string): string {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
  if (typeof found !== 'string') throw new Error(`The console gave no ${field}`);
  return found;
}
