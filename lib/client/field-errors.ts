import type * as z from 'zod';

/** A validation message as a person would say it; `undefined` leaves the schema's own or the library's. */
function wordsOf(issue: z.core.$ZodRawIssue): string | undefined {
  const { input } = issue;
  if (issue.code === 'too_small') return boundWords('At least', issue.minimum, issue.origin, issue.exact === true);
  if (issue.code === 'too_big') return boundWords('At most', issue.maximum, issue.origin, false);
  if (issue.code !== 'invalid_type') return undefined;
  if (issue.expected === 'int') return 'A whole number is needed';
  if (issue.expected === 'number') return 'A number is needed';
  return input === undefined || input === null ? 'This is needed' : undefined;
}

function boundWords(bound: string, limit: number | bigint, origin: string, exact: boolean): string | undefined {
  if (bound === 'At least' && Number(limit) === 1 && origin === 'string') return 'This is needed';
  if (bound === 'At least' && Number(limit) === 1 && origin === 'array') return 'At least one is needed';
  const number = limit.toLocaleString('en-US');
  const unit = origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '';
  return `${exact ? 'Exactly' : bound} ${number}${unit}`;
}

/**
 * Errors of a form by field path ("connection.seeds.0"), from the schema of the request
 * that the form makes; `null` when it may be sent. The first error of a field is kept.
 */
export function fieldErrorsOf(schema: z.ZodType, request: unknown): Record<string, string> | null {
  const parsed = schema.safeParse(request, { error: wordsOf });
  if (parsed.success) return null;
  const errors: Record<string, string> = {};
  for (const issue of parsed.error.issues) errors[issue.path.map(String).join('.')] ??= issue.message;
  return errors;
}
