/**
 * The reference node: a small sharded key-value store that is managed through the agent
 * library. One process, one folder, one port. README.md draws how its parts hang together.
 */
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { AgentCommand, AgentMetrics, CommandOutcome, HeldShard, Members, Peer } from '@/lib/contract/agent-protocol';
import type { DriverFailure } from '@/lib/contract/operation';
import { createKeyLookup } from '@/lib/core/routing/key-lookup';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import { Agent, peerOf, type AgentIdentity, type NodeDescription } from '../agent';
import { fileMemory } from '../agent-memory';
import type { CommandContext, ManagedDatabase } from '../managed-database';
import type { ManagerProblem } from '../manager-client';
import { ProcessMetrics } from '../process-metrics';
import { NodeCommands } from './commands';
import { KeyEndpoint } from './key-endpoint';
import { NodeServer } from './node-server';
import { openNodeStore, type NodeStore, type ShardRecord } from './node-store';
import { PeerClient } from './peer-client';
import { PeerEndpoint, peerOfRecord } from './peer-endpoint';
import { ShardActivity } from './shard-activity';
import { ShardPipe } from './shard-pipe';
import { ShardTransfer } from './shard-transfer';
import { ServingGuard } from './serving-guard';
import { ShardTeller } from './shard-teller';
import { Traffic } from './traffic';

/** How often a primary looks after secondaries that fell behind, and clears old marks of deleted keys. */
const HOUSEKEEPING_MS = 500;
const ANNOUNCED_AT_ONCE = 64;
/** Marks of deleted keys are kept for so many later writes of the shard, so that a copy may pause for that long. */
const MARKS_KEPT_WRITES = 100_000;
const VERSION = '1.0.0';
const DATABASE_FILE = 'node.db';

export interface ReferenceNodeOptions {
  readonly dataDir: string;
  readonly host: string;
  /** 0 lets the system choose a free one. */
  readonly port: number;
  readonly managerUrl: string;
  /** Needed for the first start only. */
  readonly token: string | null;
  readonly name: string | null;
  readonly zone: string | null;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onProblem: (problem: unknown) => void;
  /** The manager does not know this node any more. */
  readonly onEnded: (problem: ManagerProblem) => void;
}

export interface RunningNode {
  readonly nodeId: string;
  readonly address: string;
  /** Commands under way stop at their safe point; what was acknowledged is on disk. */
  close(): Promise<void>;
}

/** Opens the folder, takes the port, enrols where that is still to be done, and serves. */
export async function startReferenceNode(options: ReferenceNodeOptions): Promise<Result<RunningNode, string>> {
  const { dataDir, clock, random, host } = options;
  mkdirSync(dataDir, { recursive: true });
  const opened = openNodeStore(join(dataDir, DATABASE_FILE));
  if (!opened.ok) return opened;
  const store = opened.value;
  const traffic = new Traffic();
  const listening = await NodeServer.listen({ host, port: options.port, traffic, onError: options.onProblem });
  if (!listening.ok) {
    store.close();
    return listening;
  }
  const server = listening.value;
  const address = `${host.includes(':') ? `[${host}]` : host}:${server.port}`;
  const agent = Agent.wake({ managerUrl: options.managerUrl, memory: fileMemory(join(dataDir, 'agent.json')), clock, random });
  const node: NodeDescription = { name: options.name ?? address, address, zone: options.zone, region: null, rack: null, host: hostname(), engine: { name: 'Reference node', version: VERSION } };
  const enrolled = await agent.enrol(options.token, node);
  if (!enrolled.ok) {
    await server.close();
    store.close();
    return err(`The manager did not enrol this node: ${enrolled.error.message}`);
  }
  const database = new ReferenceDatabase({ ...options, store, agent, identity: enrolled.value, address, traffic, connections: () => server.connections });
  server.serve({ nodeId: enrolled.value.nodeId, incarnation: () => agent.incarnation, keys: database.keys, peers: database.peerEndpoint });
  agent.run(database, node, options.onEnded);
  return ok({
    nodeId: enrolled.value.nodeId,
    address,
    async close() {
      await agent.close();
      await server.close();
      database.close();
    },
  });
}

