import type { LiveDelta, LiveSnapshot } from '@/lib/contract/live';
import type { ClusterView } from '@/lib/manager/ports';

/**
 * What one view of one cluster has told its clients. A feed holds the picture that a
 * client has after everything sent so far, no more and no less: a snapshot is that
 * picture, and a delta is what leads from it to the next one. So whoever joins between
 * two deltas starts exactly where the next delta starts.
 */
export interface ViewFeed {
  /** The picture held. Its bytes are only good until the next `advance`. */
  snapshot(): SnapshotBody;
  /** What `advance` will need and takes long, with a rest where one may be taken: the picture stays as it is. */
  preparing?(view: ClusterView, options: { readonly settle: boolean }): Generator<void, void>;
  /** Moves the picture towards `view`. `settle`: nothing else is going on, so also send what was put off. */
  advance(view: ClusterView, options: { readonly settle: boolean }): FeedChange;
  /** Something was put off: `advance` has more to send although nothing changed. */
  readonly unsettled: boolean;
}

export type FeedChange =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'delta'; readonly body: DeltaBody }
  /** No delta leads there: every client needs the snapshot. */
  | { readonly kind: 'replaced' };

type Without<T, Field extends string> = T extends unknown ? Omit<T, Field> : never;
export type SnapshotBody = Without<LiveSnapshot, 'clusterId' | 'epoch' | 'sentAtMs' | 'revision'>;
export type DeltaBody = Without<LiveDelta, 'clusterId' | 'epoch' | 'sentAtMs' | 'fromRevision' | 'toRevision'>;

export const NOTHING: FeedChange = { kind: 'nothing' };
