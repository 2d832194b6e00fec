import type { MoveRecord } from '@/lib/contract/operation';
import type { Wave } from '@/lib/contract/plan-proof';

/** A move with what only the running process knows of it. */
export interface ExecutionMove extends MoveRecord {
  /** A driver call for it is under way. */
  readonly inFlight: boolean;
  /** Not before then, monotonic; `null` = at once. */
  readonly retryAtMonotonicMs: number | null;
  /** The first move of the batch that it is carried in, while in flight; its own index when it goes alone. */
  readonly batch: number;
  /** Source and target, for counting by pair. */
  readonly pair: string;
  /** Moves of one wave do not rest on each other; waves ascend with the plan. */
  readonly wave: number;
}

const CHUNK = 64;

/**
 * An immutable list with cheap replacement: a plan may have a hundred thousand moves and
 * each changes a few times, so copying one flat array every time would be quadratic.
 */
export class MoveList {
  private constructor(
    /** Never changed once it is part of a list. */
    private readonly chunks: readonly ExecutionMove[][],
    readonly length: number,
    /** Does any shard occur twice? Most plans move each once, and then nobody needs to look. */
    readonly shardsRepeat: boolean,
    /** Distinct pairs of source and target. */
    readonly pairCount: number,
  ) {}

  /** A move outside the waves that the plan names is a wave of its own. */
  static from(moves: readonly MoveRecord[], waves: readonly Pick<Wave, 'fromStep' | 'stepCount'>[]): MoveList {
    const chunks: ExecutionMove[][] = [];
    const shards = new Set<number>();
    const pairs = new Pairs();
    let wave = 0;
    const waveOf = (index: number): number => {
      while (wave < waves.length && index >= waves[wave]!.fromStep + waves[wave]!.stepCount) wave += 1;
      return wave < waves.length ? wave : waves.length + index;
    };
    for (let start = 0; start < moves.length; start += CHUNK) {
      const chunk: ExecutionMove[] = [];
      for (const { index, step, status, attempt, bytesDone, keysDone, startedAtMs, finishedAtMs, failure } of moves.slice(start, start + CHUNK)) {
        shards.add(step.shardId);
        chunk.push({ index, step, status, attempt, bytesDone, keysDone, startedAtMs, finishedAtMs, failure, inFlight: false, retryAtMonotonicMs: null, batch: index, pair: pairs.of(step), wave: waveOf(index) });
      }
      chunks.push(chunk);
    }
    return new MoveList(chunks, moves.length, shards.size < moves.length, pairs.count);
  }

  at(index: number): ExecutionMove | undefined {
    return this.chunks[Math.floor(index / CHUNK)]?.[index % CHUNK];
  }

  /** With these in the place of those of the same index; each part of the list is copied once for all of them. */
  withAll(moves: readonly ExecutionMove[]): MoveList {
    const chunks: ExecutionMove[][] = [...this.chunks];
    for (const move of moves) {
      const at = Math.floor(move.index / CHUNK);
      const chunk = chunks[at];
      if (chunk === undefined) continue;
      if (chunk === this.chunks[at]) chunks[at] = [...chunk];
      chunks[at]![move.index % CHUNK] = move;
    }
    return new MoveList(chunks, this.length, this.shardsRepeat, this.pairCount);
  }

  *[Symbol.iterator](): Generator<ExecutionMove> {
    for (const chunk of this.chunks) yield* chunk;
  }
}

/** One string for all moves of a pair: a hundred thousand that are put together anew are slow to make and to compare. */
class Pairs {
  readonly #names = new Map<string, Map<string, string>>();
  count = 0;

  of({ sourceNodeId, targetNodeId }: MoveRecord['step']): string {
    const ofSource = this.#names.get(sourceNodeId) ?? new Map<string, string>();
    const known = ofSource.get(targetNodeId);
    if (known !== undefined) return known;
    const pair = `${sourceNodeId} ${targetNodeId}`;
    this.#names.set(sourceNodeId, ofSource.set(targetNodeId, pair));
    this.count += 1;
    return pair;
  }
}
