import { setMaxListeners } from 'node:events';

/**
 * One signal that is aborted by any of several. In place of AbortSignal.any, whose
 * dependents are held by weak references of the (long-lived) sources: thousands of short
 * steps made the collector the largest user of our processor time.
 */
export class LinkedAbort implements Disposable {
  readonly #controller = new AbortController();
  readonly #sources: readonly AbortSignal[];
  readonly #onAbort: () => void;

  constructor(...sources: readonly AbortSignal[]) {
    this.#sources = sources;
    this.#onAbort = () => { this.#controller.abort(sources.find((source) => source.aborted)?.reason); };
    // One stop button for 64 moves is no leak: every listener is taken away again.
    setMaxListeners(0, this.signal, ...sources);
    for (const source of sources) source.addEventListener('abort', this.#onAbort, { once: true });
    if (sources.some((source) => source.aborted)) this.#onAbort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Lets go of the sources; call it when nobody waits for the signal any more. */
  [Symbol.dispose](): void {
    for (const source of this.#sources) source.removeEventListener('abort', this.#onAbort);
  }
}
