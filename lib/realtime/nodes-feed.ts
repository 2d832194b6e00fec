import type { Node } from '@/lib/contract/node';
import type { ClusterView } from '@/lib/manager/ports';
import { sameValue } from './same-value';
import { NOTHING, type FeedChange, type SnapshotBody, type ViewFeed } from './view-feed';
import { encodeNodeMetrics, nodeMetricsOf } from './wire-columns';

/**
 * All nodes, sorted by id. A node of which only numbers changed travels as one row of
 * columns; any other change sends the node whole.
 */
export class NodesFeed implements ViewFeed {
  readonly unsettled = false;
  #sent: readonly Node[];
  /** The list that `#sent` was brought up to: while shards move, most pictures have the same nodes. */
  #seen: readonly Node[];

  constructor(view: ClusterView) {
    this.#sent = view.nodes;
    this.#seen = view.nodes;
  }

  snapshot(): SnapshotBody {
    return { view: 'nodes', nodes: this.#sent };
  }

  advance(view: ClusterView): FeedChange {
    if (view.nodes === this.#seen) return NOTHING;
    this.#seen = view.nodes;
    const before = new Map(this.#sent.map((node) => [node.id, node]));
    const upserts: Node[] = [];
    const withNewNumbers: number[] = [];
    const next = view.nodes.map((node, position) => {
      const known = before.get(node.id);
      before.delete(node.id);
      if (known === undefined || !sameButNumbers(known, node)) {
        upserts.push(node);
        return node;
      }
      if (!sameValue(nodeMetricsOf(known), nodeMetricsOf(node))) withNewNumbers.push(position);
      return known.livenessReason.silentMs === node.livenessReason.silentMs ? node : { ...node, livenessReason: known.livenessReason };
    });
    const removed = [...before.keys()];
    this.#sent = next;
    if (upserts.length === 0 && removed.length === 0 && withNewNumbers.length === 0) return NOTHING;
    const metrics = withNewNumbers.length === 0 ? null : encodeNodeMetrics(next, withNewNumbers);
    return { kind: 'delta', body: { view: 'nodes', upserts, removed, metrics } };
  }
}

const COMPARED = [
  'name', 'address', 'domain', 'pool', 'lifecycle', 'liveness', 'livenessSinceMs', 'incarnation', 'capacity', 'version', 'labels',
  'cordoned', 'maintenanceUntilMs', 'quarantinedUntilMs', 'flags', 'followerOf',
] as const satisfies readonly (keyof Node)[];

function sameButNumbers(a: Node, b: Node): boolean {
  return COMPARED.every((field) => sameValue(a[field], b[field])) && sameReason(a, b);
}

/** How long ago an answering node answered differs with every reading and tells nobody anything; for a silent node it does. */
function sameReason(a: Node, b: Node): boolean {
  if (a.livenessReason.code !== b.livenessReason.code || a.livenessReason.limitMs !== b.livenessReason.limitMs) return false;
  return b.liveness === 'alive' || a.livenessReason.silentMs === b.livenessReason.silentMs;
}
