/** Attempts without an answer that are remembered. */
const KEYS_MAX = 64;

/**
 * R3: one Idempotency-Key per attempt. The same call with the same body gets the same key
 * until an answer has come, so that a double click, an automatic retry and a second press
 * after a lost answer are all one effect. An answered attempt is over: pressing again
 * means doing it again.
 */
export class IdempotencyKeys {
  readonly #keys = new Map<string, string>();

  constructor(private readonly nextKey: () => string) {}

  keyFor(path: readonly string[], input: unknown): string {
    const call = callOf(path, input);
    const known = this.#keys.get(call);
    if (known !== undefined) return known;
    const oldest = this.#keys.keys().next();
    if (this.#keys.size >= KEYS_MAX && oldest.done !== true) this.#keys.delete(oldest.value);
    const key = this.nextKey();
    this.#keys.set(call, key);
    return key;
  }

  answered(path: readonly string[], input: unknown): void {
    this.#keys.delete(callOf(path, input));
  }
}

function callOf(path: readonly string[], input: unknown): string {
  return `${path.join('.')} ${JSON.stringify(input)}`;
}
