import type { DriverFailure } from '@/lib/contract/operation';
import { err, type Result } from '@/lib/platform/result';
import type { StepOutcome, StepProgress } from '../driver';
import { MOVING, NODE } from './cluster-parameters';
import type { CopyLoad } from './node-loads';
import type { Role } from './placement';

/** Somebody who waits for a move. Several may wait for the same one; it keeps to the lowest limit. */
export interface MoveRun {
  /** Bytes per simulated second; null = no limit. */
  bytesPerSecondMax: number | null;
  ended: Result<StepOutcome, DriverFailure> | null;
}

export interface MoveIds {
  readonly shardId: number;
  readonly role: Role;
  /** Node indexes. */
  readonly source: number;
  readonly target: number;
}

export interface OpenMove extends MoveIds {
  /** The node the bytes are read from: the source, or the primary when the source is down. */
  readonly origin: number;
  readonly bytes: number;
  readonly keyCount: number;
  stage: StepProgress['stage'];
  /** Copied at `sinceMs`. */
  bytesDone: number;
  sinceMs: number;
  /** Copied per simulated millisecond since then. */
  bytesPerMs: number;
  /** When the present stage ends if nothing changes; Infinity while nobody runs it. */
  stageEndsMs: number;
  idleSinceMs: number;
  readonly runs: Set<MoveRun>;
}

/** Bytes per second a node has for copies, in all. */
export interface Spare {
  readonly network: number;
  readonly disk: number;
}

/**
 * The moves that have begun and not ended, at most one per shard (M1). A move copies,
 * verifies, commits. Between two changes of speed its progress is a straight line, so it
 * costs nothing to watch and ends at an instant that is known in advance. One that nobody
 * runs stands still with its partial copy, until somebody goes on with it, reverts it, or
 * its node drops it after MOVING.abandonedMs.
 */
export class Moves {
  readonly #open = new Map<number, OpenMove>();

  get(shardId: number): OpenMove | null {
    return this.#open.get(shardId) ?? null;
  }

  all(): IterableIterator<OpenMove> {
    return this.#open.values();
  }

