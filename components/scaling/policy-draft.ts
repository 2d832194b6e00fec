/**
 * The form's side of a policy: the same document, in which a field may for the moment
 * hold something that is none of its values. Everything is addressed by the document's
 * own paths, so that a problem of the server lands on the field it names.
 */
export type DraftValue = string | number | boolean | null | readonly DraftValue[] | { readonly [key: string]: DraftValue };
export type PolicyDraft = { readonly [key: string]: DraftValue };
export type Path = readonly (string | number)[];

export function valueAt(draft: DraftValue, path: Path): DraftValue | undefined {
  let at: DraftValue | undefined = draft;
  for (const part of path) {
    if (at === null || typeof at !== 'object') return undefined;
    at = childAt(at, part);
  }
  return at;
}

function childAt(parent: readonly DraftValue[] | { readonly [key: string]: DraftValue }, part: string | number): DraftValue | undefined {
  if (isList(parent)) return typeof part === 'number' ? parent[part] : parent[Number(part)];
  return parent[part];
}

/** Array.isArray does not narrow readonly arrays. */
export function isList(value: DraftValue | undefined): value is readonly DraftValue[] {
  return Array.isArray(value);
}

export function listAt(draft: DraftValue, path: Path): readonly DraftValue[] {
  const value = valueAt(draft, path);
  return isList(value) ? value : [];
}

export function textAt(draft: DraftValue, path: Path): string {
  const value = valueAt(draft, path);
  return typeof value === 'string' ? value : '';
}

export function numberAt(draft: DraftValue, path: Path): number | null {
  const value = valueAt(draft, path);
  return typeof value === 'number' ? value : null;
}

/** The same draft with another value at `path`; what is not on the way stays the same object. */
export function withValue(draft: PolicyDraft, path: Path, value: DraftValue): PolicyDraft {
  const changed = replaced(draft, path, value);
  return typeof changed === 'object' && changed !== null && !isList(changed) ? changed : draft;
}

function replaced(at: DraftValue, path: Path, value: DraftValue): DraftValue {
  const [part, ...rest] = path;
  if (part === undefined) return value;
  if (at === null || typeof at !== 'object') return at;
  const child = replaced(childAt(at, part) ?? null, rest, value);
  if (isList(at)) return at.map((item, index) => (index === Number(part) ? child : item));
  return { ...at, [part]: child };
}
