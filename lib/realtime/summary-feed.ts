import type { ClusterSummary } from '@/lib/contract/cluster';
import type { ClusterView } from '@/lib/manager/ports';
import { sameValue } from './same-value';
import { NOTHING, type FeedChange, type SnapshotBody, type ViewFeed } from './view-feed';

/** The numbers and states of a cluster at a glance; a delta holds the top-level fields that changed. */
export class SummaryFeed implements ViewFeed {
  readonly unsettled = false;
  #sent: ClusterSummary;

  constructor(view: ClusterView) {
    this.#sent = view.summary;
  }

  snapshot(): SnapshotBody {
    return { view: 'summary', summary: this.#sent };
  }

  advance({ summary }: ClusterView): FeedChange {
    const patch = patchOf(this.#sent, summary);
    this.#sent = summary;
    return Object.keys(patch).length === 0 ? NOTHING : { kind: 'delta', body: { view: 'summary', patch } };
  }
}

function patchOf(before: ClusterSummary, after: ClusterSummary): Partial<ClusterSummary> {
  const keys = Object.keys(after) as (keyof ClusterSummary)[];
  return Object.fromEntries(keys.filter((key) => !sameValue(before[key], after[key])).map((key) => [key, after[key]]));
}
