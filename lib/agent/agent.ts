/**
 * The agent beside a database: enrols once, beats, takes commands and reports. With it,
 * a database becomes manageable by implementing `ManagedDatabase`; docs/agent-protocol.md
 * shows how, and what to say on the wire in another language.
 */
import { createHash, randomBytes } from 'node:crypto';
import { AGENT_LIMITS, AGENT_PROTOCOL_VERSION, type EnrolRequest, type Heartbeat, type HeartbeatAnswer, type HeldShard, type Peer, type Results, type ResultsAnswer } from '@/lib/contract/agent-protocol';
import { sleep, type Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import type { AgentMemory, Enrolled, Remembered } from './agent-memory';
import { CommandRunner } from './command-runner';
import type { ManagedDatabase } from './managed-database';
import { ManagerClient, type ManagerProblem } from './manager-client';

/** A beat waits for its answer this much longer than the manager holds it. */
const ANSWER_TIMEOUT_MS = 3 * AGENT_LIMITS.beatIntervalMs;
/** After a beat that nothing came of, from the first to the last wait. */
const RETRY_MS_FIRST = 100;
const RETRY_MS_MAX = AGENT_LIMITS.beatIntervalMs;
/** The manager paces beats by holding them; one that answers at once without need must not be called in a loop. */
const GAP_MS_MIN = 5;
/** These end the agent: no later beat would be taken either. */
const FINAL_PROBLEMS: readonly string[] = ['bad-credential', 'removed', 'superseded'];

export interface AgentIdentity {
  readonly nodeId: string;
  readonly incarnation: number;
  readonly peerKey: string;
  readonly enrolled: Enrolled;
}

export interface AgentOptions {
  readonly managerUrl: string;
  readonly memory: AgentMemory;
  readonly clock: Clock;
  readonly random: () => number;
}

export type NodeDescription = Pick<EnrolRequest, 'name' | 'address' | 'zone' | 'region' | 'rack' | 'host' | 'engine'>;

export class Agent {
  readonly #client: ManagerClient;
  readonly #stopping = new AbortController();
  #remembered: Remembered;
  #sequence = 0;
  #answers = 0;
  #asked = false;
  #membersRevision = 0;
  #heardSentMonotonicMs = -Infinity;
  #loop: Promise<void> = Promise.resolve();
  #runner: CommandRunner | null = null;

  private constructor(private readonly options: AgentOptions, remembered: Remembered) {
    this.#client = new ManagerClient(options.managerUrl);
    this.#remembered = remembered;
  }

  /** One more start of this node: the incarnation is on disk before anything is said under it. */
  static wake(options: AgentOptions): Agent {
    const before = options.memory.load() ?? { peerKey: randomBytes(32).toString('base64url'), incarnation: 0, epoch: 0, enrolled: null };
    const remembered = { ...before, incarnation: before.incarnation + 1 };
    options.memory.save(remembered);
    return new Agent(options, remembered);
  }

  /** The node's place in the cluster: as remembered, or by `token`, which can be used once. */
  async enrol(token: string | null, node: NodeDescription): Promise<Result<AgentIdentity, ManagerProblem>> {
    if (this.#remembered.enrolled === null) {
      if (token === null) return err({ code: 'bad-token', message: 'This node has not been enrolled yet and was given no token' });
      const { peerKey } = this.#remembered;
      const answer = await this.#client.enrol({ protocolVersion: AGENT_PROTOCOL_VERSION, token, ...node, peerKeyHash: hashOf(peerKey) }, this.#stopping.signal);
      if (!answer.ok) return answer;
      const { nodeId, clusterId, credential, sharding, replicationFactor } = answer.value;
      this.#remember({ enrolled: { nodeId, clusterId, credential, sharding, replicationFactor } });
    }
    const { enrolled, incarnation, peerKey } = this.#remembered;
    if (enrolled === null) throw new Error('Enrolled just now');
    return ok({ nodeId: enrolled.nodeId, incarnation, peerKey, enrolled });
  }

  /** Beats until `close`, or until the manager says that this node is no longer one of its; then `onEnded` is told why. */
  run(database: ManagedDatabase, node: NodeDescription, onEnded: (problem: ManagerProblem) => void): void {
    const { enrolled, epoch } = this.#remembered;
    if (enrolled === null) throw new Error('Enrol before beating');
    const { nodeId } = enrolled;
    const runner = new CommandRunner({
      database, clock: this.options.clock, epoch,
      saveEpoch: (highest) => this.#remember({ epoch: highest }),
      send: (results) => this.#report({ nodeId, results, shards: [] }),
    });
    this.#runner = runner;
    this.#loop = this.#beat({ database, node, runner, enrolled }).then((ended) => { if (ended !== null) onEnded(ended); });
  }

  /** Grows with each start, and when the manager had taken this node for dead. */
  get incarnation(): number {
    return this.#remembered.incarnation;
  }

  /** When the newest beat that was answered, and did not ask for a new incarnation, was sent. */
  get heardSentMonotonicMs(): number {
    return this.#heardSentMonotonicMs;
  }

  /**
   * Tells the manager at once what changed about shards that this node is the primary of. True when
   * it knows: only then may a write be acknowledged that a secondary which fell behind does not have.
   */
  async tellShards(shards: readonly HeldShard[]): Promise<boolean> {
    const { enrolled } = this.#remembered;
    if (enrolled === null) return false;
    const taken = await this.#report({ nodeId: enrolled.nodeId, results: [], shards: [...shards] });
    return taken.ok;
  }

  async close(): Promise<void> {
    await this.#runner?.close();
    this.#stopping.abort(new Error('The agent is closing'));
    await this.#loop;
    this.#client.close();
  }

  async #beat(parts: BeatParts): Promise<ManagerProblem | null> {
    const { clock, random } = this.options;
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted) {
      const sentAtMs = clock.monotonicMs();
      const beat = this.#heartbeat(parts);
      const answer = await this.#client.heartbeat(beat, { credential: parts.enrolled.credential, timeoutMs: ANSWER_TIMEOUT_MS, signal });
      if (this.#isStopping()) return null;
      let restMs: number;
      if (answer.ok) {
        failures = 0;
        parts.runner.acknowledged(beat.received);
        this.#take(answer.value, parts);
        if (!answer.value.renew) this.#heardSentMonotonicMs = sentAtMs;
        const awaited = answer.value.ask !== null || answer.value.commands.length > 0 || answer.value.members !== null || answer.value.epoch > beat.epoch || answer.value.renew;
        restMs = awaited ? GAP_MS_MIN : Math.max(GAP_MS_MIN, sentAtMs + AGENT_LIMITS.beatIntervalMs / 4 - clock.monotonicMs());
      } else if (FINAL_PROBLEMS.includes(answer.error.code)) return answer.error;
      else {
        restMs = Math.min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** failures) * (0.5 + random());
        failures += 1;
      }
      await sleep(clock, restMs, signal).catch(() => undefined);
    }
    return null;
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  #heartbeat({ database, node, runner, enrolled }: BeatParts): Heartbeat {
    this.#sequence += 1;
    const held = database.shards();
    return {
      nodeId: enrolled.nodeId, incarnation: this.#remembered.incarnation, sequence: this.#sequence, epoch: runner.epoch,
      address: node.address, version: node.engine.version, draining: database.draining,
      answers: this.#answers, received: runner.received(), membersRevision: this.#membersRevision,
      metrics: database.metrics(),
      shards: { count: held.length, held: this.#asked ? [...held] : null },
    };
  }

  #take(answer: HeartbeatAnswer, { database, runner }: BeatParts): void {
    this.#asked = answer.ask?.shards ?? false;
    if (answer.ask !== null) this.#answers = answer.ask.number;
    if (answer.members !== null) {
      this.#membersRevision = answer.members.revision;
      database.membersChanged(answer.members);
    }
    if (answer.renew) {
      this.#remember({ incarnation: this.#remembered.incarnation + 1 });
      this.#sequence = 0;
    }
    runner.raiseEpoch(answer.epoch);
    runner.accept(answer.commands);
  }

  #report(results: Omit<Results, 'incarnation'>): Promise<Result<ResultsAnswer, ManagerProblem>> {
    const { enrolled, incarnation } = this.#remembered;
    return this.#client.report({ ...results, incarnation }, { credential: enrolled?.credential ?? '', signal: this.#stopping.signal });
  }

  #remember(change: Partial<Remembered>): void {
    this.#remembered = { ...this.#remembered, ...change };
    this.options.memory.save(this.#remembered);
  }
}

interface BeatParts {
  readonly database: ManagedDatabase;
  readonly node: NodeDescription;
  readonly runner: CommandRunner;
  readonly enrolled: Enrolled;
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** How this node shows up at others. */
export function peerOf(identity: AgentIdentity, address: string): Peer {
  return { nodeId: identity.nodeId, address, keyHash: hashOf(identity.peerKey) };
}
