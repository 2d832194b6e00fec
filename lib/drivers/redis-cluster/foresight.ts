import type { RedisConnection } from '@/lib/contract/connection';
import type { DriverFailure } from '@/lib/contract/operation';
import type { Risk } from '@/lib/contract/plan';
import type { ForeseenMove } from '@/lib/drivers/driver';
import { err, ok, type Result } from '@/lib/platform/result';
import type { ClusterReader, ClusterReading } from './cluster-reader';
import type { Connections } from './connections';
import { INTERRUPTED } from './failures';
import { findBigKeys } from './big-keys';
import type { Command } from './node-client';
import type { NodeReading } from './node-reading';
import { listOf, pairsOf, quantityOf, type Reply } from './replies';
import type { SlotActivity } from './slot-activity';
import { isPrimary, nameOf } from './topology';

/** What arrives takes more on the target than its bytes: the tables grow by doubling, and allocators round up. */
const ARRIVAL_OVERHEAD = 1.15;
const MEMORY_WARNING = 0.8;
/** With a policy that throws keys away there is no second line of defence. */
const EVICTING_DANGER = 0.9;
const LAG_BYTES_WARNING = 16 * 1024 * 1024;

interface Pair {
  readonly source: NodeReading;
  readonly target: NodeReading;
}

interface Options {
  readonly connection: RedisConnection;
  readonly connections: Connections;
  readonly reader: ClusterReader;
  readonly activity: SlotActivity;
}

