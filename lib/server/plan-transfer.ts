/**
 * Plans and cluster states on their way between threads. As objects a plan of 100,000
 * steps would hold the receiving thread for a fifth of a second while it is unpacked, and
 * the columns of a million shards would be copied in one go. So steps travel as columns
 * that change hands without a copy and are unpacked in portions, and a state's columns
 * are copied one after the other.
 */
import { BALANCE_DIMENSIONS } from '@/lib/contract/imbalance';
import { MoveReasonSchema, type MoveReason, type Plan, type PlanStep } from '@/lib/contract/plan';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import type { MadeMove } from '@/lib/manager/known-moves';
import type { PlanWish } from '@/lib/manager/planner';
import { ITEMS_PER_TURN, nextTurn } from '@/lib/platform/in-turns';

export interface PackedPlan {
  /** With no steps in it. */
  readonly rest: Plan;
  readonly steps: StepColumns;
}

interface StepColumns {
  readonly count: number;
  readonly nodeIds: readonly string[];
  readonly kind: Uint8Array;
  readonly shardId: Int32Array;
  readonly source: Int32Array;
  readonly target: Int32Array;
  /** NaN = unknown, as in the next ones. */
  readonly bytes: Float64Array;
  readonly keyCount: Float64Array;
  readonly code: Uint8Array;
  readonly dimension: Uint8Array;
  /** Four per step: source before and after, target before and after. */
  readonly values: Float64Array;
}

/** Moves that were made, of a journal. */
export interface PackedMoves {
  readonly steps: StepColumns;
  readonly index: Float64Array;
  /** NaN = it did not end. */
  readonly finishedAtMs: Float64Array;
}

/** Moves of a journal, of which only those that were done count for the way back. */
export type PackedWish = Exclude<PlanWish, { kind: 'reverse' }> | (Omit<Extract<PlanWish, { kind: 'reverse' }>, 'moves'> & { readonly moves: PackedMoves });

const KINDS = ['primary', 'secondary', 'transfer'] as const;
const CODES = MoveReasonSchema.shape.code.options;

export function packPlan(plan: Plan): PackedPlan {
  const packer = new StepPacker(plan.steps.length);
  for (const step of plan.steps) packer.add(step);
  return { rest: { ...plan, steps: [] }, steps: packer.columns };
}

/** In turns, as journals are as long as plans. */
export async function packWish(wish: PlanWish): Promise<{ readonly wish: PackedWish; readonly buffers: ArrayBuffer[] }> {
  if (wish.kind !== 'reverse') return { wish, buffers: [] };
  const done = wish.moves.filter((move) => move.status === 'done');
  const packer = new StepPacker(done.length);
  const [index, finishedAtMs] = [new Float64Array(done.length), new Float64Array(done.length)];
  for (const [at, move] of done.entries()) {
    if (at % ITEMS_PER_TURN === 0) await nextTurn();
    packer.add(move.step);
    index[at] = move.index;
    finishedAtMs[at] = move.finishedAtMs ?? NaN;
  }
  return { wish: { ...wish, moves: { steps: packer.columns, index, finishedAtMs } }, buffers: [...buffersOf(packer.columns), index.buffer, finishedAtMs.buffer] };
}

/** In the thread that plans. */
export function unpackWish(wish: PackedWish): PlanWish {
  if (wish.kind !== 'reverse') return wish;
  const { steps, index, finishedAtMs } = wish.moves;
  const moves = Array.from(index, (position, at): MadeMove => ({ index: position, status: 'done', step: stepAt(steps, at), finishedAtMs: known(finishedAtMs[at]) }));
  return { ...wish, moves };
}

class StepPacker {
  readonly #indexOf = new Map<string, number>();
  readonly #nodeIds: string[] = [];
  readonly columns: StepColumns;
  #at = 0;

  constructor(count: number) {
    this.columns = {
      count, nodeIds: this.#nodeIds,
      kind: new Uint8Array(count), shardId: new Int32Array(count), source: new Int32Array(count), target: new Int32Array(count),
      bytes: new Float64Array(count).fill(NaN), keyCount: new Float64Array(count).fill(NaN), code: new Uint8Array(count), dimension: new Uint8Array(count), values: new Float64Array(4 * count),
    };
  }

