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
    private readonly chunks: readonly (readonly ExecutionMove[])[],
    readonly length: number,
    /** Does any shard occur twice? Most plans move each once, and then nobody needs to look. */
    readonly shardsRepeat: boolean,
    /** Distinct pairs of source and target. */
    readonly pairCount: number,
  ) {}

  /** A move outside the waves that the plan names is a wave of its own. */
  static from(moves: readonly MoveRecord[], waves: readonly Pick<Wave, 'fromStep' | 'stepCount'>[]): MoveList {
    const chunks: ExecutionMove[][] = [];
    let wave = 0;
    const waveOf = (index: number): number => {
      while (wave < waves.length && index >= waves[wave]!.fromStep + waves[wave]!.stepCount) wave += 1;
      return wave < waves.length ? wave : waves.length + index;
    };
    for (let start = 0; start < moves.length; start += CHUNK) {
      chunks.push(moves.slice(start, start + CHUNK).map((move) => ({ ...move, inFlight: false, retryAtMonotonicMs: null, batch: move.index, pair: `${move.step.sourceNodeId} ${move.step.targetNodeId}`, wave: waveOf(move.index) })));
    }
    return new MoveList(chunks, moves.length, new Set(moves.map((move) => move.step.shardId)).size < moves.length, new Set(chunks.flatMap((chunk) => chunk.map(({ pair }) => pair))).size);
  }

  at(index: number): ExecutionMove | undefined {
    return this.chunks[Math.floor(index / CHUNK)]?.[index % CHUNK];
  }

  with(index: number, move: ExecutionMove): MoveList {
    const chunkIndex = Math.floor(index / CHUNK);
    const chunk = this.chunks[chunkIndex];
    if (chunk === undefined) return this;
    return new MoveList(this.chunks.with(chunkIndex, chunk.with(index % CHUNK, move)), this.length, this.shardsRepeat, this.pairCount);
  }

  *[Symbol.iterator](): Generator<ExecutionMove> {
    for (const chunk of this.chunks) yield* chunk;
  }
}
