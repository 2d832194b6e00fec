import type { ByteString } from './resp';

/** Bound of what is remembered per slot; beyond it a key is compared before it is replaced, as any other. */
const KEYS_MAX = 5_000;

/**
 * Keys of one slot that a MIGRATE of ours sent without learning whether they arrived. As
 * long as the source has such a key it has answered for it all the time, so its value is
 * the one that counts and the copy over there may be replaced. Only a hint of what we did
 * ourselves: where a key is now is asked of the nodes.
 */
export class DoubtfulKeys {
  readonly #names = new Set<string>();

  has(name: ByteString): boolean {
    return this.#names.size > 0 && this.#names.has(name.latin1);
  }

  add(keys: readonly { readonly name: ByteString }[]): void {
    for (const { name } of keys) {
      if (this.#names.size < KEYS_MAX) this.#names.add(name.latin1);
    }
  }

  settle(keys: readonly { readonly name: ByteString }[]): void {
    if (this.#names.size === 0) return;
    for (const { name } of keys) this.#names.delete(name.latin1);
  }

  get size(): number {
    return this.#names.size;
  }
}
