/**
 * Reads the cluster and turns readings into state: driver -> zod -> failure detector ->
 * applyObservation -> invariants -> events. It concludes nothing beyond that.
 */
import type { ClusterHealth } from '@/lib/contract/health';
import type { Observation } from '@/lib/contract/observation';
import type { DriverFailure } from '@/lib/contract/operation';
import { applyObservation, applyVerdicts, type StateChange } from '@/lib/core/cluster/apply-observation';
import { inDictionaryOf } from '@/lib/core/cluster/adopt-shard-table';
import { applyPlacement, type PlacementChange } from '@/lib/contract/apply-placement';
import type { ShardTable } from '@/lib/contract/shard-table';
import { carrySoundness, checkingShardRows, checkInvariants } from '@/lib/core/cluster/invariants';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { carryShardHealth } from '@/lib/core/health/shard-health';
import { carrySums, summingUp } from '@/lib/core/load/table-sums';
import { assertNever } from '@/lib/platform/assert';
import { inTurns } from '@/lib/platform/in-turns';
import type { Result } from '@/lib/platform/result';
import type { EventDraft } from './event-log';
import type { ManagerResources } from './manager-resources';
import { parsingObservation } from './parse-observation';
import { NodeWatch, type Heard, type WatchRound } from './node-watch';
import { restIfLarge } from './rest-if-large';

/** Full readings may take at most this share of the time. While shards move it is less: what moves is known, and every shard is asked for on nodes that are busy enough. */
const FULL_READING_SHARE = { usual: 0.1, moving: 0.03 } as const;
/** Failures of a reading that are a silence of all nodes. Others (a wrong password) say that somebody answered. */
const SILENCE: readonly DriverFailure['code'][] = ['connection-lost', 'timeout', 'node-down'];

export interface ObserverHooks {
  /** Automation must stop: N5 or a broken invariant. */
  readonly freeze: (cause: 'mass-failure' | 'all-unreachable' | 'invariant-violated', reason: string) => void;
}

export class Observer {
  readonly watch: NodeWatch;
  #landed: { readonly monotonicMs: number; readonly change: PlacementChange }[] = [];
  #fullDueMonotonicMs = 0;
  #taking: Promise<void> | null = null;
  #failing = false;
  #healthStatus: ClusterHealth['status'] | null = null;

  constructor(private readonly resources: ManagerResources, private readonly hooks: ObserverHooks) {
    this.watch = new NodeWatch(resources.clock, resources.driver);
  }

  [Symbol.dispose](): void {
    this.watch[Symbol.dispose]();
  }

  /** Finished steps, shown at once and kept over readings that began before it ended. */
  placementChanged(changes: readonly PlacementChange[]): void {
    const { clock, model } = this.resources;
    if (changes.length === 0) return;
    const monotonicMs = clock.monotonicMs();
    this.#landed.push(...changes.map((change) => ({ monotonicMs, change })));
    model.replaceState({ ...model.state, revision: model.state.revision + 1, shards: withLanded(model.state.shards, changes) });
  }

