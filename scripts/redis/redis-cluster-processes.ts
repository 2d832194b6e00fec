import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeRedisPort } from './free-ports';
import { RedisProcess, type RedisAccess } from './redis-process';

export interface RedisClusterOptions {
  /** Path of redis-server or valkey-server. */
  readonly binary: string;
  /** Primaries that share the slots evenly. */
  readonly primaries: number;
  /** Followers of each of them. */
  readonly followersPerPrimary?: number;
  /** Members without slots. */
  readonly emptyPrimaries?: number;
  /** cluster-node-timeout. */
  readonly nodeTimeoutMs?: number;
  /** More directives of redis.conf, or others than ours. */
  readonly config?: Readonly<Record<string, string | readonly string[]>>;
  /** requirepass. */
  readonly password?: string;
  /** An ACL user with all permissions; the default user is switched off then. */
  readonly user?: { readonly name: string; readonly password: string };
  /** All traffic by TLS, with a certificate for 127.0.0.1 that openssl makes. */
  readonly tls?: boolean;
}

const AGREE_MS_MAX = 30_000;
const SLOT_COUNT = 16_384;
const directories = new Set<string>();
process.on('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/**
 * A real cluster of server processes on loopback, made without redis-cli: slots and
 * distinct config epochs are given first, then everybody meets everybody, which
 * agrees in a second where a chain of introductions needs several.
 */
export class RedisClusterProcesses {
  readonly primaries: RedisProcess[] = [];
  readonly followers: RedisProcess[] = [];
  readonly emptyPrimaries: RedisProcess[] = [];
  readonly access: RedisAccess;
  readonly #directory = mkdtempSync(join(tmpdir(), 'phantom-scale-redis-'));
  readonly #ports = new Set<number>();
  readonly #strays: RedisProcess[] = [];

  private constructor(private readonly options: RedisClusterOptions) {
    directories.add(this.#directory);
    const tls = options.tls === true ? { ca: makeCertificate(this.#directory) } : undefined;
    this.access = {
      ...(options.user !== undefined && { username: options.user.name, password: options.user.password }),
      ...(options.password !== undefined && { password: options.password }),
      ...(tls !== undefined && { tls }),
    };
  }

  /** Starts all processes and returns when every node agrees on slots and followers and serves. */
  static async start(options: RedisClusterOptions): Promise<RedisClusterProcesses> {
    const cluster = new RedisClusterProcesses(options);
    try {
      await cluster.#create();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** All processes of the cluster, primaries first; those made by `startNode` are not in it. */
  get members(): readonly RedisProcess[] {
    return [...this.primaries, ...this.emptyPrimaries, ...this.followers];
  }

  get seeds(): string[] {
    return this.members.map((node) => node.address);
  }

  /** A further process that is a member of nothing; stopped with the cluster. */
  async startNode(options: { clusterEnabled?: boolean; config?: Record<string, string> } = {}): Promise<RedisProcess> {
    const node = await this.#startProcess({ clusterEnabled: options.clusterEnabled ?? true, config: options.config ?? {} });
    this.#strays.push(node);
    return node;
  }

  /** Lets `node` (from `startNode`) join as a primary without slots, or as a follower. */
  async join(node: RedisProcess, options: { followerOf?: RedisProcess } = {}): Promise<void> {
    await Promise.all(this.members.map((member) => meet(member, node)));
    (options.followerOf === undefined ? this.emptyPrimaries : this.followers).push(node);
    this.#strays.splice(this.#strays.indexOf(node), 1);
    await this.waitUntilAgreed();
    if (options.followerOf !== undefined) await follow(node, options.followerOf);
    await this.waitUntilAgreed();
  }

  async idOf(node: RedisProcess): Promise<string> {
    return String(await node.call('CLUSTER', 'MYID'));
  }

  /** Every running member knows the others, sees the same slots, serves, and followers are in sync. */
  async waitUntilAgreed(): Promise<void> {
    const deadline = performance.now() + AGREE_MS_MAX;
    for (;;) {
      const running = this.members.filter((node) => node.isRunning);
      const pictures = await Promise.all(running.map(async (node) => await pictureOf(node)));
      const agreed = pictures.every((picture) => picture.settled && picture.known >= running.length && picture.signature === pictures[0]?.signature);
      if (agreed) return;
      if (performance.now() > deadline) throw new Error(`The cluster does not agree within ${AGREE_MS_MAX} ms: ${JSON.stringify(pictures)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Ends all processes by their pids and removes their data. Idempotent. */
  async stop(): Promise<void> {
    const ends = await Promise.allSettled([...this.members, ...this.#strays].map(async (node) => { await node.kill(); }));
    rmSync(this.#directory, { recursive: true, force: true });
    directories.delete(this.#directory);
    for (const end of ends) {
      if (end.status === 'rejected') throw end.reason;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #create(): Promise<void> {
    const { primaries, followersPerPrimary = 0, emptyPrimaries = 0 } = this.options;
    const startMany = async (count: number) => await Promise.all(Array.from({ length: count }, async () => await this.#startProcess({ clusterEnabled: true, config: {} })));
    this.primaries.push(...await startMany(primaries));
    this.emptyPrimaries.push(...await startMany(emptyPrimaries));
    this.followers.push(...await startMany(primaries * followersPerPrimary));
    await Promise.all(this.primaries.map(async (node, index) => {
      const first = Math.floor((index * SLOT_COUNT) / primaries);
      const last = Math.floor(((index + 1) * SLOT_COUNT) / primaries) - 1;
      await node.call('CLUSTER', 'ADDSLOTSRANGE', first, last);
    }));
    await Promise.all(this.members.map(async (node, index) => { await node.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1); }));
    await Promise.all(this.members.flatMap((a, i) => this.members.slice(i + 1).map((b) => meet(a, b))));
    await this.#waitUntilKnown();
    await Promise.all(this.followers.map((node, index) => follow(node, this.primaries[index % primaries]!)));
    await this.waitUntilAgreed();
  }

  async #waitUntilKnown(): Promise<void> {
    const deadline = performance.now() + AGREE_MS_MAX;
    for (;;) {
      const known = await Promise.all(this.members.map(async (node) => (await pictureOf(node)).known));
      if (known.every((count) => count === this.members.length)) return;
      if (performance.now() > deadline) throw new Error(`The nodes do not know each other within ${AGREE_MS_MAX} ms`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #startProcess({ clusterEnabled, config }: { clusterEnabled: boolean; config: Record<string, string> }): Promise<RedisProcess> {
    const port = await freeRedisPort(this.#ports);
    const { user, password, nodeTimeoutMs = 2_000 } = this.options;
    const node = new RedisProcess({
      binary: this.options.binary,
      port,
      dir: join(this.#directory, String(port)),
      clusterEnabled,
      access: this.access,
      config: {
        ...(clusterEnabled && { 'cluster-node-timeout': String(nodeTimeoutMs) }),
        ...(password !== undefined && { requirepass: password, masterauth: password }),
        ...(user !== undefined && {
          user: [user.name, 'on', `>${user.password}`, '~*', '&*', '+@all'],
          masteruser: user.name, masterauth: user.password,
        }),
        ...(this.access.tls !== undefined && tlsConfig(this.#directory)),
        ...this.options.config,
        ...config,
      },
    });
    this.#strays.push(node);
    await node.start();
    // The user of the command line comes on top of the all-powerful default user.
    if (user !== undefined) await node.call('ACL', 'SETUSER', 'default', 'off');
    this.#strays.splice(this.#strays.indexOf(node), 1);
    return node;
  }
}

async function meet(a: RedisProcess, b: RedisProcess): Promise<void> {
  await a.call('CLUSTER', 'MEET', '127.0.0.1', b.port);
}

async function follow(node: RedisProcess, leader: RedisProcess): Promise<void> {
  await node.call('CLUSTER', 'REPLICATE', String(await leader.call('CLUSTER', 'MYID')));
}

async function pictureOf(node: RedisProcess): Promise<{ known: number; settled: boolean; signature: string }> {
  const [nodes, info, replication] = (await Promise.all([
    node.call('CLUSTER', 'NODES'), node.call('CLUSTER', 'INFO'), node.call('INFO', 'replication'),
  ])).map(String) as [string, string, string];
  const lines = nodes.trim().split('\n').map((line) => line.trim().split(' '));
  const isFollower = /^role:slave/m.test(replication);
  return {
    known: lines.filter((line) => !(line[2] ?? '').includes('handshake')).length,
    settled: /^cluster_state:ok/m.test(info) && (!isFollower || /^master_link_status:up/m.test(replication)),
    signature: lines.map(([id, , flags, leader, , , , , ...slots]) => `${id} ${(flags ?? '').replace(/myself,|,?fail\??/g, '')} ${leader} ${slots.filter((slot) => !slot.startsWith('[')).join(',')}`).sort().join('\n'),
  };
}

function makeCertificate(directory: string): string {
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1',
    '-keyout', join(directory, 'key.pem'), '-out', join(directory, 'cert.pem'),
  ], { stdio: 'ignore' });
  return readFileSync(join(directory, 'cert.pem'), 'utf8');
}

function tlsConfig(directory: string): Record<string, string> {
  return {
    'tls-cert-file': join(directory, 'cert.pem'), 'tls-key-file': join(directory, 'key.pem'), 'tls-ca-cert-file': join(directory, 'cert.pem'),
    'tls-auth-clients': 'no', 'tls-cluster': 'yes', 'tls-replication': 'yes',
  };
}
