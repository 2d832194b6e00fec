import { AGENT_LIMITS, type HeldShard } from '@/lib/contract/agent-protocol';
import { shardCountOf } from '@/lib/contract/sharding';
import type { EngineWarning, NodeObservation, Observation } from '@/lib/contract/observation';
import { UNKNOWN_STATS } from '@/lib/contract/node';
import { UNKNOWN_RESOURCES } from '@/lib/contract/resources';
import type { DriverFailure } from '@/lib/contract/operation';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import type { AgentCluster } from './agent-cluster';
import type { AgentSession, ReceivedBeat } from './agent-session';
import { labelsOfMachine, metricsOfBeat } from './beat-metrics';
import { failureOf, INTERRUPTED } from './failures';
import type { ShardView } from './shard-view';
import { trustedShards } from './trusted-shards';

/** A node that holds no poll and is overdue is waited for this long only. */
const ABSENT_WAIT_MS = 200;
/** After the start of the manager its agents need a moment to find it again. */
const FIRST_WAIT_MS = 4_000;
const STRANGER_SILENT_MS_MAX = 60_000;

export interface HeldReport {
  readonly session: AgentSession;
  readonly held: readonly HeldShard[];
}

/** Asks every agent for a beat, side by side, and makes a reading of what they say. */
export class Reader {
  readonly #beganMs: number;

  constructor(private readonly options: { readonly cluster: AgentCluster; readonly view: ShardView; readonly clock: Clock; /** A node that was taken for dead was heard. */ readonly onReturned: (session: AgentSession) => void; /** What the nodes hold was read, and is in the view. */ readonly onHeld: (reports: readonly HeldReport[]) => void }) {
    this.#beganMs = options.clock.monotonicMs();
  }

  async read(detail: 'nodes' | 'full', signal: AbortSignal): Promise<Result<Observation, DriverFailure>> {
    const { cluster, view, clock } = this.options;
    const sessions = cluster.sessions().filter((session) => this.#isSeen(session));
    const answers = await Promise.all(sessions.map(async (session) => {
      const askedMs = clock.monotonicMs();
      const received = await session.ask({ shards: detail === 'full', timeoutMs: this.#patienceMs(session), signal });
      return { session, received, answerMs: clock.monotonicMs() - askedMs };
    }));
    if (signal.aborted) return err(INTERRUPTED);
    if (sessions.some((session) => session.isMember) && !answers.some(({ received }) => received !== null)) {
      return err(failureOf('node-down', `None of ${sessions.length} agents answered`, true));
    }
    const reports = answers.flatMap(({ session, received }) => (received?.beat.shards.held != null ? [{ session, nodeId: session.record.nodeId, held: trustedShards(session.record, received.beat.shards.held) }] : []));
    view.update(reports, sessions.map((session) => session.record.nodeId));
    if (detail === 'full') this.options.onHeld(reports);
    cluster.ownersChanged(view.owners());
    for (const { session, received } of answers) if (received !== null && session.record.fence != null) this.options.onReturned(session);
    const warnings: EngineWarning[] = [];
    const nodes = answers.map(({ session, received, answerMs }) => nodeOf(session, received, answerMs, warnings));
    const { replicationFactor, sharding } = cluster.connection;
    const engine = sessions[0]?.record.engine;
    return ok({
      nodes,
      shards: detail === 'full' ? view.table() : null,
      engine: {
        name: engine?.name ?? 'Agents', version: engine?.version ?? null,
        serving: view.shardsPlaced === 0 && sessions.length > 0 ? false : null,
        replicationFactor,
        settings: { sharding: sharding.method, shardCount: String(shardCountOf(sharding)) },
      },
      warnings: [...warnings, ...this.#emptyWarnings(sessions)].slice(0, 1_000),
    });
  }

  /** Who was enrolled and waits to be accepted is shown while it beats; one that never did, or gave up, is in the list of agents only. */
  #isSeen(session: AgentSession): boolean {
    return session.isMember || (session.newest !== null && this.options.clock.monotonicMs() - session.newest.receivedMonotonicMs < STRANGER_SILENT_MS_MAX);
  }

  #patienceMs(session: AgentSession): number {
    const { answerTimeoutMs } = this.options.cluster.connection;
    if (session.newest === null) return Math.max(answerTimeoutMs, FIRST_WAIT_MS - (this.options.clock.monotonicMs() - this.#beganMs));
    return session.isNear ? answerTimeoutMs : Math.min(ABSENT_WAIT_MS, answerTimeoutMs);
  }

  #emptyWarnings(sessions: readonly AgentSession[]): EngineWarning[] {
    const members = sessions.filter((session) => session.isMember).length;
    if (this.options.view.shardsPlaced > 0 || members === 0) return [];
    return [{
      code: 'slots-uncovered', nodeId: null, shardId: null,
      message: `No shard has been made yet; ${members} ${members === 1 ? 'node waits' : 'nodes wait'} for them`,
      remedy: 'POST /api/v1/clusters/{clusterId}/agents/create-shards',
    }];
  }
}

function nodeOf(session: AgentSession, received: ReceivedBeat | null, answerMs: number, warnings: EngineWarning[]): NodeObservation {
  const { record } = session;
  const last = session.newest?.beat ?? null;
  const identity = {
    id: record.nodeId, name: record.name, address: record.address, domain: record.domain, pool: 'default', followerOf: null,
    reportedFailed: false, member: session.isMember, incarnation: last?.incarnation ?? 0, sequence: last?.sequence ?? 0,
    version: last?.version ?? record.engine.version,
    // Also a beat that came too late for this reading, or between two, says that the node lives.
    pushed: { intervalMs: AGENT_LIMITS.beatIntervalMs, beats: session.takeHeard() },
  };
  if (received === null) {
    warnings.push({ code: 'node-did-not-answer', message: `${record.name} gave no beat in time`, nodeId: record.nodeId, shardId: null, remedy: null });
    return { ...identity, answered: false, answerMs: null, capacity: UNKNOWN_RESOURCES, usage: UNKNOWN_RESOURCES, stats: UNKNOWN_STATS, labels: {} };
  }
  const { beat } = received;
  const { capacity, usage, stats, rejected } = metricsOfBeat(beat);
  return {
    ...identity, answered: true, answerMs, incarnation: beat.incarnation, sequence: beat.sequence, capacity, usage, stats,
    ...(rejected.length > 0 && { rejected: [...rejected] }),
    labels: { ...labelsOfMachine(beat.metrics.machine), ...(beat.draining && { draining: 'true' }), ...(session.ignoredBeats > 0 && { ignoredBeats: String(session.ignoredBeats) }) },
  };
}