  /** One reading. @returns what changed, or null when there was no reading. */
  async observe(signal: AbortSignal, force: 'full' | 'as-due' = 'as-due'): Promise<readonly StateChange[] | null> {
    const { clock, driver } = this.resources;
    const beganMs = clock.monotonicMs();
    const detail = force === 'full' || beganMs >= this.#fullDueMonotonicMs ? 'full' : 'nodes';
    const read = await driver.observe({ detail, signal });
    // Readings are taken in one after the other, so that an older one never replaces a newer one.
    while (this.#taking !== null) await this.#taking;
    const taking = this.#take(read, { detail, beganMs, signal });
    this.#taking = taking.then(() => undefined, () => undefined);
    try {
      return await taking;
    } finally {
      this.#taking = null;
    }
  }

  /** A reading of a large cluster with a rest between its parts: of 1,000 nodes it would hold everybody for 40 ms. */
  async #take(read: Result<Observation, DriverFailure>, { detail, beganMs, signal }: { readonly detail: 'nodes' | 'full'; readonly beganMs: number; readonly signal: AbortSignal }): Promise<readonly StateChange[] | null> {
    const { clock, model } = this.resources;
    const isClosing = () => signal.aborted;
    if (isClosing()) return null;
    if (!read.ok) {
      if (SILENCE.includes(read.error.code)) this.#adoptSilence();
      return this.#failed(read.error.message);
    }
    await restIfLarge(model.state);
    const parsed = await inTurns(parsingObservation(read.value));
    if (!parsed.ok) return this.#failed(parsed.error);
    const observation = parsed.value;
    if (detail === 'full') {
      const share = model.movesInFlight().length > 0 ? FULL_READING_SHARE.moving : FULL_READING_SHARE.usual;
      this.#fullDueMonotonicMs = clock.monotonicMs() + (clock.monotonicMs() - beganMs) / share;
    }
    await restIfLarge(model.state);
    if (isClosing()) return null;
    this.#recovered();
    const heard = await inTurns(this.watch.hearing(observation.nodes, this.#watchRound()));
    await restIfLarge(model.state);
    const shards = observation.shards === null ? null : inDictionaryOf(model.state.shards, observation.shards);
    // Summed up and looked through before it is shown: whoever looks at it would do so in one go.
    if (shards !== null) await inTurns(summingUp(shards));
    if (shards !== null) await inTurns(checkingShardRows(shards));
    if (isClosing()) return null;
    const changes = this.#adopt({ ...observation, shards, nodes: heard.nodes }, heard, beganMs);
    model.observationError = null;
    await restIfLarge(model.state);
    this.#checkMassFailure();
    this.#noteHealth();
    await restIfLarge(model.state);
    return changes;
  }

  #noteHealth(): void {
    const { model, log } = this.resources;
    const { status, reasons } = model.health;
    const before = this.#healthStatus;
    this.#healthStatus = status;
    if (before === null || before === status) return;
    log.record({
      type: 'cluster.healthChanged', severity: status === 'healthy' ? 'notice' : status === 'critical' ? 'critical' : 'warning',
      message: `Health is ${status}, was ${before}${reasons[0] === undefined ? '' : `: ${reasons[0].message}`}`, data: { before, after: status },
    });
  }

  #failed(message: string): null {
    const { model, log } = this.resources;
    model.observationError = message;
    if (!this.#failing) log.record({ type: 'cluster.observationFailed', severity: 'critical', message: `No reading of the cluster: ${message}` });
    this.#failing = true;
    model.touch();
    return null;
  }

  #recovered(): void {
    if (this.#failing) this.resources.log.record({ type: 'cluster.observationRecovered', severity: 'notice', message: 'The cluster answers again' });
    this.#failing = false;
  }

  #watchRound(): WatchRound {
    const { model } = this.resources;
    return { known: model.nodes, settings: model.settings.health, readingIntervalMs: model.settings.observationIntervalMs, frozen: model.freeze !== null };
  }

  /** Nothing was read: what is believed of the nodes moves on, everything else keeps its age. */
  #adoptSilence(): void {
    const { model, log } = this.resources;
    if (model.nodes.size === 0) return;
    const applied = applyVerdicts(model.state, this.watch.hearNothing(this.#watchRound()));
    model.replaceState(applied.state);
    log.record(...applied.changes.flatMap((change) => eventOf(change, false)));
    this.#tell(applied.changes, false);
    this.#checkMassFailure();
  }

  #adopt(observation: Observation, heard: Heard, beganMs: number): readonly StateChange[] {
    const { clock, model, log } = this.resources;
    const previous = model.state;
    const applied = applyObservation(previous, observation, {
      nowMs: Math.round(clock.wallMs()),
      monotonicMs: clock.monotonicMs(),
      wishes: model.wishes,
      verdicts: heard.verdicts,
      flags: heard.flags,
    });
    this.#landed = this.#landed.filter((landed) => landed.monotonicMs >= beganMs);
    // A reading without shards keeps those of before, on which what landed has been shown already.
    const shards = observation.shards === null ? applied.state.shards : withLanded(applied.state.shards, this.#landed.map((landed) => landed.change));
    const state: ClusterState = { ...applied.state, shards, inFlight: inFlightOf(model.movesInFlight()) };
    model.replaceState(state);
    const first = previous.observedMonotonicMs === null;
    log.record(...applied.changes.flatMap((change) => eventOf(change, first)));
    this.#tell(applied.changes, first);
    const violations = checkInvariants(state, previous);
    for (const violation of violations) log.record({ type: 'invariant.violated', severity: 'critical', message: `${violation.rule}: ${violation.message}`, data: { rule: violation.rule } });
    if (violations[0] !== undefined) this.hooks.freeze('invariant-violated', `${violations[0].rule}: ${violations[0].message}`);
    return applied.changes;
  }

  #tell(changes: readonly StateChange[], first: boolean): void {
    const { callbacks } = this.resources;
    for (const change of changes) {
      if (change.kind === 'node-added' && !first) callbacks.nodeAdded.emit(change.node);
      if (change.kind === 'node-removed') callbacks.nodeRemoved.emit(change.node);
      if (change.kind === 'liveness-changed' || change.kind === 'node-restarted') callbacks.nodeStatus.emit(change.node);
    }
  }

