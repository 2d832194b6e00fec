import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ShardRow } from '@/lib/contract/api';
import type { HeldShard } from '@/lib/contract/agent-protocol';
import type { MoveRecord, Operation } from '@/lib/contract/operation';
import type { Plan } from '@/lib/contract/plan';
import type { Throttle } from '@/lib/contract/settings';
import { createKeyLookup } from '@/lib/core/routing/key-lookup';
import { AgentFleet } from '../../../scripts/agents/agent-fleet';
import type { AgentProcess } from '../../../scripts/agents/agent-process';
import { AgentChecker, fillAgentKeys, type AgentCheckerReport } from '../agent-checker';
import { eventually } from '../eventually';
import { expectCleanDisk } from './agent-disk';
import { killAndRecover, type CaseOutcome } from './kill-and-recover';
import type { KillOrder, KillPoint } from './kill-point';
import { KillpointServer } from './killpoint-server-process';

/** Memory is where SIGKILL is survived as well: what the system has been given is safe. */
const FAST_FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const SHARDS = 8;
const ZONES = ['a', 'b', 'c', 'd'];
const SHARDS_PER_MOVE = 2;
const KEYS = 800;
const VALUE_BYTES = 1_000;
/** What a node has told the manager, and what a new primary tells its secondaries, is on its way for so long at most. */
const WHOLE_MS_MAX = 10_000;
/** The slowest there is: a shard takes more than a second then, and can be killed or called off in the middle. */
const SLOW: Throttle = { movesInFlightMax: 1, movesPerNodeMax: 1, bytesPerSecondMax: 65_536 };

/** `move`: primaries to a node without a copy. `evacuate`: a node hands its roles over, then its copies move. `call-off`: a move that is stopped in the middle of its copy. */
export type AgentWork = 'move' | 'evacuate' | 'call-off';

export interface AgentKillPoint extends KillPoint {
  readonly work: AgentWork;
}

export function agentPointName({ step, position, victim, work }: AgentKillPoint): string {
  return `${work}: ${victim} dies ${position.replace('-', ' ')} of ${step}`;
}

/** Per shard the nodes that hold it, the primary first. */
type Placement = readonly (readonly string[])[];
type Holders = readonly { readonly nodeId: string; readonly held: HeldShard }[];

interface Ends {
  readonly source: AgentProcess;
  readonly target: AgentProcess;
  readonly shardIds: readonly number[];
}

/**
 * A whole server and reference nodes as processes, under a load with a memory, and kills at
 * exact instants. Cases run one after the other on the same cluster, so what one leaves
 * behind breaks the next.
 */
export class AgentKillpointBench {
  readonly #folder = mkdtempSync(join(FAST_FOLDER, 'phantom-scale-agent-kills-'));
  readonly #keyOf = new Map<number, string>();
  #server: KillpointServer | null = null;
  #fleet: AgentFleet | null = null;
  #checker: AgentChecker | null = null;
  #cases = 0;

