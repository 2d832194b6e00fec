import { AGENT_LIMITS, AGENT_PROTOCOL_VERSION, type AgentProblemCode, type EnrolAnswer, type EnrolRequest } from '@/lib/contract/agent-protocol';
import type { OpenToken } from '@/lib/contract/agents';
import type { HttpAgentConnection } from '@/lib/contract/connection';
import type { AgentRecord } from '@/lib/contract/storage';
import type { Clock } from '@/lib/platform/clock';
import type { NextId } from '@/lib/platform/ids';
import { err, ok, type Result } from '@/lib/platform/result';
import { AgentCluster, type AgentRegistry } from './agent-cluster';
import type { AgentSession } from './agent-session';
import { hashOf, matchesHash, newSecret, tokenIdOf } from './secrets';

const TOKEN_TTL_MS_DEFAULT = 3_600_000;

export interface AgentHubOptions {
  readonly registry: AgentRegistry;
  readonly clock: Clock;
  readonly nextId: NextId;
  readonly random: () => number;
  readonly onEnrolled: (agent: AgentRecord) => void;
}

export interface AgentProblem {
  readonly code: AgentProblemCode;
  readonly detail: string;
}

/** All agents of this server: the door through which they enrol, beat and report. Drivers of agent clusters share it. */
export class AgentHub {
  readonly #clusters = new Map<string, { readonly cluster: AgentCluster; users: number }>();
  #enrolments = { secondMs: 0, count: 0 };

  constructor(private readonly options: AgentHubOptions) {}

  /** The agents of a cluster, for one more driver; call `close` for each `open`. */
  open(clusterId: string, connection: HttpAgentConnection): AgentCluster {
    const opened = this.#clusters.get(clusterId) ?? { cluster: new AgentCluster({ clusterId, connection, ...this.options }), users: 0 };
    opened.users += 1;
    this.#clusters.set(clusterId, opened);
    return opened.cluster;
  }

  cluster(clusterId: string): AgentCluster | null {
    return this.#clusters.get(clusterId)?.cluster ?? null;
  }

  close(cluster: AgentCluster): void {
    const opened = this.#clusters.get(cluster.clusterId);
    if (opened?.cluster !== cluster) return;
    opened.users -= 1;
    if (opened.users > 0) return;
    this.#clusters.delete(cluster.clusterId);
    cluster.end();
  }

