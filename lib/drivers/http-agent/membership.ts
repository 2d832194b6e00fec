import type { DriverFailure } from '@/lib/contract/operation';
import type { StepOutcome } from '@/lib/drivers/driver';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import type { AgentCluster } from './agent-cluster';
import type { AgentSession } from './agent-session';
import { failureOf, INTERRUPTED } from './failures';
import type { ShardView } from './shard-view';

const DONE = { bytes: 0, keyCount: 0, nodeId: null } as const;
const REPORT_TIMEOUT_MS = 3_000;

type Answer = Result<StepOutcome, DriverFailure>;

/** How agents become members and cease to be. Enrolling is theirs; being accepted and let go is the manager's. */
export class Membership {
  constructor(private readonly options: { readonly cluster: AgentCluster; readonly view: ShardView; readonly clock: Clock; readonly nextKey: () => string }) {}

  /** Accepts the agent that has enrolled from this address. */
  async add(step: { readonly address: string | null; readonly followerOf: string | null }): Promise<Answer> {
    const { cluster, clock } = this.options;
    if (step.followerOf !== null) return err(failureOf('not-supported', 'Agents place every copy on its own: a node follows nobody'));
    if (step.address === null) return err(failureOf('not-supported', 'The address of an enrolled agent is needed'));
    const session = cluster.sessions().find(({ record }) => record.address === step.address);
    if (session === undefined) return err(failureOf('topology-changed', `No agent has enrolled from ${step.address}: start it with a token of this cluster first`, true));
    const { record } = session;
    if (record.acceptedAtMs === null && !await cluster.change(record.nodeId, (now) => ({ ...now, acceptedAtMs: Math.round(clock.wallMs()) }))) return err(notStored());
    return ok({ ...DONE, nodeId: record.nodeId });
  }

  /** Reads from the node itself whether it holds anything. */
  async verifyEmpty(nodeId: string, signal: AbortSignal): Promise<Answer> {
    const session = this.#session(nodeId);
    return session === null ? err(failureOf('topology-changed', `There is no node ${nodeId.slice(0, 40)}`)) : await verify(session, signal);
  }

  /**
   * Lets an empty node go: its credential is refused from now on. It is told to take no new
   * shards first, so that nothing comes in between its word that it is empty and its leaving;
   * one that does not leave takes them again.
   */
  async remove(nodeId: string, signal: AbortSignal): Promise<Answer> {
    const { cluster, clock, view } = this.options;
    const session = cluster.session(nodeId);
    if (session === null) return err(failureOf('topology-changed', `There is no node ${nodeId.slice(0, 40)}`));
    if (session.record.removedAtMs !== null) return ok(DONE);
    const closed = await this.#drain(session, { draining: true, signal });
    if (!closed.ok) return closed;
    const verified = await verify(session, signal);
    const left = verified.ok && !await cluster.change(nodeId, (now) => ({ ...now, removedAtMs: Math.round(clock.wallMs()) })) ? err(notStored()) : verified;
    if (left.ok) view.forget(nodeId);
    else await this.#drain(session, { draining: false, signal });
    return left;
  }

  /** Lets a dead node go: nobody can ask it, so the others must not count on it any more. */
  async removeLost(nodeId: string): Promise<Answer> {
    const { cluster, clock, view } = this.options;
    const session = cluster.session(nodeId);
    if (session === null) return err(failureOf('topology-changed', `There is no node ${nodeId.slice(0, 40)}`));
    const { name, removedAtMs } = session.record;
    if (removedAtMs !== null) return ok(DONE);
    if (session.isNear) return err(failureOf('refused-by-engine', `${name} answers again: it is not removed as a dead node`));
    const held = view.countOf(nodeId);
    // As of the last reading: what was moved a moment ago is seen with the next one.
    if (held > 0) return err(failureOf('not-empty', `${held} shards still have ${name} among their copies`, true));
    if (!await cluster.change(nodeId, (now) => ({ ...now, removedAtMs: Math.round(clock.wallMs()) }))) return err(notStored());
    view.forget(nodeId);
    return ok(DONE);
  }

  /** A database that cannot close itself to new shards is let go without it: nobody orders any to a node that leaves. */
  async #drain(session: AgentSession, { draining, signal }: { readonly draining: boolean; readonly signal: AbortSignal }): Promise<Result<null, DriverFailure>> {
    const { cluster, nextKey } = this.options;
    const told = await session.call({ kind: 'drain', key: `membership/drain/${nextKey()}`, epoch: cluster.epoch, draining }, { signal });
    return told.ok || told.error.code === 'not-supported' ? ok(null) : told;
  }

  #session(nodeId: string): AgentSession | null {
    const session = this.options.cluster.session(nodeId);
    return session?.record.removedAtMs === null ? session : null;
  }
}

async function verify(session: AgentSession, signal: AbortSignal): Promise<Answer> {
  const received = await session.ask({ shards: true, timeoutMs: REPORT_TIMEOUT_MS, signal });
  if (signal.aborted) return err(INTERRUPTED);
  if (received === null) return err(failureOf('timeout', `${session.record.name} gave no list of its shards in time`, true));
  const held = received.beat.shards.held ?? [];
  if (held.length === 0) return ok(DONE);
  return err(failureOf('not-empty', `${session.record.name} still holds ${held.length} shards, shard ${held[0]!.shardId} as ${held[0]!.role}`));
}

function notStored(): DriverFailure {
  return failureOf('refused-by-engine', 'The database did not take the change of the membership', true);
}