  static async start(): Promise<AgentKillpointBench> {
    const bench = new AgentKillpointBench();
    const server = await bench.#begin(null);
    const fleet = await AgentFleet.connect({ consoleUrl: server.url, parentFolder: bench.#folder, name: 'Kill points', shardCount: SHARDS, replicationFactor: 2 });
    bench.#fleet = fleet;
    for (const zone of ZONES) await fleet.startNode({ zone });
    await fleet.createShards();
    await fillAgentKeys(fleet, { keys: KEYS, valueBytes: VALUE_BYTES });
    const shardOf = createKeyLookup({ method: 'hash', shardCount: SHARDS });
    for (let n = 0; bench.#keyOf.size < SHARDS; n += 1) bench.#keyOf.set(shardOf(`filled:${n}`), `filled:${n}`);
    // A node that is down refuses connections for as long as it is: that is waited out.
    bench.#checker = new AgentChecker(fleet, { workers: 3, keysPerWorker: 20, patienceMs: 20_000 });
    return bench;
  }

  /** Does the work, kills in the middle of it, and gives how it ended. */
  async run(point: AgentKillPoint): Promise<CaseOutcome> {
    this.#cases += 1;
    const before = await this.#wholePlacement();
    await this.#untilManagerSees(before);
    const ends = this.#chooseEnds(point.work, before);
    const outcome = await killAndRecover({
      point, victim: point.victim === 'manager' ? null : ends[point.victim],
      begin: (order) => this.#begin(order),
      work: (server) => this.#work(server, point, ends),
    });
    const { operation } = outcome;
    try {
      const { moves } = await this.#server!.ask<{ moves: MoveRecord[] }>('GET', `/operations/${operation.id}/moves?limit=100`);
      const after = await this.expectWhole();
      // Where a move failed for good, it may have ended at either end.
      const known = moves.filter(({ step }) => !moves.some(({ step: { shardId }, status }) => shardId === step.shardId && status === 'failed'));
      for (const { step: { shardId } } of known) expectPlaced(shardId, after[shardId]!, placedBy(before[shardId]!, moves.filter(({ step, status }) => step.shardId === shardId && status === 'done')));
    } catch (error) {
      throw new Error(`${operation.status}: ${operation.statusReason ?? ''}; ${String(error)}`, { cause: error });
    }
    return outcome;
  }

  /** The nodes themselves: every shard is whole, and clients are served by its primary alone. */
  async expectWhole(): Promise<Placement> {
    const placement = await this.#wholePlacement();
    for (const [shardId, key] of this.#keyOf) {
      const answers = await Promise.all(this.#nodes.map(async (node) => {
        const answer = await fetch(`http://${node.address}/v1/keys/${key}`, { redirect: 'manual' });
        await answer.arrayBuffer();
        return answer.status;
      }));
      if (answers.filter((status) => status === 200).length !== 1) throw new Error(`Asked for a key of shard ${shardId}, the nodes answer ${answers.join(', ')}`);
    }
    return placement;
  }

  async stop(): Promise<AgentCheckerReport> {
    try {
      const report = await this.#checker!.stop();
      await this.expectWhole();
      for (const node of this.#nodes) {
        await node.stop();
        expectCleanDisk(node.options.dataDir);
      }
      return report;
    } finally {
      await this.#fleet?.stop();
      await this.#server?.stop();
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  get #nodes(): readonly AgentProcess[] {
    return this.#fleet!.nodes;
  }

  async #work(server: KillpointServer, { work, step, position }: AgentKillPoint, { source, target, shardIds }: Ends): Promise<Operation> {
    const path = `/clusters/${this.#fleet!.clusterId}`;
    const scope = work === 'evacuate' ? { kind: 'evacuate', nodeIds: [source.nodeId] } : { kind: 'shards', shardIds, targetNodeId: target.nodeId };
    const plan = await server.ask<Plan>('POST', `${path}/plans`, { strategy: 'round-robin', scope, seed: 1 });
    if (plan.steps.length === 0) throw new Error(`Nothing to move: ${JSON.stringify(plan.refusals)}`);
    const isSlow = work === 'call-off' || (step === 'copyShard' && position === 'under-way');
    const { operation } = await server.ask<{ operation: Operation }>('POST', `/plans/${plan.id}/approve`, isSlow ? { throttle: SLOW } : {});
    if (work !== 'call-off') return operation;
    await eventually('a copy is under way', () => server.operation(operation.id), (now) => now.progress.bytesDone > 0);
    return await server.ask<Operation>('POST', `/operations/${operation.id}/cancel`, {});
  }

  /** Shards whose copies lie so that the work has a step of every kind. */
  #chooseEnds(work: AgentWork, placement: Placement): Ends {
    const candidates = this.#nodes.flatMap((source) => this.#nodes.map((target): Ends => ({
      source, target,
      shardIds: placement.flatMap((nodeIds, shardId) => (nodeIds[0] === source.nodeId && !nodeIds.includes(target.nodeId) ? [shardId] : [])).slice(0, SHARDS_PER_MOVE),
    })));
    const mostShards = Math.max(...candidates.map(({ shardIds }) => shardIds.length));
    const good = candidates.filter(({ source, shardIds }) => (work === 'evacuate' ? placement.some(([primary]) => primary === source.nodeId) : shardIds.length === mostShards));
    return good[this.#cases % good.length]!;
  }

  /** Per shard, who holds something of it by its own word; `null` while somebody does not answer. */
  async #holders(): Promise<readonly Holders[] | null> {
    const said = await this.#server!.held();
    if (said.length < this.#nodes.length || said.some(({ shards }) => shards === null)) return null;
    return Array.from({ length: SHARDS }, (_, shardId) => said.flatMap(({ nodeId, shards }) => (shards ?? []).filter((held) => held.shardId === shardId).map((held) => ({ nodeId, held }))));
  }

  async #untilManagerSees(placement: Placement): Promise<void> {
    const wanted = JSON.stringify(placement);
    const read = () => this.#server!.ask<{ shards: ShardRow[] }>('GET', `/clusters/${this.#fleet!.clusterId}/shards?limit=${SHARDS}`);
    await eventually('the manager has read where the shards are', read, ({ shards }) => JSON.stringify(shards.map(({ primaryNodeId, secondaryNodeIds }) => [primaryNodeId, ...secondaryNodeIds])) === wanted, WHOLE_MS_MAX);
  }

  /** Once every shard has one primary, which has its one secondary in sync, and nothing is held besides. */
  async #wholePlacement(): Promise<Placement> {
    const holders = await eventually('every shard has one primary and one secondary in sync, and nothing is half made', () => this.#holders(), (shards) => shards?.every(isWhole) === true, WHOLE_MS_MAX);
    return holders!.map((shard) => [...shard].sort((a, b) => rank(a) - rank(b)).map(({ nodeId }) => nodeId));
  }

  /** Without an order a fresh one, in the place of one that is gone; with an order the one that runs. */
  async #begin(order: KillOrder | null): Promise<KillpointServer> {
    const before = this.#server;
    if (before !== null && order !== null && before.isRunning) {
      await before.obey(order);
      return before;
    }
    this.#server = await KillpointServer.start({ dataDir: before?.dataDir ?? join(this.#folder, 'server'), ...(before !== null && { port: before.port }), clusterId: () => this.#fleet!.clusterId });
    return this.#server;
  }
}

