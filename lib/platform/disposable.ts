/** What starts something returns what stops it. */
export type Unsubscribe = () => void;

/**
 * A set of callbacks for one kind of message. A listener that throws is reported
 * to `onError` and never keeps the others from being called.
 */
export class Listeners<T> {
  readonly #callbacks = new Set<(message: T) => void>();

  constructor(private readonly onError: (error: unknown) => void) {}

  add(callback: (message: T) => void): Unsubscribe {
    this.#callbacks.add(callback);
    return () => { this.#callbacks.delete(callback); };
  }

  emit(message: T): void {
    for (const callback of [...this.#callbacks]) {
      try {
        callback(message);
      } catch (error) {
        this.onError(error);
      }
    }
  }
}
