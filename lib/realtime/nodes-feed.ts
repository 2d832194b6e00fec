import type { Node } from '@/lib/contract/node';
import type { ClusterView } from '@/lib/manager/ports';
import { atOnce } from '@/lib/platform/in-turns';
import { sameValue } from './same-value';
import { NOTHING, type FeedChange, type SnapshotBody, type ViewFeed } from './view-feed';
import { NodeMetricRows } from './wire-columns';

/** Nodes that are compared before others get their turn: some thirty fields each, most of them the same objects. */
const NODES_PER_TURN = 500;

/**
 * All nodes, sorted by id. A node of which only numbers changed travels as one row of
 * columns; any other change sends the node whole.
 */
export class NodesFeed implements ViewFeed {
  readonly unsettled = false;
  #sent: readonly Node[];
  /** The list that `#sent` was brought up to: while shards move, most pictures have the same nodes. */
  #seen: readonly Node[];
  #prepared: NodesChange | null = null;

  constructor(view: ClusterView) {
    this.#sent = view.nodes;
    this.#seen = view.nodes;
  }

  snapshot(): SnapshotBody {
    return { view: 'nodes', nodes: this.#sent };
  }

  *preparing({ nodes }: ClusterView): Generator<void, void> {
    if (nodes === this.#seen) return;
    const prepared = yield* comparing(this.#sent, nodes);
    // What is sent may take as long again.
    if (nodes.length > NODES_PER_TURN) yield;
    this.#prepared = prepared;
  }

  advance({ nodes }: ClusterView): FeedChange {
    const prepared = this.#prepared;
    this.#prepared = null;
    if (nodes === this.#seen) return NOTHING;
    const isReady = prepared?.before === this.#sent && prepared.nodes === nodes;
    const { upserts, removed, numbers, held } = isReady ? prepared : atOnce(comparing(this.#sent, nodes));
    this.#seen = nodes;
    this.#sent = held;
    const metrics = numbers.encoded();
    if (upserts.length === 0 && removed.length === 0 && metrics === null) return NOTHING;
    return { kind: 'delta', body: { view: 'nodes', upserts, removed, metrics } };
  }
}

/** What leads from the nodes `before` to `nodes`. */
interface NodesChange {
  readonly before: readonly Node[];
  readonly nodes: readonly Node[];
  readonly upserts: readonly Node[];
  readonly removed: readonly string[];
  readonly numbers: NodeMetricRows;
  /** What clients hold after it: `nodes`, but for what of them is not worth telling. */
  readonly held: readonly Node[];
}

/** Both lists are sorted by id, and are gone through side by side, with a rest after so many nodes. */
function* comparing(before: readonly Node[], nodes: readonly Node[]): Generator<void, NodesChange> {
  const upserts: Node[] = [];
  const removed: string[] = [];
  const numbers = new NodeMetricRows(nodes.length);
  let held: Node[] | null = null;
  let at = 0;
  for (let position = 0; position < nodes.length; position += 1) {
    if (position > 0 && position % NODES_PER_TURN === 0) yield;
    const node = nodes[position]!;
    for (; at < before.length && before[at]!.id < node.id; at += 1) removed.push(before[at]!.id);
    const known = before[at]?.id === node.id ? before[at] : undefined;
    if (known !== undefined) at += 1;
    if (known === node) continue;
    if (known === undefined || !sameButNumbers(known, node)) {
      upserts.push(node);
      continue;
    }
    if (!sameNumbers(known, node)) numbers.add(position, node);
    if (known.livenessReason.silentMs === node.livenessReason.silentMs) continue;
    held ??= [...nodes];
    held[position] = { ...node, livenessReason: known.livenessReason };
  }
  for (; at < before.length; at += 1) removed.push(before[at]!.id);
  return { before, nodes, upserts, removed, numbers, held: held ?? nodes };
}

/** What is not equal at once is compared in content; a reading leaves what it tells again as it was (see applyObservation). */
function sameButNumbers(a: Node, b: Node): boolean {
  return a.name === b.name && a.address === b.address && a.pool === b.pool && a.lifecycle === b.lifecycle
    && a.liveness === b.liveness && a.livenessSinceMs === b.livenessSinceMs && a.incarnation === b.incarnation
    && a.version === b.version && a.cordoned === b.cordoned && a.maintenanceUntilMs === b.maintenanceUntilMs
    && a.quarantinedUntilMs === b.quarantinedUntilMs && a.followerOf === b.followerOf
    && sameValue(a.domain, b.domain) && sameValue(a.capacity, b.capacity) && sameValue(a.labels, b.labels)
    && sameValue(a.flags, b.flags) && sameReason(a, b);
}

/** How long ago an answering node answered differs with every reading and tells nobody anything; for a silent node it does. */
function sameReason(a: Node, b: Node): boolean {
  if (a.livenessReason.code !== b.livenessReason.code || a.livenessReason.limitMs !== b.livenessReason.limitMs) return false;
  return b.liveness === 'alive' || a.livenessReason.silentMs === b.livenessReason.silentMs;
}

/** What differs with every reading comes first. */
function sameNumbers(a: Node, b: Node): boolean {
  return a.observedAtMs === b.observedAtMs && sameValue(a.usage, b.usage) && sameValue(a.stats, b.stats);
}
