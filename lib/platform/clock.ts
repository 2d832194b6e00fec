/**
 * Time as an argument. Everything that needs "now" or a delay is given a Clock, so
 * the same code runs on the machine's time and on the simulator's virtual time.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. For people and records; may jump. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start, never going back. For durations and deadlines. */
  monotonicMs(): number;
  /** Calls `callback` once after `delayMs` (>= 0). Disposing before then prevents the call. */
  after(delayMs: number, callback: () => void): Disposable;
}

/** Resolves after `delayMs` of the clock's time; rejects with the signal's reason when aborted. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = () => {
      timer[Symbol.dispose]();
      reject(signal?.reason as Error);
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
