import type { DriverFailure } from '@/lib/contract/operation';

export interface RetryPolicy {
  readonly attemptsMax: number;
  readonly delayFirstMs: number;
  readonly delayMaxMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attemptsMax: 6, delayFirstMs: 500, delayMaxMs: 30_000 };

/**
 * How long to wait before the next try, or `null` for never again: exponential with
 * full jitter (Brooker, "Exponential Backoff and Jitter", AWS 2015) over a floor of a
 * tenth, so that moves that failed together do not come back together.
 *
 * @param attempt tries made so far, from 1
 * @param random uniform in [0, 1)
 */
export function retryDelayMs(failure: DriverFailure, attempt: number, random: number, policy: RetryPolicy = DEFAULT_RETRY): number | null {
  if (!failure.retryable || attempt >= policy.attemptsMax) return null;
  const ceiling = Math.min(policy.delayMaxMs, policy.delayFirstMs * 2 ** (attempt - 1));
  return Math.round(ceiling * (0.1 + 0.9 * random));
}
