import type { DriverFailure } from '@/lib/contract/operation';

export interface RetryPolicy {
  readonly attemptsMax: number;
  readonly delayFirstMs: number;
  readonly delayMaxMs: number;
  /** Where the engine itself says "not now": it loads, elects, waits for a cluster that is down. Half a minute of short waits, since it comes back by itself. */
  readonly notNow: { readonly attemptsMax: number; readonly delayMaxMs: number };
}

export const DEFAULT_RETRY: RetryPolicy = { attemptsMax: 6, delayFirstMs: 500, delayMaxMs: 30_000, notNow: { attemptsMax: 16, delayMaxMs: 4_000 } };

/**
 * How long to wait before the next try, or `null` for never again: exponential with
 * full jitter (Brooker, "Exponential Backoff and Jitter", AWS 2015) over a floor of a
 * tenth, so that moves that failed together do not come back together.
 *
 * @param attempt tries made so far, from 1
 * @param random uniform in [0, 1)
 */
export function retryDelayMs(failure: DriverFailure, attempt: number, random: number, policy: RetryPolicy = DEFAULT_RETRY): number | null {
  const { attemptsMax, delayMaxMs } = failure.code === 'refused-by-engine' ? policy.notNow : policy;
  if (!failure.retryable || attempt >= attemptsMax) return null;
  const ceiling = Math.min(delayMaxMs, policy.delayFirstMs * 2 ** (attempt - 1));
  return Math.round(ceiling * (0.1 + 0.9 * random));
}
