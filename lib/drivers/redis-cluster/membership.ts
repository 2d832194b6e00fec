import { lookup } from 'node:dns/promises';
import type { RedisConnection } from '@/lib/contract/connection';
import type { DriverFailure } from '@/lib/contract/operation';
import type { DriverStep, StepOutcome } from '@/lib/drivers/driver';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import type { ClusterReader, ClusterReading } from './cluster-reader';
import type { Connections } from './connections';
import { parseEndpoint, type Endpoint } from './endpoints';
import { driverFailure, failureOf, INTERRUPTED } from './failures';
import { forgetCluster, untilNobodyAsks } from './leaving';
import { keyCountOf } from './metrics';
import type { Command, NodeClient } from './node-client';
import { readNode, type NodeReading } from './node-reading';
import { isPrimary, nameOf, slotCountOf } from './topology';
import { everybodySees, untilReading } from './until-reading';

/** Gossip spreads a new member within a few seconds; a first copy to a follower may take longer. */
const AGREE_MS_MAX = 30_000;
const FIRST_SYNC_MS_MAX = 120_000;
/** Members that introduce a new node at once; the rest hear of it by gossip. */
const INTRODUCERS_MAX = 3;

type Outcome = Result<StepOutcome, DriverFailure>;
type AddNode = Extract<DriverStep, { kind: 'add-node' }>;

const DONE: StepOutcome = { bytes: 0, keyCount: 0, nodeId: null };

/** Lets nodes join and leave. Every step looks first, so that the same step again goes on from what is true. */
export class Membership {
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