/** Looks at the nodes before the first move; changes nothing. Each finding has its numbers; `danger` means that the moves would fail, lose data or break clients. */
export class Foresight {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  async foresee(moves: readonly ForeseenMove[], signal: AbortSignal): Promise<Result<readonly Risk[], DriverFailure>> {
    const read = await this.#options.reader.read(signal);
    if (!read.ok) return read;
    const reading = read.value;
    const pairs = pairsIn(moves, reading);
    const [libraries, modules, bigKeys] = await Promise.all([this.#missing(pairs, 'functions'), this.#missing(pairs, 'modules'), this.#bigKeys(moves, reading, signal)]);
    if (signal.aborted) return err(INTERRUPTED);
    return ok([
      ...targetMemory(moves, reading), ...this.#openSlots(moves, reading), ...libraries, ...modules, ...versions(pairs), ...bigKeys, ...followers(moves, reading),
    ]);
  }

  /** Flags on slots that are to move and that no move of ours set. */
  #openSlots(moves: readonly ForeseenMove[], { answers, startedAtMs }: ClusterReading): Risk[] {
    const planned = new Map(moves.map((move) => [move.shardId, move]));
    const risks: Risk[] = [];
    for (const { view: { self } } of answers.values()) {
      for (const [slot, other] of [...self.migrating, ...self.importing]) {
        const move = planned.get(slot);
        if (move === undefined || this.#options.activity.touchedSince(slot, startedAtMs)) continue;
        const isThisMove = (self.id === move.sourceNodeId && other === move.targetNodeId) || (self.id === move.targetNodeId && other === move.sourceNodeId);
        risks.push({
          code: 'open-slot', severity: isThisMove ? 'notice' : 'danger', nodeId: self.id, shardId: slot, numbers: { slot },
          message: isThisMove
            ? `Slot ${slot} is half moved already, the way this plan moves it: it is rolled forward`
            : `Slot ${slot} is half moved by somebody else on ${nameOf(self)}, to or from ${other.slice(0, 12)}: it cannot be moved until that is ended`,
        });
      }
    }
    return risks.slice(0, 20);
  }

  /** Libraries or modules that a source has and a target has not. */
  async #missing(pairs: readonly Pair[], what: 'functions' | 'modules'): Promise<Risk[]> {
    const command: Command = what === 'functions' ? ['FUNCTION', 'LIST'] : ['MODULE', 'LIST'];
    const nodes = new Map(pairs.flatMap(({ source, target }) => [source, target]).map((node) => [node.view.self.id, node]));
    const names = new Map(await Promise.all([...nodes].map(async ([id, node]) => {
      const client = this.#options.connections.client(node.endpoint, 'observe');
      const list = listOf(await client.call(command, { timeoutMs: this.#options.connection.commandTimeoutMs }), command[0]);
      return [id, list.ok ? new Set(list.value.flatMap(nameIn)) : null] as const;
    })));
    const risks = new Map<string, Risk>();
    for (const { source, target } of pairs) {
      const here = names.get(source.view.self.id);
      const there = names.get(target.view.self.id);
      // A server that does not tell (by its ACL) cannot be judged.
      const missing = here == null || there == null ? [] : [...here].filter((name) => !there.has(name));
      if (missing.length === 0) continue;
      risks.set(target.view.self.id, {
        code: what === 'functions' ? 'functions-missing' : 'modules-missing', severity: 'danger', nodeId: target.view.self.id, shardId: null, numbers: { missing: missing.length },
        message: `${nameOf(target.view.self)} lacks ${what === 'functions' ? 'the function libraries' : 'the modules'} ${missing.slice(0, 5).join(', ')} that ${nameOf(source.view.self)} has: `
          + (what === 'functions' ? 'FCALL on moved keys would fail. FUNCTION LOAD them there first' : 'values of their types could not be restored. Load them there first'),
      });
    }
    return [...risks.values()];
  }

  async #bigKeys(moves: readonly ForeseenMove[], reading: ClusterReading, signal: AbortSignal): Promise<Risk[]> {
    const risks = await Promise.all([...new Set(moves.map((move) => move.sourceNodeId))].map(async (id) => {
      const own = moves.filter((move) => move.sourceNodeId === id);
      const answer = reading.answers.get(id);
      if (answer === undefined) return [];
      return await findBigKeys({ client: this.#options.connections.client(answer.endpoint, 'observe'), nodeId: id, moves: own, timeoutMs: this.#options.connection.commandTimeoutMs, signal });
    }));
    return risks.flat();
  }
}

function pairsIn(moves: readonly ForeseenMove[], { answers }: ClusterReading): Pair[] {
  const pairs: Pair[] = [];
  const targetsOf = new Map<NodeReading, Set<NodeReading>>();
  for (const { sourceNodeId, targetNodeId } of moves) {
    const source = answers.get(sourceNodeId);
    const target = answers.get(targetNodeId);
    if (source === undefined || target === undefined) continue;
    const targets = targetsOf.get(source) ?? new Set();
    if (targets.has(target)) continue;
    targetsOf.set(source, targets.add(target));
    pairs.push({ source, target });
  }
  return pairs;
}

/** FUNCTION LIST names `library_name`, MODULE LIST `name`. */
function nameIn(entry: Reply): string[] {
  const pairs = pairsOf(entry);
  const name = pairs.get('library_name') ?? pairs.get('name');
  return typeof name === 'string' ? [name] : [];
}

function targetMemory(moves: readonly ForeseenMove[], { answers }: ClusterReading): Risk[] {
  const leaving = bytesBy(moves, (move) => move.sourceNodeId);
  return [...bytesBy(moves, (move) => move.targetNodeId)].flatMap(([nodeId, arriving]): Risk[] => {
    const answer = answers.get(nodeId);
    const usedBytes = answer === undefined ? null : quantityOf(answer.info, 'used_memory');
    if (answer === undefined || usedBytes === null) return [];
    const maxBytes = quantityOf(answer.info, 'maxmemory') ?? 0;
    const isLimited = maxBytes > 0;
    const lineBytes = isLimited ? maxBytes : quantityOf(answer.info, 'total_system_memory') ?? 0;
    if (lineBytes === 0) return [];
    // What leaves it in the same plan may leave it later than this arrives: it is not counted off, only named.
    const afterBytes = usedBytes + arriving * ARRIVAL_OVERHEAD;
    const share = afterBytes / lineBytes;
    const policy = answer.info.get('maxmemory_policy') ?? 'noeviction';
    const evicts = isLimited && policy !== 'noeviction';
    const numbers = { usedBytes, arrivingBytes: Math.round(arriving), leavingBytes: Math.round(leaving.get(nodeId) ?? 0), afterBytes: Math.round(afterBytes), limitBytes: lineBytes };
    const where = nameOf(answer.view.self);
    const percent = `${Math.round(share * 100)} % of its ${isLimited ? 'maxmemory' : "machine's memory"}`;
    if (evicts && share > EVICTING_DANGER) {
      return [{ code: 'evicting-policy', severity: 'danger', nodeId, shardId: null, numbers, message: `${where} would hold ${percent} and throws keys away when full (${policy}): data would be lost without an error` }];
    }
    if (share > 1) return [{ code: 'target-memory', severity: isLimited ? 'danger' : 'warning', nodeId, shardId: null, numbers, message: `${where} would need ${percent}: moves would stop half-way with out of memory` }];
    if (evicts) return [{ code: 'evicting-policy', severity: 'warning', nodeId, shardId: null, numbers, message: `${where} throws keys away when full (${policy}); after the moves it holds ${percent}` }];
    return share > MEMORY_WARNING ? [{ code: 'target-memory', severity: 'warning', nodeId, shardId: null, numbers, message: `${where} holds ${percent} after the moves` }] : [];
  });
}

function bytesBy(moves: readonly ForeseenMove[], idOf: (move: ForeseenMove) => string): Map<string, number> {
  const known = moves.flatMap((move) => move.bytes ?? []);
  // Unknown sizes count as the mean of the known ones.
  const mean = known.length === 0 ? 0 : known.reduce((sum, bytes) => sum + bytes, 0) / known.length;
  const sums = new Map<string, number>();
  for (const move of moves) sums.set(idOf(move), (sums.get(idOf(move)) ?? 0) + (move.bytes ?? mean));
  return sums;
}

function versions(pairs: readonly Pair[]): Risk[] {
  const risks = new Map<string, Risk>();
  for (const { source, target } of pairs) {
    const from = versionOf(source);
    const to = versionOf(target);
    if (from === null || to === null || from.text === to.text) continue;
    const isOlder = from.engine === to.engine && (to.major < from.major || (to.major === from.major && to.minor < from.minor));
    risks.set(target.view.self.id, {
      code: 'version-difference', severity: isOlder ? 'danger' : 'notice', nodeId: target.view.self.id, shardId: null, numbers: { sourceMajor: from.major, sourceMinor: from.minor, targetMajor: to.major, targetMinor: to.minor },
      message: isOlder
        ? `${nameOf(target.view.self)} runs ${to.text}, older than ${from.text} of ${nameOf(source.view.self)}: it may not understand the values it is sent. Upgrade it first`
        : `${nameOf(target.view.self)} runs ${to.text}, ${nameOf(source.view.self)} ${from.text}`,
    });
  }
  return [...risks.values()];
}

function versionOf({ info }: NodeReading): { text: string; engine: 'Valkey' | 'Redis'; major: number; minor: number } | null {
  const engine = info.has('valkey_version') ? 'Valkey' : 'Redis';
  const version = info.get('valkey_version') ?? info.get('redis_version') ?? '';
  const [major, minor] = version.split('.').map(Number);
  return Number.isInteger(major) && Number.isInteger(minor) ? { text: `${engine} ${version}`, engine, major: major!, minor: minor! } : null;
}

/** Followers of either end that would be lost, or left further behind, by a flood of writes. */
function followers(moves: readonly ForeseenMove[], reading: ClusterReading): Risk[] {
  const ends = new Set<string>();
  for (const { sourceNodeId, targetNodeId } of moves) ends.add(sourceNodeId).add(targetNodeId);
  return [...reading.lines.values()].filter((line) => !isPrimary(line) && line.leaderId !== null && ends.has(line.leaderId)).flatMap((line): Risk[] => {
    const answer = reading.answers.get(line.id);
    const leader = line.leaderId === null ? undefined : reading.answers.get(line.leaderId);
    if (answer === undefined || answer.info.get('master_link_status') !== 'up') {
      return [{ code: 'follower-lag', severity: 'warning', nodeId: line.id, shardId: null, numbers: { linked: 0 }, message: `${nameOf(line)}, a follower of ${leader === undefined ? 'an end of the moves' : nameOf(leader.view.self)}, is not in sync: a failover meanwhile would lose writes` }];
    }
    const lagBytes = Math.max(0, (quantityOf(leader?.info ?? new Map(), 'master_repl_offset') ?? 0) - (quantityOf(answer.info, 'slave_repl_offset') ?? 0));
    return lagBytes > LAG_BYTES_WARNING
      ? [{ code: 'follower-lag', severity: 'warning', nodeId: line.id, shardId: null, numbers: { lagBytes, lineBytes: LAG_BYTES_WARNING }, message: `${nameOf(line)} is ${lagBytes} bytes behind its leader; moves wait while it falls further behind` }]
      : [];
  });
}