function rank({ held }: Holders[number]): number {
  return held.role === 'primary' ? 0 : 1;
}

function isWhole(shard: Holders): boolean {
  const primary = shard.find(({ held }) => held.role === 'primary');
  const secondary = shard.find(({ held }) => held.role === 'secondary');
  if (shard.length !== 2 || primary === undefined || secondary === undefined || primary.held.sealed) return false;
  return primary.held.inSync.join() === secondary.nodeId && primary.held.secondaries.join() === secondary.nodeId && secondary.held.peerNodeId === primary.nodeId;
}

/** Who holds a shard after these moves, the primary first. */
function placedBy(before: readonly string[], moves: readonly MoveRecord[]): readonly string[] {
  return moves.reduce((nodeIds, { step }) => {
    if (step.kind === 'transfer') return [step.targetNodeId, ...nodeIds.filter((nodeId) => nodeId !== step.targetNodeId)];
    return nodeIds.map((nodeId) => (nodeId === step.sourceNodeId ? step.targetNodeId : nodeId));
  }, before);
}

function expectPlaced(shardId: number, found: readonly string[], expected: readonly string[]): void {
  if (found.join() !== expected.join()) throw new Error(`Shard ${shardId} is on ${found.join(' and ')}, but the journal says ${expected.join(' and ')}`);
}
