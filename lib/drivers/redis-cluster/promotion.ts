import type { RedisConnection } from '@/lib/contract/connection';
import type { DriverFailure } from '@/lib/contract/operation';
import type { DriverStep, StepOutcome } from '@/lib/drivers/driver';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import type { ClusterReader, ClusterReading } from './cluster-reader';
import type { Connections } from './connections';
import { driverFailure, failureOf } from './failures';
import type { NodeReading } from './node-reading';
import { quantityOf } from './replies';
import { isPrimary, nameOf, type ClusterNodeLine } from './topology';
import { everybodySees, untilReading } from './until-reading';

/** The leader stops its clients until the follower has everything: seconds at most, else the engine gives up by itself. */
const PROMOTED_MS_MAX = 30_000;
/** A follower further behind would keep the leader's clients waiting for too long. */
const LAG_BYTES_MAX = 8 * 1024 * 1024;

type Promote = Extract<DriverStep, { kind: 'promote-follower' }>;

/**
 * The planned change of roles: CLUSTER FAILOVER, without FORCE or TAKEOVER, on a follower
 * in sync. The leader stops taking writes, the follower catches up and is voted in;
 * nothing is lost. What was the leader follows its own follower afterwards.
 */
export class Promotion {
  readonly #connection: RedisConnection;
  readonly #connections: Connections;
  readonly #reader: ClusterReader;
  readonly #clock: Clock;

  constructor(options: { connection: RedisConnection; connections: Connections; reader: ClusterReader; clock: Clock }) {
    this.#connection = options.connection;
    this.#connections = options.connections;
    this.#reader = options.reader;
    this.#clock = options.clock;
  }

  async promote(step: Promote, signal: AbortSignal): Promise<Result<StepOutcome, DriverFailure>> {
    const read = await this.#reader.read(signal);
    if (!read.ok) return read;
    const reading = read.value;
    const line = reading.lines.get(step.nodeId);
    if (line === undefined) return err(failureOf('topology-changed', `Node ${step.nodeId.slice(0, 40)} is no member of the cluster`));
    // Done by an earlier try: it follows the one that took over.
    if (!isPrimary(line) && line.leaderId !== null && (step.followerId === null || step.followerId === line.leaderId)) return ok({ bytes: 0, keyCount: 0, nodeId: line.leaderId });
    const chosen = isPrimary(line) ? chooseFollower(line, reading, step.followerId) : err(failureOf('topology-changed', `${nameOf(line)} is a follower already`));
    if (!chosen.ok) return chosen;
    const { id } = chosen.value.view.self;
    const client = this.#connections.client(chosen.value.endpoint, 'control');
    const reply = await client.call(['CLUSTER', 'FAILOVER'], { timeoutMs: this.#connection.commandTimeoutMs });
    if (!reply.ok) return err(driverFailure(reply.error, `${client.address}: CLUSTER FAILOVER`));
    const changed = await untilReading({
      reader: this.#reader, clock: this.#clock, signal, limitMs: PROMOTED_MS_MAX, what: `${client.address} has taken over from ${nameOf(line)}`,
      isSo: (now) => everybodySees(now, id, isPrimary) && everybodySees(now, step.nodeId, (old) => old.leaderId === id),
    });
    return changed.ok ? ok({ bytes: 0, keyCount: 0, nodeId: id }) : changed;
  }
}

function chooseFollower(leader: ClusterNodeLine, reading: ClusterReading, wanted: string | null): Result<NodeReading, DriverFailure> {
  const answer = reading.answers.get(leader.id);
  if (answer === undefined) return err(failureOf('node-down', `${nameOf(leader)} does not answer: only a leader that is alive hands over without loss`, true));
  const open = answer.view.self.migrating.size + answer.view.self.importing.size;
  if (open > 0) return err(failureOf('topology-changed', `${nameOf(leader)} has ${open} slots open, and a change of roles would lose their flags: end their moves first`, true));
  const followers = [...reading.answers.values()].filter(({ view }) => view.self.leaderId === leader.id && (wanted === null || view.self.id === wanted));
  if (followers.length === 0) return err(failureOf('refused-by-engine', `${nameOf(leader)} has no follower${wanted === null ? '' : ` ${wanted.slice(0, 12)}`} that answers`));
  const written = quantityOf(answer.info, 'master_repl_offset') ?? 0;
  const ranked = followers.map((follower) => ({
    follower,
    isLinked: follower.info.get('master_link_status') === 'up' && !reading.reportedFailed.has(follower.view.self.id),
    lagBytes: Math.max(0, written - (quantityOf(follower.info, 'slave_repl_offset') ?? 0)),
  })).sort((a, b) => Number(b.isLinked) - Number(a.isLinked) || a.lagBytes - b.lagBytes);
  const best = ranked[0]!;
  if (!best.isLinked) return err(failureOf('refused-by-engine', `No follower of ${nameOf(leader)} has a working link to it (${followers.length} asked)`, true));
  if (best.lagBytes > LAG_BYTES_MAX) return err(failureOf('refused-by-engine', `The best follower of ${nameOf(leader)} is ${best.lagBytes} bytes behind, more than ${LAG_BYTES_MAX}`, true));
  return ok(best.follower);
}