  /** CLUSTER MEET, then waits until every node knows every node; CLUSTER REPLICATE for a follower. */
  async add(step: AddNode, signal: AbortSignal): Promise<Outcome> {
    const endpoint = step.address === null ? null : parseEndpoint(step.address);
    if (endpoint === null) return err(failureOf('not-supported', 'A node joins a Redis Cluster by the address (host:port) of its running, empty server'));
    const cluster = await this.#reader.read(signal);
    if (!cluster.ok) return cluster;
    const client = this.#connections.fresh(endpoint);
    try {
      const newcomer = await readNode({ client, endpoint, clock: this.#clock, timeoutMs: this.#connection.commandTimeoutMs, knownFacts: null });
      if (!newcomer.ok) return newcomer;
      const nodeId = newcomer.value.view.self.id;
      const refused = mayJoin(newcomer.value, cluster.value, step) ?? await this.#labelZone(client, step.zone);
      if (refused !== null) return err(refused);
      if (!cluster.value.lines.has(nodeId)) {
        const met = await this.#introduce(cluster.value, { endpoint, busPort: newcomer.value.view.self.busPort });
        if (!met.ok) return met;
      }
      const agreed = await this.#until(signal, AGREE_MS_MAX, (reading) => everybodyKnows(reading, nodeId) && servesLikeTheOthers(reading, nodeId), `every node knows ${step.address ?? ''}, and it serves`);
      if (!agreed.ok) return agreed;
      if (step.followerOf !== null) {
        const following = await this.#follow(client, { nodeId, leaderId: step.followerOf }, signal);
        if (!following.ok) return following;
      }
      return ok({ ...DONE, nodeId });
    } finally {
      client.close();
    }
  }

  /** Asks the node itself: no slots, and no keys but those it mirrors. Fails with `not-empty`. */
  async verifyEmpty(nodeId: string, signal: AbortSignal): Promise<Outcome> {
    const reading = await this.#reader.read(signal);
    if (!reading.ok) return reading;
    if (!reading.value.lines.has(nodeId)) return err(failureOf('topology-changed', `Node ${nodeId.slice(0, 40)} is no member of the cluster`));
    const refused = holdsSomething(nodeId, reading.value);
    return refused === null ? ok(DONE) : err(refused);
  }

  /**
   * Followers are given to another leader, clients that still ask the node get the time to
   * learn better, then everybody forgets the node side by side (a forgotten node is banned
   * for 60 s, after which gossip of anybody who still knows it would bring it back), then
   * the node parts with its clients and forgets the cluster.
   */
  async remove(nodeId: string, signal: AbortSignal, { lost }: { readonly lost: boolean }): Promise<Outcome> {
    const first = await this.#reader.read(signal);
    if (!first.ok) return first;
    if (!first.value.lines.has(nodeId)) return ok(DONE);
    const isHeld = lost ? servesSomething : holdsSomething;
    const refused = isHeld(nodeId, first.value) ?? mayLeave(nodeId, first.value);
    if (refused !== null) return err(refused);
    const repointed = await this.#repointFollowers(nodeId, first.value, signal);
    if (!repointed.ok) return repointed;
    const leaving = first.value.answers.get(nodeId);
    if (leaving !== undefined) await untilNobodyAsks({ client: this.#connections.client(leaving.endpoint, 'control'), clock: this.#clock, signal, timeoutMs: this.#connection.commandTimeoutMs });
    if (signal.aborted) return err(INTERRUPTED);
    const again = await this.#reader.read(signal);
    if (!again.ok) return again;
    const stillEmpty = isHeld(nodeId, again.value);
    if (stillEmpty !== null) return err(stillEmpty);
    const forgotten = await this.#forget(nodeId, again.value);
    if (!forgotten.ok) return forgotten;
    const gone = await this.#until(signal, AGREE_MS_MAX, (reading) => !reading.lines.has(nodeId), `every node has forgotten ${nodeId.slice(0, 12)}`);
    return gone.ok ? ok(DONE) : gone;
  }

  async #introduce(cluster: ClusterReading, newcomer: { endpoint: Endpoint; busPort: number | null }): Promise<Result<void, DriverFailure>> {
    const { endpoint, busPort } = newcomer;
    // CLUSTER MEET takes addresses, no names.
    const address = await lookup(endpoint.host).then((found) => found.address, () => null);
    if (address === null) return err(failureOf('connection-lost', `The host name ${endpoint.host} has no address`, true));
    const meet: Command = ['CLUSTER', 'MEET', address, endpoint.port, ...(busPort === null || busPort === endpoint.port + 10_000 ? [] : [busPort])];
    const introducers = [...cluster.answers.values()].filter((answer) => isPrimary(answer.view.self)).slice(0, INTRODUCERS_MAX);
    const results = await Promise.all(introducers.map(async (answer) => {
      const client = this.#connections.client(answer.endpoint, 'control');
      const reply = await client.call(meet, { timeoutMs: this.#connection.commandTimeoutMs });
      return reply.ok ? ok(undefined) : err(driverFailure(reply.error, `${client.address}: CLUSTER MEET`));
    }));
    return results.find((result) => result.ok) ?? results[0] ?? err(failureOf('node-down', 'No primary answered that could introduce the node', true));
  }

  async #follow(client: NodeClient, { nodeId, leaderId }: { nodeId: string; leaderId: string }, signal: AbortSignal): Promise<Result<void, DriverFailure>> {
    const reply = await client.call(['CLUSTER', 'REPLICATE', leaderId], { timeoutMs: this.#connection.commandTimeoutMs });
    if (!reply.ok) return err(driverFailure(reply.error, `${client.address}: CLUSTER REPLICATE`));
    const inSync = (reading: ClusterReading) => everybodySees(reading, nodeId, (line) => line.leaderId === leaderId)
      && reading.answers.get(nodeId)?.info.get('master_link_status') === 'up';
    return await this.#until(signal, FIRST_SYNC_MS_MAX, inSync, `${client.address} follows and is in sync`);
  }

  async #repointFollowers(leaderId: string, reading: ClusterReading, signal: AbortSignal): Promise<Result<void, DriverFailure>> {
    const lines = [...reading.lines.values()];
    const followers = lines.filter((line) => line.leaderId === leaderId);
    if (followers.length === 0) return ok(undefined);
    const leaders = lines.filter((line) => isPrimary(line) && line.id !== leaderId && line.slots.length > 0 && reading.answers.has(line.id));
    const count = new Map(leaders.map((leader) => [leader.id, lines.filter((line) => line.leaderId === leader.id).length]));
    const chosen = new Map<string, string>();
    for (const follower of followers) {
      const next = [...count].sort(([, a], [, b]) => a - b)[0];
      const answer = reading.answers.get(follower.id);
      if (next === undefined || answer === undefined) return err(failureOf('node-down', `Follower ${nameOf(follower)} cannot be given to another leader`, true));
      count.set(next[0], next[1] + 1);
      chosen.set(follower.id, next[0]);
      const client = this.#connections.client(answer.endpoint, 'control');
      const reply = await client.call(['CLUSTER', 'REPLICATE', next[0]], { timeoutMs: this.#connection.commandTimeoutMs });
      if (!reply.ok) return err(driverFailure(reply.error, `${client.address}: CLUSTER REPLICATE`));
    }
    const seen = (now: ClusterReading) => [...chosen].every(([id, next]) => everybodySees(now, id, (line) => line.leaderId === next));
    return await this.#until(signal, AGREE_MS_MAX, seen, 'the followers have their new leaders');
  }

  async #forget(nodeId: string, reading: ClusterReading): Promise<Result<void, DriverFailure>> {
    const timeoutMs = this.#connection.commandTimeoutMs;
    const others = [...reading.answers].filter(([id, answer]) => id !== nodeId && answer.view.nodes.has(nodeId));
    const results = await Promise.all(others.map(async ([, answer]) => {
      const client = this.#connections.client(answer.endpoint, 'control');
      return { client, reply: await client.call(['CLUSTER', 'FORGET', nodeId], { timeoutMs }) };
    }));
    for (const { client, reply } of results) {
      if (!reply.ok) return err(driverFailure(reply.error, `${client.address}: CLUSTER FORGET`));
    }
    const answer = reading.answers.get(nodeId);
    if (answer === undefined) return ok(undefined);
    return await forgetCluster(this.#connections.client(answer.endpoint, 'control'), timeoutMs);
  }

  /** Valkey 8.1 and newer keep a zone; others have no place for it. */
  async #labelZone(client: NodeClient, zone: string | null): Promise<DriverFailure | null> {
    if (zone === null) return null;
    const reply = await client.call(['CONFIG', 'SET', 'availability-zone', zone], { timeoutMs: this.#connection.commandTimeoutMs });
    return reply.ok ? null : failureOf('not-supported', `${client.address} keeps no zone (Valkey 8.1 and newer do); add it without one`);
  }

  async #until(signal: AbortSignal, limitMs: number, isSo: (reading: ClusterReading) => boolean, what: string): Promise<Result<void, DriverFailure>> {
    return await untilReading({ reader: this.#reader, clock: this.#clock, signal, limitMs, isSo, what });
  }
}

function mayJoin(newcomer: NodeReading, cluster: ClusterReading, step: AddNode): DriverFailure | null {
  const { self, nodes } = newcomer.view;
  if (step.followerOf !== null) {
    const leader = cluster.lines.get(step.followerOf);
    if (leader === undefined || !isPrimary(leader)) return failureOf('refused-by-engine', `${step.followerOf.slice(0, 40)} is no primary of this cluster, so nobody can follow it`);
  }
  // A member already: what is missing of the step goes on.
  if (cluster.lines.has(self.id)) return null;
  const strangers = [...nodes.keys()].filter((id) => id !== self.id && !cluster.lines.has(id)).length;
  if (strangers > 0) return failureOf('refused-by-engine', `${step.address ?? ''} is a member of another cluster (${nodes.size} nodes)`);
  const keys = keyCountOf(newcomer.info);
  if (slotCountOf(self.slots) === 0 && keys === 0) return null;
  return failureOf('not-empty', `${step.address ?? ''} holds ${slotCountOf(self.slots)} slots and ${keys} keys; only an empty server may join`);
}

/** Why the node is not empty, or cannot be asked; `null` when it is empty, as it says itself. */
function holdsSomething(nodeId: string, reading: ClusterReading): DriverFailure | null {
  const answer = reading.answers.get(nodeId);
  if (answer === undefined) return failureOf('node-down', `${nodeId.slice(0, 12)} does not answer, so nobody knows that it is empty${because(reading.silent.get(nodeId))}`, true);
  const { self } = answer.view;
  const slots = slotCountOf(self.slots);
  // A follower's keys are its leader's.
  const keys = isPrimary(self) ? keyCountOf(answer.info) : 0;
  const open = self.importing.size + self.migrating.size;
  if (slots === 0 && keys === 0 && open === 0) return null;
  return failureOf('not-empty', `${nameOf(self)} owns ${slots} slots, holds ${keys} keys of its own and has ${open} slots open`);
}

/** Of a node that is gone: what the others say. Its slots would be served by nobody; a follower's copy is its leader's. */
function servesSomething(nodeId: string, reading: ClusterReading): DriverFailure | null {
  const line = reading.lines.get(nodeId);
  if (reading.answers.has(nodeId)) return failureOf('refused-by-engine', `${nodeId.slice(0, 12)} answers again: it is not removed as a dead node`);
  if (!reading.reportedFailed.has(nodeId)) return failureOf('node-down', `The other nodes do not agree yet that ${nodeId.slice(0, 12)} has failed`, true);
  const slots = line === undefined ? 0 : slotCountOf(line.slots);
  return slots === 0 ? null : failureOf('not-empty', `The others still have ${slots} slots on ${nodeId.slice(0, 12)}: no follower has taken them over`);
}

function mayLeave(nodeId: string, reading: ClusterReading): DriverFailure | null {
  if (reading.lines.size === 1) return failureOf('refused-by-engine', 'The last node of a cluster cannot leave it');
  const silent = [...reading.silent.keys()].filter((id) => id !== nodeId && !reading.reportedFailed.has(id));
  if (silent.length > 0) return failureOf('node-down', `${silent.length} members do not answer and would bring the node back by gossip; all must forget it at once`, true);
  const line = reading.lines.get(nodeId);
  if (line === undefined || isPrimary(line)) return null;
  // Leaving empties a follower's copy: only while the leader has the original.
  const leader = line.leaderId === null ? undefined : reading.answers.get(line.leaderId);
  return leader === undefined ? failureOf('node-down', `The leader of ${nameOf(line)} does not answer: its follower may hold the only copy`, true) : null;
}

function because(failure: DriverFailure | undefined): string {
  return failure === undefined ? '' : `: ${failure.message}`;
}

/**
 * A newcomer says cluster_state:fail until it has heard of all slots, and would turn away
 * the clients of a slot that it is given before. Where the others do not serve either
 * (an empty or broken cluster) there is nothing to wait for.
 */
function servesLikeTheOthers({ answers }: ClusterReading, nodeId: string): boolean {
  const serves = (id: string) => answers.get(id)?.clusterInfo.get('cluster_state') === 'ok';
  return serves(nodeId) || ![...answers.keys()].some((id) => id !== nodeId && serves(id));
}

/** Every member answers, knows the node, and the node knows every member. */
function everybodyKnows(reading: ClusterReading, nodeId: string): boolean {
  const own = reading.answers.get(nodeId);
  return own !== undefined && everybodySees(reading, nodeId, () => true) && [...reading.answers.keys()].every((id) => own.view.nodes.has(id));
}
