import * as z from 'zod';
import { IdSchema } from '@/lib/contract/primitives';
import { ProvisionedNodeSchema, type ProvisionedNode, type ProvisionerFailure } from '@/lib/contract/provisioner';
import { err, ok, type Result } from '@/lib/platform/result';
import { failureOf } from '../failures';

/**
 * What the operator's own program or web service is asked, and answers: one JSON object
 * each way. docs/operator/provisioners.md explains it for those who write one.
 */
export type HookRequest =
  | { readonly version: 1; readonly action: 'provision'; readonly clusterId: string; readonly intentId: string; readonly zone: string | null }
  | { readonly version: 1; readonly action: 'find' | 'deprovision'; readonly clusterId: string; readonly intentId: string }
  | { readonly version: 1; readonly action: 'list'; readonly clusterId: string };

/** Carries a request there and the text of the answer back; what it is worth is judged here. */
export interface HookTransport {
  send(request: HookRequest, signal: AbortSignal): Promise<Result<string, ProvisionerFailure>>;
}

export const ANSWER_BYTES_MAX = 262_144;
const NODES_MAX = 2_000;

const AnswerSchema = z.union([
  z.object({ error: z.object({ code: z.enum(['quota', 'refused', 'unavailable']), message: z.string().max(2_000).default('') }) }),
  z.object({ nodes: z.array(ProvisionedNodeSchema.extend({ address: ProvisionedNodeSchema.shape.address.default(null) })).max(NODES_MAX) }),
]);

/** The nodes that an answer names, in order of their intents; each intent once. */
export function nodesOfAnswer(text: string): Result<readonly ProvisionedNode[], ProvisionerFailure> {
  const parsed = AnswerSchema.safeParse(jsonOf(text));
  if (!parsed.success) return err(failureOf('bad-answer', text.trim() === '' ? 'The answer is empty' : `The answer is not understood: ${text.slice(0, 120)}`));
  if ('error' in parsed.data) {
    const { code, message } = parsed.data.error;
    return err(failureOf(code, message === '' ? `It answered ${code}` : message));
  }
  const nodes = [...parsed.data.nodes].sort((a, b) => (a.intentId < b.intentId ? -1 : 1));
  const twice = nodes.find((node, index) => node.intentId === nodes[index + 1]?.intentId);
  if (twice !== undefined) return err(failureOf('bad-answer', `It has two nodes for the intent ${IdSchema.parse(twice.intentId)}`));
  return ok(nodes);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
