'use client';

import { useMemo, useState } from 'react';
import { fieldOfPointer, type ApiProblem } from '@/lib/client/api-problem';
import { plural } from '@/lib/client/format';
import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import { checkPolicy, draftChanges, type DraftChange } from './policy-check';
import { withValue, type DraftValue, type Path, type PolicyDraft } from './policy-draft';

/** A policy as it is stored: what a form begins with. */
export interface StoredPolicy {
  readonly policy: PolicyDocument;
  /** 0: none was saved, the policy follows from the cluster's settings. */
  readonly generation: number;
}

export interface PolicyForm {
  readonly draft: PolicyDraft;
  /** What the form began with. */
  readonly base: StoredPolicy;
  /** The draft as a policy; `null` while a field is wrong. */
  readonly policy: PolicyDocument | null;
  readonly errors: Readonly<Record<string, string>>;
  readonly changes: readonly DraftChange[];
  readonly set: (path: Path, value: DraftValue) => void;
  /** Puts another document into the fields; what it is compared with stays. */
  readonly fill: (draft: PolicyDraft) => void;
  readonly startOver: (from: StoredPolicy) => void;
  /** Keeps what is in the fields, on top of a newer generation. */
  readonly rebase: (onto: StoredPolicy) => void;
  /** What the server said about fields, until one is changed. */
  readonly refuse: (errors: Readonly<Record<string, string>>) => void;
}

const NONE: Readonly<Record<string, string>> = {};

export function usePolicyForm(stored: StoredPolicy): PolicyForm {
  const [base, setBase] = useState(stored);
  const [draft, setDraft] = useState<PolicyDraft>(stored.policy);
  const [refused, refuse] = useState(NONE);
  const checked = useMemo(() => checkPolicy(draft), [draft]);
  const changes = useMemo(() => draftChanges(base.policy, draft), [base, draft]);
  return {
    draft, base, policy: checked.policy, changes,
    errors: { ...refused, ...checked.errors },
    set: (path, value) => {
      setDraft((before) => withValue(before, path, value));
      refuse(NONE);
    },
    fill: (next) => {
      setDraft(next);
      refuse(NONE);
    },
    startOver: (from) => {
      setBase(from);
      setDraft(from.policy);
      refuse(NONE);
    },
    rebase: setBase,
    refuse,
  };
}

export function errorAt(form: PolicyForm, path: Path): string | undefined {
  return form.errors[path.join('.')];
}

/** How many fields below `prefix` are wrong. */
export function errorsBelow(form: PolicyForm, prefixes: readonly string[]): number {
  return Object.keys(form.errors).filter((path) => prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}.`))).length;
}

/** Why the fields cannot be kept yet; `null` when they can. */
export function blockedByFaults(form: PolicyForm): string | null {
  const wrong = Object.keys(form.errors).length;
  return wrong === 0 ? null : `${plural(wrong, 'field')} to mend first`;
}

/** What the server says about fields: "#/policy/rules/0/target" -> "rules.0.target". */
export function policyFaults(problem: ApiProblem): Record<string, string> {
  if (problem.lost) return {};
  return Object.fromEntries((problem.errors ?? []).map(({ pointer, detail }) => [fieldOfPointer(pointer).replace(/^policy\./, ''), detail]));
}
