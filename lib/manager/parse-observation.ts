import { NodeObservationSchema, ObservationSchema, OBSERVED_NODES_MAX, type NodeObservation, type Observation } from '@/lib/contract/observation';
import { ITEMS_PER_TURN } from '@/lib/platform/in-turns';
import { err, ok, type Result } from '@/lib/platform/result';

/**
 * What a driver has read, found to be what it must be, with a rest after every few hundred
 * nodes. @returns why it is not, in words, or the reading.
 */
export function* parsingObservation(read: Observation): Generator<void, Result<Observation, string>> {
  const inPortions = Array.isArray(read.nodes) && read.nodes.length > ITEMS_PER_TURN && read.nodes.length <= OBSERVED_NODES_MAX;
  const parsed = ObservationSchema.safeParse(inPortions ? { ...read, nodes: read.nodes.slice(0, ITEMS_PER_TURN) } : read);
  if (!parsed.success) return err(complaintOf(parsed.error.issues[0]));
  const nodes: NodeObservation[] = parsed.data.nodes;
  for (let at = ITEMS_PER_TURN; inPortions && at < read.nodes.length; at += 1) {
    if (at % ITEMS_PER_TURN === 0) yield;
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