  add(step: PlanStep): void {
    const { columns } = this;
    const { reason } = step;
    const at = this.#at;
    this.#at += 1;
    columns.kind[at] = step.kind === 'transfer' ? 2 : step.role === 'primary' ? 0 : 1;
    columns.shardId[at] = step.shardId;
    columns.source[at] = this.#nodeIndex(step.sourceNodeId);
    columns.target[at] = this.#nodeIndex(step.targetNodeId);
    if (step.kind === 'move') {
      columns.bytes[at] = step.bytes ?? NaN;
      columns.keyCount[at] = step.keyCount ?? NaN;
    }
    columns.code[at] = CODES.indexOf(reason.code);
    columns.dimension[at] = BALANCE_DIMENSIONS.indexOf(reason.dimension);
    [reason.sourceBefore, reason.sourceAfter, reason.targetBefore, reason.targetAfter].forEach((value, index) => { columns.values[4 * at + index] = value ?? NaN; });
  }

  #nodeIndex(nodeId: string): number {
    const known = this.#indexOf.get(nodeId);
    if (known !== undefined) return known;
    this.#indexOf.set(nodeId, this.#nodeIds.length);
    this.#nodeIds.push(nodeId);
    return this.#nodeIds.length - 1;
  }
}

/** What changes hands without a copy. */
export function buffersOf(steps: StepColumns): ArrayBuffer[] {
  return Object.values(steps).flatMap((column) => (ArrayBuffer.isView(column) ? [column.buffer as ArrayBuffer] : []));
}

export async function unpackPlan({ rest, steps }: PackedPlan): Promise<Plan> {
  const unpacked: PlanStep[] = [];
  while (unpacked.length < steps.count) {
    const until = Math.min(steps.count, unpacked.length + ITEMS_PER_TURN);
    for (let at = unpacked.length; at < until; at += 1) unpacked.push(stepAt(steps, at));
    if (until < steps.count) await nextTurn();
  }
  return { ...rest, steps: unpacked };
}

function known(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}

function stepAt(columns: StepColumns, at: number): PlanStep {
  const reason: MoveReason = {
    code: CODES[columns.code[at]!]!, dimension: BALANCE_DIMENSIONS[columns.dimension[at]!]!,
    sourceBefore: known(columns.values[4 * at]), sourceAfter: known(columns.values[4 * at + 1]), targetBefore: known(columns.values[4 * at + 2]), targetAfter: known(columns.values[4 * at + 3]),
  };
  const ends = { shardId: columns.shardId[at]!, sourceNodeId: columns.nodeIds[columns.source[at]!]!, targetNodeId: columns.nodeIds[columns.target[at]!]! };
  const kind = KINDS[columns.kind[at]!]!;
  if (kind === 'transfer') return { kind, ...ends, reason };
  return { kind: 'move', ...ends, role: kind, bytes: known(columns.bytes[at]), keyCount: known(columns.keyCount[at]), reason };
}

/** A copy of the state whose columns may change hands, made in turns; the epochs of shards are nothing that planning asks for. */
export async function copyOfState(state: ClusterState): Promise<{ readonly state: ClusterState; readonly buffers: ArrayBuffer[] }> {
  const { shards } = state;
  const buffers: ArrayBuffer[] = [];
  const copied = async <T extends Float32Array | Float64Array | Int16Array>(column: T): Promise<T> => {
    await nextTurn();
    const copy = column.slice() as T;
    buffers.push(copy.buffer as ArrayBuffer);
    return copy;
  };
  return {
    state: {
      ...state,
      shards: {
        ...shards,
        replicas: await copied(shards.replicas),
        sizeBytes: await copied(shards.sizeBytes),
        keyCount: await copied(shards.keyCount),
        load: {
          cpu: await copied(shards.load.cpu),
          readsPerSecond: await copied(shards.load.readsPerSecond),
          writesPerSecond: await copied(shards.load.writesPerSecond),
          networkBytesPerSecond: await copied(shards.load.networkBytesPerSecond),
        },
        epoch: new Float64Array(0),
      },
    },
    buffers,
  };
}