interface DatabaseOptions extends ReferenceNodeOptions {
  readonly store: NodeStore;
  readonly identity: AgentIdentity;
  readonly agent: Pick<Agent, 'tellShards' | 'heardSentMonotonicMs'>;
  readonly address: string;
  readonly traffic: Traffic;
  readonly connections: () => Promise<number>;
}

class ReferenceDatabase implements ManagedDatabase {
  readonly keys: KeyEndpoint;
  readonly peerEndpoint: PeerEndpoint;
  readonly #store: NodeStore;
  readonly #peers: PeerClient;
  readonly #commands: NodeCommands;
  readonly #transfer: ShardTransfer;
  readonly #activity: ShardActivity;
  readonly #metrics: ProcessMetrics;
  readonly #pipes = new Map<number, ShardPipe>();
  readonly #teller: ShardTeller;
  readonly #guard: ServingGuard;
  readonly #bringingBack = new Set<string>();
  /** Epoch under which the secondaries of a shard were told of their primary. */
  readonly #announced = new Map<number, number>();
  #members: Members = { revision: 0, nodes: [], owners: null };
  #draining: boolean;
  #connections = 0;
  #housekeeping: Disposable;

  constructor(private readonly options: DatabaseOptions) {
    const { clock, dataDir, identity, traffic, address } = options;
    const path = join(dataDir, DATABASE_FILE);
    this.#store = options.store;
    this.#draining = this.#store.setting('draining') === 'true';
    this.#activity = new ShardActivity(clock);
    this.#metrics = new ProcessMetrics({ clock, dataFiles: [path, `${path}-wal`], networkBytes: () => traffic.bytes });
    const self = peerOf(identity, address);
    const store = this.#store;
    this.#peers = new PeerClient({ nodeId: identity.nodeId, peerKey: identity.peerKey, traffic });
    const peers = this.#peers;
    const { agent } = options;
    this.#teller = new ShardTeller({ held: (shardId) => { const record = store.shard(shardId); return record?.role === 'primary' ? this.#held(record) : null; }, tell: (shards) => agent.tellShards(shards) });
    this.#guard = new ServingGuard({ clock, store, peers, nodeId: identity.nodeId, ownerOf: (shardId) => this.#ownerOf(shardId)?.nodeId ?? null, heardSentMonotonicMs: () => agent.heardSentMonotonicMs });
    const pipeOf = (shardId: number) => this.#pipeOf(shardId, peers, self);
    this.peerEndpoint = new PeerEndpoint({ store, isDraining: () => this.#draining, keyHashOf: (nodeId) => this.#members.nodes.find((peer) => peer.nodeId === nodeId)?.keyHash ?? null, pipeOf });
    this.#transfer = new ShardTransfer({ store, peers, clock, self: () => self, pipeOf });
    this.keys = new KeyEndpoint({ shardOf: createKeyLookup(identity.enrolled.sharding), store, activity: this.#activity, clock, nodeId: identity.nodeId, guard: this.#guard, pipeOf, ownerOf: (shardId) => this.#ownerOf(shardId) });
    this.#commands = new NodeCommands({
      nodeId: identity.nodeId, store, transfer: this.#transfer, peerEndpoint: this.peerEndpoint, pipeOf,
      heldShard: (shardId) => { const record = store.shard(shardId); return record === null ? null : this.#held(record); },
      setDraining: async (draining) => {
        await store.commit((tx) => { tx.set('draining', String(draining)); });
        this.#draining = draining;
      },
    });
    this.#housekeeping = this.#keepHouse();
  }

  get draining(): boolean {
    return this.#draining;
  }

  metrics(): AgentMetrics {
    const { capacity, usage, machine } = this.#metrics.sample();
    const rates = this.#activity.totals();
    const latencyP99Ms = this.#activity.latencyP99Ms();
    const keyCount = this.#store.shards().reduce((sum, record) => sum + record.keyCount, 0);
    return {
      capacity, usage, machine,
      stats: {
        readsPerSecond: rates.readsPerSecond, writesPerSecond: rates.writesPerSecond, operationsPerSecond: rates.readsPerSecond + rates.writesPerSecond,
        connections: this.#connections, keyCount, ...(latencyP99Ms !== null && { latencyP99Ms }),
      },
    };
  }

  shards(): readonly HeldShard[] {
    return this.#store.shards().map((record) => this.#held(record));
  }

  execute(command: AgentCommand, context: CommandContext): Promise<Result<CommandOutcome, DriverFailure>> {
    return this.#commands.execute(command, context);
  }

  membersChanged(members: Members): void {
    this.#members = members;
  }

  close(): void {
    this.#housekeeping[Symbol.dispose]();
    this.#guard[Symbol.dispose]();
    this.#peers.close();
    this.#store.close();
  }

  #held(record: ShardRecord): HeldShard {
    const rates = this.#activity.ratesOf(record.shardId);
    const totals = this.#activity.totals();
    const operations = totals.readsPerSecond + totals.writesPerSecond;
    const share = operations === 0 ? 0 : (rates.readsPerSecond + rates.writesPerSecond) / operations;
    return {
      shardId: record.shardId, role: record.role, epoch: record.epoch, version: record.version,
      keyCount: record.keyCount, sizeBytes: record.sizeBytes, ...rates,
      // The process is measured, its shards are not: each is given its part of the requests.
      cpuCores: (this.#metrics.sample().usage['cpu'] ?? 0) * share,
      secondaries: record.secondaries.map(({ peer }) => peer.nodeId),
      inSync: record.secondaries.filter(({ inSync }) => inSync).map(({ peer }) => peer.nodeId),
      peerNodeId: peerOfRecord(record)?.nodeId ?? null,
      sealed: record.handover !== null,
      syncGeneration: record.syncGeneration,
    };
  }

  #pipeOf(shardId: number, peers: PeerClient, self: Peer): ShardPipe {
    let pipe = this.#pipes.get(shardId);
    if (pipe === undefined) {
      pipe = new ShardPipe({ shardId, store: this.#store, peers, self: () => self, confirm: (id) => this.#teller.tell(id) });
      this.#pipes.set(shardId, pipe);
    }
    return pipe;
  }

  #ownerOf(shardId: number): Peer | null {
    return this.#members.nodes[this.#members.owners?.[shardId] ?? -1] ?? null;
  }

  #keepHouse(): Disposable {
    const { clock } = this.options;
    let timer: Disposable | null = null;
    const arm = () => {
      timer = clock.after(HOUSEKEEPING_MS, () => {
        this.#lookAfterSecondaries();
        this.#announce();
        this.#clearMarks();
        void this.options.connections().then((count) => { this.#connections = count; });
        arm();
      });
    };
    arm();
    return { [Symbol.dispose]: () => { timer?.[Symbol.dispose](); } };
  }

  #lookAfterSecondaries(): void {
    for (const record of this.#store.shards()) {
      if (record.role !== 'primary' || record.handover !== null) continue;
      for (const { peer, inSync } of record.secondaries) {
        const key = `${record.shardId}/${peer.nodeId}`;
        if (inSync || this.#bringingBack.has(key)) continue;
        this.#bringingBack.add(key);
        this.#transfer.bringBack(record.shardId, peer).catch(this.options.onProblem).finally(() => this.#bringingBack.delete(key));
      }
    }
  }

  /** A change of the primary is told once; who does not hear it hears it with the first write, or after a while again. */
  #announce(): void {
    const changed = this.#store.shards().filter((record) => record.role === 'primary' && record.handover === null && record.secondaries.length > 0 && this.#announced.get(record.shardId) !== record.epoch);
    for (const record of changed.slice(0, ANNOUNCED_AT_ONCE)) {
      this.#announced.set(record.shardId, record.epoch);
      this.#transfer.announce(record.shardId).then((heard) => { if (!heard) this.#announced.delete(record.shardId); }).catch(this.options.onProblem);
    }
  }

  #clearMarks(): void {
    for (const record of this.#store.shards()) {
      const upTo = record.version - MARKS_KEPT_WRITES;
      if (record.role !== 'primary' || record.handover !== null || upTo < record.gcFloor + MARKS_KEPT_WRITES / 2 || record.secondaries.some(({ inSync }) => !inSync)) continue;
      this.#store.commit((tx) => {
        const now = tx.shard(record.shardId);
        if (now?.role !== 'primary') return;
        tx.purgeMarks(record.shardId, upTo);
        tx.save({ ...now, gcFloor: upTo });
      }).catch(this.options.onProblem);
    }
  }
}
