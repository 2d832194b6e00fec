/** What the scaler of one pool keeps over a restart of the manager, and in what form. */
import * as z from 'zod';
import { TimestampMsSchema } from '@/lib/contract/primitives';
import { ScalingOverrideSchema } from '@/lib/contract/scaling-policy';
import { ScalingProposalSchema } from '@/lib/contract/scaling-view';

const amount = z.number().min(0);

const PoolMemorySchema = z.object({
  override: ScalingOverrideSchema.nullable(),
  proposal: ScalingProposalSchema.nullable(),
  /** Nothing is proposed in that direction until then: a person said no. */
  rejected: z.object({ action: z.enum(['scale-out', 'scale-in']), untilMs: TimestampMsSchema }).nullable(),
  /** Changes of size that were ordered, oldest first, of the last day. */
  changes: z.array(z.object({ atMs: TimestampMsSchema, from: amount, to: amount })),
  timings: z.array(z.object({ provisionMs: amount, moveMs: amount, bytesMoved: amount })),
  /** When the last operation ended. */
  endedAtMs: TimestampMsSchema.nullable(),
});
export type PoolMemory = z.infer<typeof PoolMemorySchema>;

export const EMPTY_MEMORY: PoolMemory = { override: null, proposal: null, rejected: null, changes: [], timings: [], endedAtMs: null };

/** One that cannot be read is as good as none: it only makes the scaler more careful for a day. */
export function readPoolMemory(document: unknown): PoolMemory {
  const parsed = PoolMemorySchema.safeParse(document);
  return parsed.success ? parsed.data : EMPTY_MEMORY;
}
