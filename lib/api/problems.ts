import type { Problem } from '@/lib/contract/problem';

/**
 * RFC 9457 problem details. `code` is what programs tell problems apart by; `type` is the
 * same as a URI. Nothing in here may come from an unexpected error: its text can hold
 * addresses, queries or secrets, so such an error is logged and answered in general words.
 */
export interface FieldError {
  /** RFC 6901 in the fragment form of RFC 9457: "#/settings/throttle/movesInFlightMax". */
  readonly pointer: string;
  readonly detail: string;
  readonly code: string;
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  403: 'Not allowed',
  404: 'Not found',
  405: 'The method is not supported here',
  409: 'It changed meanwhile',
  413: 'The body is too large',
  415: 'The content type is not supported',
  422: 'Refused',
  500: 'Something went wrong in the server',
  503: 'Not available now',
};

const FIELD_ERRORS_MAX = 100;

export function problem(status: number, code: string, detail: string, more: Partial<Pick<Problem, 'errors' | 'refusals' | 'current'>> = {}): Problem {
  return { type: `urn:problem-type:phantom-scale:${code}`, title: TITLES[status] ?? 'The request failed', status, code, detail, ...more };
}

/** 400 with one entry per field. */
export function invalidRequest(errors: readonly FieldError[]): Problem {
  const named = errors.length === 1 ? `${errors[0]!.pointer}: ${errors[0]!.detail}` : `${errors.length} fields are not valid`;
  return problem(400, 'invalid-request', named, { errors: errors.slice(0, FIELD_ERRORS_MAX) });
}

/** A JSON pointer as a URI fragment; each segment escaped as RFC 6901 says. */
export function pointerOf(path: readonly PropertyKey[]): string {
  return `#${path.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')}`;
}

/** The part of a zod issue that is read; other validators give less. */
export interface ValidationIssue {
  readonly message: string;
  readonly code?: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
  /** Of `unrecognized_keys`. */
  readonly keys?: readonly string[];
  /** Of `invalid_union`: the issues of each alternative. */
  readonly errors?: readonly (readonly ValidationIssue[])[];
}

/** Field errors of a validation: an unknown key is an error of its own, a union speaks through its closest alternative. */
export function fieldErrorsOf(issues: readonly ValidationIssue[], parent: readonly PropertyKey[] = []): FieldError[] {
  return issues.flatMap((issue): FieldError[] => {
    const path = [...parent, ...(issue.path ?? []).map((segment) => (typeof segment === 'object' ? segment.key : segment))];
    const code = (issue.code ?? 'invalid').replaceAll('_', '-');
    if (issue.keys !== undefined && issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ pointer: pointerOf([...path, key]), detail: 'There is no such field', code: 'unknown-field' }));
    }
    const alternatives = issue.errors?.filter((alternative) => alternative.length > 0) ?? [];
    if (alternatives.length > 0) return fieldErrorsOf(closest(alternatives), path);
    return [{ pointer: pointerOf(path), detail: issue.message, code }];
  });
}

/** The alternative that was left deepest in the value is the one that was meant. */
function closest(alternatives: readonly (readonly ValidationIssue[])[]): readonly ValidationIssue[] {
  const depth = (issues: readonly ValidationIssue[]) => Math.max(...issues.map((issue) => issue.path?.length ?? 0));
  return alternatives.reduce((best, candidate) => (depth(candidate) > depth(best) ? candidate : best));
}
