import { NodeObservationSchema, ObservationSchema, OBSERVED_NODES_MAX, type NodeObservation, type Observation } from '@/lib/contract/observation';
import { err, ok, type Result } from '@/lib/platform/result';

/** Nodes that are parsed before others get their turn: two milliseconds of work. */
const NODES_PER_TURN = 256;

/**
 * What a driver has read, found to be what it must be, with a rest after every few hundred
 * nodes. @returns why it is not, in words, or the reading.
 */
export function* parsingObservation(read: Observation): Generator<void, Result<Observation, string>> {
  const inPortions = Array.isArray(read.nodes) && read.nodes.length > NODES_PER_TURN && read.nodes.length <= OBSERVED_NODES_MAX;
  const parsed = ObservationSchema.safeParse(inPortions ? { ...read, nodes: read.nodes.slice(0, NODES_PER_TURN) } : read);
  if (!parsed.success) return err(complaintOf(parsed.error.issues[0]));
  const nodes: NodeObservation[] = parsed.data.nodes;
  for (let at = NODES_PER_TURN; inPortions && at < read.nodes.length; at += 1) {
    if (at % NODES_PER_TURN === 0) yield;
    const node = NodeObservationSchema.safeParse(read.nodes[at]);
    if (!node.success) {
      const issue = node.error.issues[0];
      return err(complaintOf(issue === undefined ? undefined : { ...issue, path: ['nodes', at, ...issue.path] }));
    }
    nodes.push(node.data);
  }
  return ok(parsed.data);
}

function complaintOf(issue: { readonly path: readonly PropertyKey[]; readonly message: string } | undefined): string {
  return `The driver's reading is malformed at ${issue?.path.join('.') ?? '?'}: ${issue?.message ?? '?'}`;
}
