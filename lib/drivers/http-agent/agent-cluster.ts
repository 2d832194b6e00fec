import { AGENT_LIMITS, type HeldShard, type Members, type Peer } from '@/lib/contract/agent-protocol';
import type { HttpAgentConnection } from '@/lib/contract/connection';
import { shardCountOf } from '@/lib/contract/sharding';
import type { AgentRecord, ShardBehind, Store } from '@/lib/contract/storage';
import type { Clock } from '@/lib/platform/clock';
import { AgentSession } from './agent-session';
import { SyncBook, withBehind } from './sync-book';

/** Changes of the membership are gathered for so long per member, and no longer than the second. */
const GATHER_MS_PER_MEMBER = 5;
const GATHER_MS_MAX = 3_000;
/** Held answers that are let go in one turn when all are to be told, and the pause until the next: a thousand lists of a thousand at once would hold up every beat. */
const TOLD_AT_ONCE_MAX = 50;
const TOLD_PAUSE_MS = 20;

/** What other members are told of one. */
const MEMBER_FIELDS = ['address', 'peerKeyHash', 'acceptedAtMs', 'removedAtMs'] as const;

/** Where enrolments are kept. */
export type AgentRegistry = Pick<Store, 'agents' | 'enrolmentToken' | 'unusedEnrolmentTokens' | 'commit'>;

export interface AgentClusterOptions {
  readonly clusterId: string;
  readonly connection: HttpAgentConnection;
  readonly registry: AgentRegistry;
  readonly clock: Clock;
  readonly random: () => number;
}

/** The agents of one cluster: who is enrolled, who is a member, and what members are told of each other. */
export class AgentCluster {
  readonly #sessions = new Map<string, AgentSession>();
  /** Which secondaries have every acknowledged write. */
  readonly sync = new SyncBook();
  #members: Members = { revision: 1, nodes: [], owners: [] };
  #loading: Promise<void> | null = null;
  /** The newest change of each node's record. */
  readonly #changing = new Map<string, Promise<boolean>>();
  #epoch = 0;
  #toldMonotonicMs = -Infinity;
  #gathering: Disposable | null = null;
  #telling: Disposable | null = null;

  constructor(private readonly options: AgentClusterOptions) {}

  get clusterId(): string {
    return this.options.clusterId;
  }

  /** Of the manager that acts; 0 = none has yet. */
  get epoch(): number {
    return this.#epoch;
  }

  get connection(): HttpAgentConnection {
    return this.options.connection;
  }

  /** Reads who is enrolled, once; a failure of the store is tried again at the next call. */
  async ready(): Promise<void> {
    this.#loading ??= this.#load();
    try {
      await this.#loading;
    } catch (error) {
      this.#loading = null;
      throw error;
    }
  }

  session(nodeId: string): AgentSession | null {
    return this.#sessions.get(nodeId) ?? null;
  }

