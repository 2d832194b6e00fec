/** How patient the manager is with a provisioner: exponential, with jitter between tries of one intent, none between intents. */
const ASK_FIRST_MS = 1_000;
const ASK_MAX_MS = 60_000;
const REST_FIRST_MS = 60_000;
const REST_MAX_MS = 1_800_000;

/**
 * Until the same call is tried again.
 *
 * @param attempt tries made so far, from 1
 * @param random uniform in [0, 1)
 */
export function askAgainMs(attempt: number, random: number): number {
  return Math.round(Math.min(ASK_MAX_MS, ASK_FIRST_MS * 2 ** Math.min(attempt - 1, 20)) * (0.5 + 0.5 * random));
}

/** How long automation asks for no further node after so many intents in a row came to nothing; from 1. */
export function restMs(failures: number): number {
  return Math.min(REST_MAX_MS, REST_FIRST_MS * 2 ** Math.min(failures - 1, 20));
}
