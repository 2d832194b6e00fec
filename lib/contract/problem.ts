import * as z from 'zod';
import { RefusalSchema } from './plan';

/** RFC 9457 problem details: the body of every answer that is not a success. */
export const ProblemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int().min(400).max(599),
  code: z.string(),
  detail: z.string(),
  /** Validation: one entry per field, `pointer` is a JSON pointer into the body (RFC 6901). */
  errors: z.array(z.object({ pointer: z.string(), detail: z.string(), code: z.string() })).optional(),
  /** 422: the typed reasons. */
  refusals: z.array(RefusalSchema).optional(),
  /** 409: what is stored now, so that the form can show the difference. */
  current: z.unknown().optional(),
}).meta({ id: 'Problem' });
export type Problem = z.infer<typeof ProblemSchema>;