  /** A permission to enrol one node, told once; only its hash is kept. Null when the cluster is not one of agents, or the store did not take it. */
  async issueToken(clusterId: string, options: { readonly acceptByRule: boolean; readonly ttlMs?: number | undefined }): Promise<{ readonly tokenId: string; readonly token: string; readonly expiresAtMs: number } | null> {
    if (!this.#clusters.has(clusterId)) return null;
    const token = newSecret('token');
    const createdAtMs = Math.round(this.options.clock.wallMs());
    const expiresAtMs = createdAtMs + (options.ttlMs ?? TOKEN_TTL_MS_DEFAULT);
    const committed = await this.options.registry.commit([{
      kind: 'insert-enrolment-token',
      token: { tokenHash: hashOf(token), clusterId, acceptByRule: options.acceptByRule, createdAtMs, expiresAtMs, usedByNodeId: null },
    }]);
    return committed.ok ? { tokenId: tokenIdOf(hashOf(token)), token, expiresAtMs } : null;
  }

  /** Permissions that nobody has used, newest first; null when the cluster is not one of agents. */
  async openTokens(clusterId: string): Promise<readonly OpenToken[] | null> {
    if (!this.#clusters.has(clusterId)) return null;
    const nowMs = this.options.clock.wallMs();
    return (await this.options.registry.unusedEnrolmentTokens(clusterId)).map(({ tokenHash, acceptByRule, createdAtMs, expiresAtMs }) => ({
      tokenId: tokenIdOf(tokenHash), acceptByRule, createdAtMs, expiresAtMs, expired: expiresAtMs <= nowMs,
    }));
  }

  /** Takes an unused permission back. @returns what came of it */
  async revokeToken(clusterId: string, tokenId: string): Promise<'revoked' | 'not-found' | 'used' | 'unavailable'> {
    const token = (await this.options.registry.unusedEnrolmentTokens(clusterId)).find(({ tokenHash }) => tokenIdOf(tokenHash) === tokenId);
    if (token === undefined) return 'not-found';
    const committed = await this.options.registry.commit([{ kind: 'delete-enrolment-token', clusterId, tokenHash: token.tokenHash }]);
    if (committed.ok) return 'revoked';
    return committed.error.code === 'unavailable' ? 'unavailable' : committed.error.code === 'conflict' ? 'used' : 'not-found';
  }

  async enrol(request: EnrolRequest): Promise<Result<EnrolAnswer, AgentProblem>> {
    if (request.protocolVersion !== AGENT_PROTOCOL_VERSION) return err({ code: 'unsupported-version', detail: `This manager speaks version ${AGENT_PROTOCOL_VERSION} of the protocol` });
    if (!this.#permitsEnrolment()) return err({ code: 'too-many-requests', detail: `At most ${AGENT_LIMITS.enrolmentsPerSecondMax} enrolments a second` });
    const tokenHash = hashOf(request.token);
    const token = await this.options.registry.enrolmentToken(tokenHash);
    const cluster = token === null ? undefined : this.#clusters.get(token.clusterId)?.cluster;
    // Whether it never was, was used or has expired is for the operator to see, not for whoever tries tokens.
    const refused = err({ code: 'bad-token' as const, detail: 'The token is unknown, was used already or has expired' });
    if (token === null || cluster === undefined) return refused;
    await cluster.ready();
    const credential = newSecret('credential');
    const nowMs = Math.round(this.options.clock.wallMs());
    const agent: AgentRecord = {
      nodeId: this.options.nextId('node'), clusterId: cluster.clusterId, name: request.name, address: request.address,
      domain: { region: request.region, zone: request.zone, rack: request.rack, host: request.host },
      engine: request.engine, credentialHash: hashOf(credential), peerKeyHash: request.peerKeyHash,
      enrolledAtMs: nowMs, acceptedAtMs: token.acceptByRule ? nowMs : null, removedAtMs: null,
    };
    const committed = await this.options.registry.commit([{ kind: 'enrol-agent', tokenHash, agent }]);
    if (!committed.ok) return committed.error.code === 'unavailable' ? err({ code: 'unavailable', detail: 'The database did not take it; try again' }) : refused;
    cluster.admit(agent);
    this.options.onEnrolled(agent);
    const { sharding, replicationFactor } = cluster.connection;
    return ok({ nodeId: agent.nodeId, clusterId: cluster.clusterId, credential, accepted: token.acceptByRule, sharding, replicationFactor, beatIntervalMs: AGENT_LIMITS.beatIntervalMs });
  }

  /** The session of a node that proves who it is. */
  async authenticate(nodeId: string, credential: string | null): Promise<Result<{ readonly session: AgentSession; readonly cluster: AgentCluster }, AgentProblem>> {
    for (const { cluster } of this.#clusters.values()) {
      await cluster.ready();
      const session = cluster.session(nodeId);
      if (session === null) continue;
      if (credential === null || !matchesHash(credential, session.record.credentialHash)) return err({ code: 'bad-credential', detail: 'This is not the credential of that node' });
      if (session.record.removedAtMs !== null) return err({ code: 'removed', detail: 'This node has left the cluster; to come back it enrols anew, with an empty folder' });
      return ok({ session, cluster });
    }
    return err({ code: 'not-found', detail: 'No cluster of this manager has a node of that id' });
  }

  #permitsEnrolment(): boolean {
    const secondMs = Math.floor(this.options.clock.monotonicMs() / 1_000);
    if (secondMs !== this.#enrolments.secondMs) this.#enrolments = { secondMs, count: 0 };
    this.#enrolments.count += 1;
    return this.#enrolments.count <= AGENT_LIMITS.enrolmentsPerSecondMax;
  }
}
