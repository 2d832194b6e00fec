import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Operation } from '@/lib/contract/operation';
import { fillKeys } from '../../../scripts/redis/fill-keys';
import type { RedisClusterProcesses } from '../../../scripts/redis/redis-cluster-processes';
import type { RedisProcess } from '../../../scripts/redis/redis-process';
import { countUnderMark, strayKeys } from '../broken-slots';
import { CheckerClient, type CheckerReport } from '../checker-client';
import { hashSlotOf } from '../../../scripts/redis/hash-slot';
import { connectionTo, startRedisCluster } from '../redis-cluster';
import { killAndRecover, untilEnded, type CaseOutcome } from './kill-and-recover';
import { isCommand, type KillPoint } from './kill-point';
import { ManagerProcess } from './manager-process';

const SLOTS_PER_MOVE = 24;
const SLOTS_OF_SMALL = 40;
const KEYS = 6_000;
/** Of a slot that nobody serves: most of its keys are where it was, and some elsewhere. */
const UNSERVED_KEYS = { source: 60, target: 20 } as const;

/**
 * A cluster of real processes whose primaries keep every acknowledged write over a kill,
 * a client load with a memory, and managers that die where they are told to. Cases run
 * one after the other on the same cluster, so what one leaves behind breaks the next.
 */
export class KillpointBench {
  readonly #folder = mkdtempSync(join(tmpdir(), 'phantom-scale-killpoints-'));
  readonly #url = `file:${join(this.#folder, 'killpoints.db')}`;
  #manager: ManagerProcess | null = null;
  #moves = 0;
  #tags = 0;

  private constructor(readonly cluster: RedisClusterProcesses, private readonly checker: CheckerClient) {}

  static async start(): Promise<KillpointBench> {
    const cluster = await startRedisCluster({ primaries: 3, emptyPrimaries: 1, nodeTimeoutMs: 8_000, config: { 'appendonly': 'yes', 'appendfsync': 'always', 'cluster-allow-replica-migration': 'no' } });
    await fillKeys(cluster.primaries, { keys: KEYS, valueBytes: (n) => 50 + (n % 300) });
    const checker = CheckerClient.start(cluster, { operationsPerSecond: 200, workers: 4, keysPerWorker: 20, durationMsMax: 3_600_000 });
    const bench = new KillpointBench(cluster, checker);
    const manager = await bench.#begin(null);
    await manager.ask('connect', { connection: connectionTo(cluster) });
    // What is replaced again and again holds little, so that a case takes seconds.
    const [source] = cluster.primaries;
    const [small] = cluster.emptyPrimaries;
    const filled = await manager.ask('move', { shardIds: (await ownSlots(source!)).slice(-SLOTS_OF_SMALL), targetNodeId: await cluster.idOf(small!), ends: { sourcePort: 0, targetPort: 0 } });
    await untilEnded(manager, filled.id, performance.now());
    return bench;
  }

  /** Moves some slots that have keys, and kills; gives how it ended. */
  async move(point: KillPoint): Promise<CaseOutcome> {
    this.#moves += 1;
    const { primaries } = this.cluster;
    const source = primaries[this.#moves % primaries.length]!;
    const target = primaries[(this.#moves + 1) % primaries.length]!;
    const slots = (await ownSlots(source)).slice(0, SLOTS_PER_MOVE);
    const outcome = await this.#run(point, { source, target }, async (manager) => manager.ask('move', {
      shardIds: slots, targetNodeId: await this.cluster.idOf(target), ends: { sourcePort: source.port, targetPort: target.port },
    }));
    const manager = this.#manager!;
    const moves = await manager.ask('moves', { operationId: outcome.operation.id });
    try {
      for (const { shardId, status } of moves) await expectOwner(shardId, status === 'done' ? target : source, primaries);
      await this.expectWhole();
    } catch (error) {
      throw new Error(`${outcome.operation.status}: ${outcome.operation.statusReason ?? ''}; ${JSON.stringify(moves.filter(({ status }) => status !== 'done'))}`, { cause: error });
    }
    return outcome;
  }

