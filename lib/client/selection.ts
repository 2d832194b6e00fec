/**
 * Makes a selector fit for `useSyncExternalStore`: the answer is the same object as long
 * as the source is the same, or the selection is equal to the one before.
 */
export function stableSelection<S, T>(options: {
  readonly getSource: () => S;
  readonly select: (source: S) => T;
  readonly isEqual: (a: T, b: T) => boolean;
  /** The selection of an earlier selector, which is kept while it is equal. */
  readonly previous: () => { readonly value: T } | null;
}): () => T {
  const { getSource, select, isEqual, previous } = options;
  let seen: { readonly source: S; readonly value: T } | null = null;
  return () => {
    const source = getSource();
    if (seen !== null && Object.is(seen.source, source)) return seen.value;
    const selected = select(source);
    const before = seen ?? previous();
    seen = { source, value: before !== null && isEqual(before.value, selected) ? before.value : selected };
    return seen.value;
  };
}

/** The selection that was last shown, kept over a change of the selector. */
export class ShownSelection<T> {
  #shown: { readonly value: T } | null = null;

  readonly previous = (): { readonly value: T } | null => this.#shown;

  keep(value: T): void {
    this.#shown = { value };
  }
}

/** Object.is, and for plain objects and arrays also equality of their parts. */
export function shallowEqual<T>(a: T, b: T): boolean {
  if (Object.is(a, b)) return true;
  if (!isPlain(a) || !isPlain(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length
    && keys.every((key) => Object.hasOwn(b, key) && Object.is((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || Array.isArray(value);
}