  /** Is any move being run? Then speeds follow the load. */
  get running(): boolean {
    for (const move of this.#open.values()) if (move.runs.size > 0) return true;
    return false;
  }

  add(move: MoveIds & { origin: number; bytes: number; keyCount: number; bytesDone: number }, nowMs: number): OpenMove {
    const opened: OpenMove = { ...move, stage: 'copying', sinceMs: nowMs, bytesPerMs: 0, stageEndsMs: Infinity, idleSinceMs: nowMs, runs: new Set() };
    this.#open.set(move.shardId, opened);
    return opened;
  }

  /** Stops at the safe point it is at: the source is complete until the very end of the commit. */
  detach(move: OpenMove, run: MoveRun, nowMs: number): void {
    move.runs.delete(run);
    if (move.runs.size > 0) return;
    settle(move, nowMs);
    // What was verified is verified again by the next run: writes went on meanwhile.
    move.stage = 'copying';
    move.bytesPerMs = 0;
    move.stageEndsMs = Infinity;
    move.idleSinceMs = nowMs;
  }

  /** Drops the partial copy; whoever waits for the move is told. */
  end(move: OpenMove, result: Result<StepOutcome, DriverFailure>): void {
    this.#open.delete(move.shardId);
    for (const run of move.runs) run.ended = result;
  }

  fail(move: OpenMove, failure: DriverFailure): void {
    this.end(move, err(failure));
  }

  nextEventMs(): number {
    let next = Infinity;
    for (const move of this.#open.values()) next = Math.min(next, move.runs.size > 0 ? move.stageEndsMs : move.idleSinceMs + MOVING.abandonedMs);
    return next;
  }

  /** Goes through the stages that end by `nowMs`; returns the moves that are to be committed now. */
  advance(nowMs: number): OpenMove[] {
    const finished: OpenMove[] = [];
    for (const move of [...this.#open.values()]) {
      if (move.runs.size === 0) {
        if (move.idleSinceMs + MOVING.abandonedMs <= nowMs) this.#open.delete(move.shardId);
        continue;
      }
      if (move.stageEndsMs > nowMs) continue;
      if (move.stage === 'committing') {
        finished.push(move);
        continue;
      }
      const copied = move.stage === 'copying';
      settle(move, nowMs);
      move.bytesDone = move.bytes;
      move.bytesPerMs = 0;
      move.stage = copied ? 'verifying' : 'committing';
      move.stageEndsMs = nowMs + (copied ? MOVING.verifyMs + (move.bytes / MOVING.verifyBytesPerSecond) * 1_000 : MOVING.commitMs);
    }
    return finished;
  }

  /**
   * Sets every copy's speed: the lowest of its throttle and an even share of what its two
   * ends have to spare in network and disk at this moment.
   */
  setSpeeds(nowMs: number, spareOf: (node: number) => Spare): void {
    const copying = [...this.#open.values()].filter((move) => move.stage === 'copying' && move.runs.size > 0);
    const copiesAt = new Map<number, number>();
    for (const move of copying) for (const node of [move.origin, move.target]) copiesAt.set(node, (copiesAt.get(node) ?? 0) + 1);
    for (const move of copying) {
      settle(move, nowMs);
      let bytesPerSecond = Infinity;
      for (const run of move.runs) if (run.bytesPerSecondMax !== null) bytesPerSecond = Math.min(bytesPerSecond, run.bytesPerSecondMax);
      for (const node of [move.origin, move.target]) {
        const spare = spareOf(node);
        bytesPerSecond = Math.min(bytesPerSecond, Math.min(spare.network, spare.disk) / copiesAt.get(node)!);
      }
      move.bytesPerMs = Math.max(0, bytesPerSecond) / 1_000;
      const bytesLeft = move.bytes - move.bytesDone;
      move.stageEndsMs = bytesLeft <= 0 ? nowMs : move.bytesPerMs > 0 ? nowMs + bytesLeft / move.bytesPerMs : Infinity;
    }
  }

  /** What the copies take at their ends now, by node index. Nodes without any are absent. */
  copyLoads(nowMs: number): Map<number, CopyLoad> {
    const loads = new Map<number, CopyLoad>();
    const add = (node: number, bytesPerSecond: number, partialBytes: number) => {
      const before = loads.get(node);
      loads.set(node, {
        networkBytesPerSecond: (before?.networkBytesPerSecond ?? 0) + bytesPerSecond,
        cpuCores: (before?.cpuCores ?? 0) + bytesPerSecond * MOVING.cpuSecondsPerByte,
        partialBytes: (before?.partialBytes ?? 0) + partialBytes,
      });
    };
    for (const move of this.#open.values()) {
      add(move.origin, move.bytesPerMs * 1_000, 0);
      add(move.target, move.bytesPerMs * 1_000, bytesDoneAt(move, nowMs));
    }
    return loads;
  }
}

export function progressOf(move: OpenMove, nowMs: number): StepProgress {
  const bytesDone = Math.floor(bytesDoneAt(move, nowMs));
  return { stage: move.stage, bytesDone, keysDone: move.bytes === 0 ? move.keyCount : Math.floor((move.keyCount * bytesDone) / move.bytes) };
}

export function bytesDoneAt(move: OpenMove, nowMs: number): number {
  return Math.min(move.bytes, move.bytesDone + move.bytesPerMs * (nowMs - move.sinceMs));
}

function settle(move: OpenMove, nowMs: number): void {
  move.bytesDone = bytesDoneAt(move, nowMs);
  move.sinceMs = nowMs;
}

/** Copies leave clients their headroom, and always have a little. */
export function spareOf(clientNetworkBytesPerSecond: number, slowFactor: number): Spare {
  const free = NODE.networkBytesPerSecond * (1 - MOVING.headroomShare) - clientNetworkBytesPerSecond;
  return {
    network: Math.max(free, NODE.networkBytesPerSecond * MOVING.spareShareMin) / slowFactor,
    disk: NODE.diskBytesPerSecond / slowFactor,
  };
}