  /** Puts a fresh process in the place of a primary, and kills. */
  async replace(point: KillPoint): Promise<CaseOutcome> {
    const { primaries, emptyPrimaries } = this.cluster;
    const source = emptyPrimaries[0]!;
    const target = await this.cluster.startNode();
    const nodeId = await this.cluster.idOf(source);
    const outcome = await this.#run(point, { source, target }, (manager) => manager.ask('replace', { nodeId, address: target.address }));
    const joined = await isMember(target, primaries[0]!);
    const left = !(await isMember(source, primaries[0]!));
    if (outcome.operation.status === 'succeeded' && (!joined || !left)) throw new Error(`Replaced, but joined ${joined}, left ${left}`);
    emptyPrimaries.splice(0, emptyPrimaries.length, ...(joined ? [target] : []), ...(left ? [] : [source]));
    await this.expectWhole();
    // Nobody's any more: the old one after a replacement, the new one after a roll-back.
    if (left) await source.kill();
    if (!joined) await target.kill();
    return outcome;
  }

  /** Leaves a slot to nobody, with keys on two nodes, has it mended, and kills. `target`: who has the fewer keys. */
  async mend(point: KillPoint): Promise<CaseOutcome> {
    const { primaries } = this.cluster;
    const [source, target] = [primaries[0]!, primaries[1]!];
    const slot = await this.#unserved(source, target);
    const ends = { sourcePort: target.port, targetPort: source.port };
    const outcome = await this.#run(point, { source, target }, (manager) => manager.ask('mend', { ends }));
    await this.expectWhole().catch(async (error: unknown) => {
      throw new Error(`source ${await this.cluster.idOf(source)} ${source.address}, target ${await this.cluster.idOf(target)} ${target.address}, ${outcome.operation.status}: ${outcome.operation.statusReason ?? ''}`, { cause: error });
    });
    const [kept, strayed] = [await countUnderMark(slot, { on: source, other: target }), await countUnderMark(slot, { on: target, other: source })];
    const all = UNSERVED_KEYS.source + UNSERVED_KEYS.target;
    const how = `${outcome.operation.status}: ${outcome.operation.statusReason ?? ''}`;
    if (kept + strayed < all) throw new Error(`${all} keys of slot ${slot} have become ${kept} and ${strayed}; ${how}`);
    if (outcome.operation.status === 'succeeded') await expectOwner(slot, source, primaries);
    // A node that begins anew with keys of a slot that nobody serves takes it: somebody else has acted, and the operation ends by that.
    else if (await ownsSlot(target, slot)) await this.#bringHome(slot, { from: source, to: target });
    else throw new Error(`Not mended, ${how}`);
    return outcome;
  }

