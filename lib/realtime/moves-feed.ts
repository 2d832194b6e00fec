import type { LiveMove } from '@/lib/contract/live';
import type { ClusterView, MoveInFlight } from '@/lib/manager/ports';
import { sameValue } from './same-value';
import { NOTHING, type FeedChange, type SnapshotBody, type ViewFeed } from './view-feed';

/** The moves under way. They are few and most of them change each time, so they travel whole. */
export class MovesFeed implements ViewFeed {
  readonly unsettled = false;
  #sent: readonly LiveMove[];

  constructor(view: ClusterView) {
    this.#sent = view.movesInFlight.map(liveMoveOf);
  }

  snapshot(): SnapshotBody {
    return { view: 'moves', moves: this.#sent };
  }

  advance(view: ClusterView): FeedChange {
    const moves = view.movesInFlight.map(liveMoveOf);
    if (sameValue(moves, this.#sent)) return NOTHING;
    this.#sent = moves;
    return { kind: 'delta', body: { view: 'moves', moves } };
  }
}

function liveMoveOf({ operationId, index, step, status, bytesDone }: MoveInFlight): LiveMove {
  return {
    operationId, index, status, bytesDone,
    shardId: step.shardId,
    sourceNodeId: step.sourceNodeId,
    targetNodeId: step.targetNodeId,
    bytes: step.kind === 'move' ? step.bytes : null,
  };
}
