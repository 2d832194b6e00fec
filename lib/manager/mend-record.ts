import type { Operation } from '@/lib/contract/operation';
import type { MendResult } from '@/lib/contract/shard-mending';

/** The record with what came of the step that this stage carried out; shards count as its moves. */
export function withMended({ mending, stages, progress }: Operation, index: number, result: MendResult): Pick<Operation, 'mending' | 'progress'> {
  const position = stages.slice(0, index).filter(({ kind }) => kind === 'mend-shards').length;
  const shardCount = mending?.steps[position]?.shardCount ?? 0;
  const failed = result.keptShardIds.length;
  return {
    mending: mending && { steps: mending.steps.map((step, at) => (at === position ? { ...step, result } : step)) },
    progress: { ...progress, movesDone: progress.movesDone + shardCount - failed, movesFailed: progress.movesFailed + failed, keysDone: progress.keysDone + result.keysMoved },
  };
}
