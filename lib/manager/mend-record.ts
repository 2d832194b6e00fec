import type { Operation } from '@/lib/contract/operation';
import type { MendResult, MendStep } from '@/lib/contract/shard-mending';
import { shardsIn } from '@/lib/core/mending/find-remedies';

/** The record with what came of the step that this stage carried out; shards count as its moves. */
export function withMended({ mending, stages, progress }: Operation, index: number, result: MendResult): Pick<Operation, 'mending' | 'progress'> {
  const position = stages.slice(0, index).filter(({ kind }) => kind === 'mend-shards').length;
  const steps = (mending?.steps ?? []).map((step, at) => (at === position ? { ...step, result } : step));
  return {
    mending: mending && { steps },
    progress: { ...progress, ...shardsDone(steps), keysDone: progress.keysDone + result.keysMoved },
  };
}

/** A shard is done when every step that it is part of is. */
function shardsDone(steps: readonly MendStep[]): { readonly movesDone: number; readonly movesFailed: number } {
  const kept = new Set(steps.flatMap(({ result }) => result?.keptShardIds ?? []));
  const due = new Set(steps.flatMap(({ result, ranges }) => (result === null ? shardsIn(ranges) : [])));
  const begun = new Set(steps.flatMap(({ result, ranges }) => (result === null ? [] : shardsIn(ranges))));
  return { movesDone: [...begun].filter((shardId) => !due.has(shardId) && !kept.has(shardId)).length, movesFailed: kept.size };
}
