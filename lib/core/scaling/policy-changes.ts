import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import type { PolicyChange } from '@/lib/contract/scaling-view';

/** What differs between two versions, by JSON pointer; rules and schedules are matched by their id, not by their place. */
export function policyChanges(before: PolicyDocument, after: PolicyDocument): readonly PolicyChange[] {
  return changesBetween(before, after, '');
}

function changesBetween(before: unknown, after: unknown, pointer: string): readonly PolicyChange[] {
  if (Object.is(before, after)) return [];
  const left = childrenOf(before);
  const right = childrenOf(after);
  if (left === null || right === null) return [{ pointer: pointer === '' ? '/' : pointer, before: before ?? null, after: after ?? null }];
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((key) => changesBetween(left.get(key), right.get(key), `${pointer}/${key}`));
}

/** `null` for what has no parts of its own. */
function childrenOf(value: unknown): ReadonlyMap<string, unknown> | null {
  if (Array.isArray(value)) return new Map(value.map((item: unknown, index) => [nameOf(item) ?? String(index), item]));
  if (typeof value !== 'object' || value === null) return null;
  return new Map(Object.entries(value));
}

function nameOf(item: unknown): string | null {
  return typeof item === 'object' && item !== null && 'id' in item && typeof item.id === 'string' ? item.id : null;
}