  /**
   * What is astray now goes to the owner by an operation of its own: else a node that begins anew would open
   * the slot for it, in whatever case comes next. By a new manager, which does not take it for the rest of a move of its own.
   */
  async #bringHome(slot: number, { from, to }: { from: RedisProcess; to: RedisProcess }): Promise<void> {
    const manager = await this.#begin(null);
    const { id } = await manager.ask('mend', { shardIds: [slot], ends: { sourcePort: from.port, targetPort: to.port } });
    const { operation } = await untilEnded(manager, id, performance.now());
    if (operation.status !== 'succeeded') throw new Error(`Slot ${slot} is not whole: ${operation.status}: ${operation.statusReason ?? ''}`);
    await expectOwner(slot, to, this.cluster.primaries);
    await this.expectWhole();
  }

  /** Leaves keys on a node that neither serves their slot nor has a mark of it, has them brought to their owner, and kills. `target`: who has them. */
  async mendStrays(point: KillPoint): Promise<CaseOutcome> {
    const { primaries } = this.cluster;
    const [source, target] = [primaries[0]!, primaries[1]!];
    const slot = await this.#strayed(source, target);
    const outcome = await this.#run(point, { source, target }, (manager) => manager.ask('mend', { shardIds: [slot], ends: { sourcePort: target.port, targetPort: source.port } }));
    await this.expectWhole();
    const all = UNSERVED_KEYS.source + UNSERVED_KEYS.target;
    const kept = Number(await source.call('CLUSTER', 'COUNTKEYSINSLOT', slot));
    // Valkey 9 and Redis 8.4 delete keys of others' slots when they begin anew, unless there is a mark: ours is not there yet.
    const areDeleted = point.victim === 'target' && point.position === 'before-intent' && kept === UNSERVED_KEYS.source && await this.#deletesStrays(target);
    if (kept !== all && !areDeleted) throw new Error(`${all} keys of slot ${slot} have become ${kept}; ${outcome.operation.status}: ${outcome.operation.statusReason ?? ''}`);
    await expectOwner(slot, source, primaries);
    return outcome;
  }

  /** By the version that the server itself tells. */
  async #deletesStrays(node: RedisProcess): Promise<boolean> {
    const info = String(await node.call('INFO', 'server'));
    const major = Number(/^(?:valkey_version|redis_version):(\d+)/m.exec(info.includes('valkey_version') ? info.replace(/^redis_version.*$/m, '') : info)?.[1]);
    return major >= 8;
  }

  async #unserved(source: RedisProcess, target: RedisProcess): Promise<number> {
    const slot = await this.#strayed(source, target);
    for (const node of this.cluster.members) await node.call('CLUSTER', 'DELSLOTS', slot);
    return slot;
  }

  /** A slot of the source with keys there, and others on the target, where nothing says so. */
  async #strayed(source: RedisProcess, target: RedisProcess): Promise<number> {
    // Who has just begun anew, or found a slot unserved, serves a few seconds later.
    await this.cluster.waitUntilAgreed();
    let tag: string;
    do tag = `unserved${this.#tags += 1}`; while (!(await ownsSlot(source, hashSlotOf(tag))));
    const slot = hashSlotOf(tag);
    for (let n = 0; n < UNSERVED_KEYS.source; n += 1) await source.call('SET', `{${tag}}:${n}`, `of the source ${n}`);
    await strayKeys(slot, { on: target, owner: source, pairs: Array.from({ length: UNSERVED_KEYS.target }, (_, n) => [`{${tag}}:stray ${n}`, `of the target ${n}`]) });
    return slot;
  }

  /** The servers themselves: nobody has an open slot, all agree, every slot is served. */
  async expectWhole(): Promise<void> {
    await this.cluster.waitUntilAgreed();
    for (const node of this.cluster.members) {
      const open = /\[\d+-[<>]-\w+\]/.exec(String(await node.call('CLUSTER', 'NODES')));
      if (open !== null) throw new Error(`${node.address} has an open slot: ${open[0]}`);
    }
  }

  async stop(): Promise<CheckerReport> {
    try {
      return await this.checker.stop();
    } finally {
      await this.#manager?.kill();
      await this.cluster.stop();
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  #run(point: KillPoint, ends: { source: RedisProcess; target: RedisProcess }, work: (manager: ManagerProcess) => Promise<Operation>): Promise<CaseOutcome> {
    return killAndRecover({ point, victim: point.victim === 'manager' ? null : ends[point.victim], begin: (order) => this.#begin(order), work });
  }

  async #begin(order: Parameters<typeof ManagerProcess.start>[0]['order']): Promise<ManagerProcess> {
    await this.#manager?.kill();
    this.#manager = await ManagerProcess.start({ databaseUrl: this.#url, order });
    return this.#manager;
  }
}

/** Kinds of steps that a move of slots passes, and no saga of several stages. */
export function isOfMove({ step }: KillPoint): boolean {
  return step === 'move' || isCommand(step);
}

async function ownSlots(node: RedisProcess): Promise<number[]> {
  const own = String(await node.call('CLUSTER', 'NODES')).split('\n').find((line) => line.includes('myself')) ?? '';
  const slots = own.split(' ').slice(8).flatMap((range) => {
    const [first, last] = range.split('-').map(Number);
    return Array.from({ length: (last ?? first!) - first! + 1 }, (_, index) => first! + index);
  });
  const counts = await Promise.all(slots.slice(0, 400).map(async (slot) => [slot, Number(await node.call('CLUSTER', 'COUNTKEYSINSLOT', slot))] as const));
  return counts.filter(([, count]) => count > 0).map(([slot]) => slot);
}

/** The owner says so itself, and nobody else has a key of the slot. */
async function expectOwner(slot: number, owner: RedisProcess, nodes: readonly RedisProcess[]): Promise<void> {
  for (const node of nodes) {
    const keys = Number(await node.call('CLUSTER', 'COUNTKEYSINSLOT', slot));
    if (node !== owner && keys > 0) throw new Error(`${node.address} has ${keys} keys of slot ${slot}, which ${owner.address} owns`);
  }
  if (!(await ownsSlot(owner, slot))) throw new Error(`${owner.address} does not own slot ${slot}`);
}

async function ownsSlot(node: RedisProcess, slot: number): Promise<boolean> {
  const own = String(await node.call('CLUSTER', 'NODES')).split('\n').find((line) => line.includes('myself')) ?? '';
  return own.split(' ').slice(8).some((range) => {
    const [first, last] = range.split('-').map(Number);
    return slot >= first! && slot <= (last ?? first!);
  });
}

async function isMember(node: RedisProcess, asked: RedisProcess): Promise<boolean> {
  const id = String(await node.call('CLUSTER', 'MYID'));
  return String(await asked.call('CLUSTER', 'NODES')).split('\n').some((line) => line.startsWith(id));
}
