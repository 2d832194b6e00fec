import type { AgentView, OpenToken } from '@/lib/contract/agents';
import type { DriverFailure } from '@/lib/contract/operation';
import type { Refusal } from '@/lib/contract/plan';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import type { AgentHub } from './agent-hub';
import { createShards } from './create-shards';

type Refused = { readonly code: 'refused'; readonly refusals: readonly Refusal[] };
type Answer<T> = Promise<Result<T, Refused | { readonly code: 'unavailable'; readonly message: string }>>;

/** What an operator does with agents besides what every cluster has: the port AgentAdmin of lib/manager. */
export class HubAgentAdmin {
  constructor(private readonly options: { readonly hub: AgentHub; readonly clock: Clock; readonly nextKey: () => string }) {}

  async list(clusterId: string): Promise<readonly AgentView[] | null> {
    const cluster = this.options.hub.cluster(clusterId);
    if (cluster === null) return null;
    await cluster.ready();
    const nowMs = this.options.clock.monotonicMs();
    return cluster.everybody().map((session) => {
      const { nodeId, name, address, domain, engine, enrolledAtMs, acceptedAtMs, removedAtMs } = session.record;
      const { newest } = session;
      return {
        nodeId, name, address, zone: domain.zone, engine, enrolledAtMs, acceptedAtMs, removedAtMs,
        lastBeatAgeMs: newest === null ? null : nowMs - newest.receivedMonotonicMs, incarnation: newest?.beat.incarnation ?? 0, ignoredBeats: session.ignoredBeats,
      };
    });
  }

  async issueToken(clusterId: string, options: { readonly acceptByRule: boolean; readonly ttlMs?: number | undefined }): Answer<{ readonly tokenId: string; readonly token: string; readonly expiresAtMs: number }> {
    if (this.options.hub.cluster(clusterId) === null) return err(refusedBy('not-supported', 'The nodes of this cluster run no agents'));
    const issued = await this.options.hub.issueToken(clusterId, options);
    return issued === null ? err({ code: 'unavailable', message: 'The database did not take the token' }) : ok(issued);
  }

  openTokens(clusterId: string): Promise<readonly OpenToken[] | null> {
    return this.options.hub.openTokens(clusterId);
  }

  async revokeToken(clusterId: string, tokenId: string): Promise<Result<null, Refused | { readonly code: 'unavailable'; readonly message: string } | { readonly code: 'not-found'; readonly what: string; readonly id: string }>> {
    switch (await this.options.hub.revokeToken(clusterId, tokenId)) {
      case 'revoked': return ok(null);
      case 'used': return err(refusedBy('already-so', 'A node has used the token already: let that node leave instead'));
      case 'not-found': return err({ code: 'not-found', what: 'unused token', id: tokenId });
      case 'unavailable': return err({ code: 'unavailable', message: 'The database did not take it' });
    }
  }

  async createShards(clusterId: string, { epoch }: { readonly epoch: number }): Answer<{ readonly shardsCreated: number }> {
    const cluster = this.options.hub.cluster(clusterId);
    if (cluster === null) return err(refusedBy('not-supported', 'The nodes of this cluster run no agents'));
    await cluster.ready();
    const created = await createShards(cluster, { epoch, nextKey: this.options.nextKey, signal: new AbortController().signal });
    return created.ok ? created : err(refusedBy(codeOf(created.error), created.error.message));
  }
}

function codeOf(failure: DriverFailure): Refusal['constraint'] {
  if (failure.code === 'not-empty') return 'already-so';
  return failure.code === 'node-down' || failure.code === 'timeout' ? 'unreachable' : 'engine-refused';
}

function refusedBy(constraint: Refusal['constraint'], message: string): Refused {
  return { code: 'refused', refusals: [{ constraint, message: message.slice(0, 500), nodeId: null, shardId: null, numbers: {}, count: 1 }] };
}
