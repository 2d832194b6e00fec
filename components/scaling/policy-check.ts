/** What is wrong with a draft of a policy, and in what it differs from another, in the form's own units. */
import type * as z from 'zod';
import { PolicyDocumentSchema, type PolicyDocument } from '@/lib/contract/scaling-policy';
import { isList, textAt, type DraftValue, type Path, type PolicyDraft } from './policy-draft';
import { unitOf } from './policy-units';

export interface CheckedPolicy {
  /** `null` while a field is wrong. */
  readonly policy: PolicyDocument | null;
  /** By the path of the field, "rules.0.target". */
  readonly errors: Readonly<Record<string, string>>;
}

/** Checks the draft by the contract's own schema. */
export function checkPolicy(draft: PolicyDraft): CheckedPolicy {
  const parsed = PolicyDocumentSchema.safeParse(draft);
  if (parsed.success) return { policy: parsed.data, errors: {} };
  const errors: Record<string, string> = {};
  for (const issue of parsed.error.issues) errors[issue.path.map(String).join('.')] ??= issueWords(issue, draft);
  return { policy: null, errors };
}

function issueWords(issue: z.core.$ZodIssue, draft: PolicyDraft): string {
  const unit = unitOf(issue.path.map(String), draft);
  if (issue.code === 'too_small') return issue.origin === 'string' ? 'This is needed' : issue.origin === 'array' ? 'At least one is needed' : issue.inclusive === false ? `More than ${unit.print(Number(issue.minimum))}` : `At least ${unit.print(Number(issue.minimum))}`;
  if (issue.code === 'too_big') return issue.origin === 'string' ? `At most ${String(issue.maximum)} characters` : issue.origin === 'array' ? `At most ${String(issue.maximum)} of them` : `At most ${unit.print(Number(issue.maximum))}`;
  if (issue.code === 'invalid_type') return issue.expected === 'int' ? 'A whole number is needed' : issue.expected === 'number' ? 'A number is needed' : 'This is needed';
  return issue.message;
}

export interface DraftChange {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** The leaves that differ, in the form's units. Rules and schedules are told apart by their id, not by their place. */
export function draftChanges(before: PolicyDraft, after: PolicyDraft): readonly DraftChange[] {
  const old = leavesOf(before, before, [], '');
  const now = leavesOf(after, after, [], '');
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((path) => {
    const change = { path, before: old.get(path) ?? 'none', after: now.get(path) ?? 'none' };
    return change.before === change.after ? [] : [change];
  });
}

function leavesOf(value: DraftValue, root: PolicyDraft, path: Path, name: string): Map<string, string> {
  if (value === null || typeof value !== 'object') return new Map([[name, printLeaf(value, root, path)]]);
  const entries: readonly (readonly [string, DraftValue])[] = isList(value) ? value.map((item, index) => [String(index), item] as const) : Object.entries(value);
  if (entries.length === 0) return new Map([[name, 'none']]);
  if (isList(value) && entries.every(([, item]) => item === null || typeof item !== 'object')) return new Map([[name, value.map(String).join(', ')]]);
  return new Map(entries.flatMap(([key, item]) => {
    const shown = isList(value) ? textAt(item, ['id']) || key : key;
    return [...leavesOf(item, root, [...path, key], name === '' ? shown : `${name}.${shown}`)];
  }));
}

function printLeaf(value: string | number | boolean | null, root: PolicyDraft, path: Path): string {
  if (value === null || value === '') return 'none';
  return typeof value === 'number' ? unitOf(path.map(String), root).print(value) : String(value);
}