  /** Of all that are enrolled and have not left, in order of their ids. */
  sessions(): AgentSession[] {
    return [...this.#sessions.values()].filter(({ record }) => record.removedAtMs === null).sort((a, b) => (a.record.nodeId < b.record.nodeId ? -1 : 1));
  }

  /** Those that have left included. */
  everybody(): AgentSession[] {
    return [...this.#sessions.values()];
  }

  peerOf(nodeId: string): Peer | null {
    const session = this.#sessions.get(nodeId);
    return session?.isMember === true ? peerOfRecord(session.record) : null;
  }

  /** A manager acts with this authority. All nodes are told at once, so that none obeys the one before; false when it is outdated itself. */
  raiseEpoch(epoch: number): boolean {
    if (epoch <= this.#epoch) return epoch === this.#epoch;
    this.#epoch = epoch;
    for (const session of this.#sessions.values()) session.nudge();
    return true;
  }

  admit(record: AgentRecord): AgentSession {
    const { clock, random } = this.options;
    const session = new AgentSession(record, {
      clock, random, epoch: () => this.#epoch, members: (known) => (known === this.#members.revision ? null : this.#members),
      onShards: (held) => { this.sync.note(record.nodeId, held); },
    });
    this.#sessions.set(record.nodeId, session);
    this.#membershipChanged();
    return session;
  }

  /** Keeps who fell behind, of shards that this node told of; false when the store did not take it. */
  async saveBehind(session: AgentSession, held: readonly HeldShard[]): Promise<boolean> {
    const told = held.flatMap(({ role, shardId, epoch, secondaries, inSync }): ShardBehind[] => (role === 'primary' ? [{ shardId, epoch, nodeIds: secondaries.filter((nodeId) => !inSync.includes(nodeId)) }] : []));
    return await this.change(session.record.nodeId, (record) => { const behind = withBehind(record, told); return behind === null ? record : { ...record, behind }; });
  }

  /** Changes what is kept of a node, one change after the other; false when the store did not take it. */
  change(nodeId: string, change: (record: AgentRecord) => AgentRecord): Promise<boolean> {
    const changing = (this.#changing.get(nodeId) ?? Promise.resolve(true)).catch(() => false).then(async () => {
      const before = this.#sessions.get(nodeId)?.record;
      if (before === undefined) return false;
      const after = change(before);
      return after === before || await this.#save(after);
    });
    this.#changing.set(nodeId, changing);
    return changing;
  }

  async #save(record: AgentRecord): Promise<boolean> {
    const committed = await this.options.registry.commit([{ kind: 'save-agent', agent: record }]);
    const session = this.#sessions.get(record.nodeId);
    if (!committed.ok || session === undefined) return false;
    const isNews = MEMBER_FIELDS.some((field) => session.record[field] !== record[field]);
    session.record = record;
    if (isNews) this.#membershipChanged();
    if (record.removedAtMs !== null) session.end();
    return true;
  }

  /** Who owns which shard, by node id; nodes hear of it with their next answer. */
  ownersChanged(owners: readonly (string | null)[]): void {
    if (owners.length > AGENT_LIMITS.ownersMax) return;
    const indexOf = new Map(this.#members.nodes.map((peer, index) => [peer.nodeId, index]));
    const indexes = owners.map((nodeId) => (nodeId === null ? -1 : indexOf.get(nodeId) ?? -1));
    const before = this.#members.owners;
    if (before?.length === indexes.length && indexes.every((index, shardId) => index === before[shardId])) return;
    this.#members = { ...this.#members, revision: this.#members.revision + 1, owners: indexes };
  }

  end(): void {
    this.#gathering?.[Symbol.dispose]();
    this.#gathering = null;
    this.#telling?.[Symbol.dispose]();
    this.#telling = null;
    for (const session of this.#sessions.values()) session.end();
  }

  async #load(): Promise<void> {
    for (const record of await this.options.registry.agents(this.options.clusterId)) if (!this.#sessions.has(record.nodeId)) this.admit(record);
  }

  /**
   * Members must know each other's keys before they are told to talk, so the first change is said
   * at once. Of many that come together (a thousand nodes that enrol) each would be a list of all
   * to all: they are gathered, the longer the more members there are.
   */
  #membershipChanged(): void {
    const { clock } = this.options;
    const nowMs = clock.monotonicMs();
    const restMs = Math.min(GATHER_MS_MAX, this.#sessions.size * GATHER_MS_PER_MEMBER);
    if (nowMs - this.#toldMonotonicMs >= restMs) this.#tellMembers();
    else this.#gathering ??= clock.after(Math.max(0, this.#toldMonotonicMs + restMs - nowMs), () => { this.#tellMembers(); });
  }

  #tellMembers(): void {
    this.#gathering?.[Symbol.dispose]();
    this.#gathering = null;
    this.#toldMonotonicMs = this.options.clock.monotonicMs();
    const shardCount = shardCountOf(this.options.connection.sharding);
    const nodes = this.sessions().filter((session) => session.isMember).map((session) => peerOfRecord(session.record));
    const ownerIds = this.#members.owners?.map((index) => this.#members.nodes[index]?.nodeId) ?? [];
    const indexOf = new Map(nodes.map((peer, index) => [peer.nodeId, index]));
    const owners = shardCount > AGENT_LIMITS.ownersMax ? null : ownerIds.map((nodeId) => (nodeId === undefined ? -1 : indexOf.get(nodeId) ?? -1));
    this.#members = { revision: this.#members.revision + 1, nodes, owners };
    this.#letGo([...this.#sessions.values()]);
  }

  /** Lets held answers go, a few at a time. Whoever beats meanwhile is told without it. */
  #letGo(sessions: readonly AgentSession[]): void {
    this.#telling?.[Symbol.dispose]();
    this.#telling = null;
    for (const session of sessions.slice(0, TOLD_AT_ONCE_MAX)) session.nudge();
    const left = sessions.slice(TOLD_AT_ONCE_MAX);
    if (left.length > 0) this.#telling = this.options.clock.after(TOLD_PAUSE_MS, () => { this.#letGo(left); });
  }
}

function peerOfRecord({ nodeId, address, peerKeyHash }: AgentRecord): Peer {
  return { nodeId, address, keyHash: peerKeyHash };
}