  #checkMassFailure(): void {
    const { model } = this.resources;
    const failure = this.watch.massFailure([...model.nodes.values()]);
    if (failure !== null && model.freeze === null) this.hooks.freeze(failure.cause, failure.reason);
  }
}

/** The placement with what landed, and what was found out about it carried over. */
function withLanded(table: ShardTable, changes: readonly PlacementChange[]): ShardTable {
  const landed = applyPlacement(table, changes);
  const shardIds = changes.map(({ shardId }) => shardId);
  carrySums(table, landed, shardIds);
  carryShardHealth(table, landed, shardIds);
  carrySoundness(table, landed, shardIds);
  return landed;
}

function inFlightOf(moves: ReturnType<ManagerResources['model']['movesInFlight']>): ClusterState['inFlight'] {
  return moves.flatMap(({ step }) => (step.kind === 'move'
    ? [{ shardId: step.shardId, role: step.role, sourceNodeId: step.sourceNodeId, targetNodeId: step.targetNodeId, bytes: step.bytes }]
    : []));
}

/** Events of a reading. The first one of a process finds everything new, which is no news. */
function eventOf(change: StateChange, first: boolean): EventDraft[] {
  switch (change.kind) {
    case 'node-added':
      return first ? [] : [{ type: 'node.added', severity: 'notice', nodeId: change.node.id, message: `${change.node.name} joined${change.node.domain.zone === null ? '' : ` in ${change.node.domain.zone}`}` }];
    case 'node-removed':
      // It became a member under its own id, or is not announced any more.
      return change.node.lifecycle === 'joining' ? [] : [{ type: 'node.removed', severity: 'notice', nodeId: change.node.id, message: `${change.node.name} is no longer a member` }];
    case 'node-restarted':
      return [{ type: 'node.restarted', severity: 'warning', nodeId: change.node.id, message: `${change.node.name} restarted`, data: { incarnationBefore: change.incarnationBefore, incarnation: change.node.incarnation } }];
    case 'liveness-changed': {
      const { node } = change;
      const severity = node.liveness === 'alive' ? 'notice' : node.liveness === 'dead' ? 'critical' : 'warning';
      const silent = node.liveness === 'alive' ? '' : ` (silent for ${(node.livenessReason.silentMs / 1_000).toFixed(1)} s)`;
      return [{ type: 'node.livenessChanged', severity, nodeId: node.id, message: `${node.name} is ${node.liveness}, was ${change.before}${silent}`, data: { before: change.before, after: node.liveness, reason: node.livenessReason.code } }];
    }
    case 'quarantine-changed': {
      const { node } = change;
      return change.quarantined
        ? [{ type: 'node.quarantined', severity: 'warning', nodeId: node.id, message: `${node.name} keeps falling over: nothing new is placed on it for ${Math.round((node.quarantinedUntilMs! - node.livenessSinceMs) / 60_000)} min` }]
        : [{ type: 'node.quarantineEnded', severity: 'notice', nodeId: node.id, message: `The quarantine of ${node.name} is over` }];
    }
    case 'metrics-flagged': {
      const { node, flags } = change;
      const what = flags.slice(0, 5).map(({ metric, flag, came }) => `${metric} is ${flag} (${came})`).join(', ');
      return [{ type: 'node.metricsFlagged', severity: 'warning', nodeId: node.id, message: `${node.name} reports what is not to be believed: ${what}` }];
    }
    case 'ownership-changed':
      return [];
    default:
      return assertNever(change);
  }
}
