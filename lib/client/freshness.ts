import type { ConnectionState } from './connection-state';
import { formatDuration } from './format';
import type { LiveState } from './live-state';

/** What a picture may be late by on its way here, on top of two observation intervals. */
const DELIVERY_MS = 1_000;

export interface Freshness {
  /** Older than two observation intervals (R2): greyed, with its age, and no base for an action. */
  readonly stale: boolean;
  /** Age of the last complete observation; `null` when there was none. */
  readonly ageMs: number | null;
  /** Why it is stale, for people; `null` when fresh. */
  readonly reason: string | null;
}

export interface FreshnessInput {
  readonly state: Pick<LiveState, 'summary' | 'gone'>;
  readonly connection: ConnectionState;
  /** The server's wall clock. */
  readonly serverNowMs: number;
}

/** R2 for the browser: the connection first, then the observation. */
export function freshnessOf({ state, connection, serverNowMs }: FreshnessInput): Freshness {
  const { summary } = state;
  const ageMs = summary === null || summary.observedAtMs === null ? null : Math.max(0, serverNowMs - summary.observedAtMs);
  const stale = (reason: string): Freshness => ({ stale: true, ageMs, reason });
  if (state.gone) return stale('The cluster was disconnected from this console');
  if (connection.status === 'delayed') return stale('The server has sent nothing for some seconds');
  if (connection.status !== 'live') return stale('The connection to the server is lost');
  if (summary === null) return stale('The state of the cluster has not arrived yet');
  if (ageMs === null) return stale('The cluster was never observed');
  if (ageMs > 2 * summary.observationIntervalMs + DELIVERY_MS) {
    const why = summary.observationError === null ? '' : `: ${summary.observationError}`;
    return stale(`The last complete observation is ${formatDuration(ageMs)} old${why}`);
  }
  return { stale: false, ageMs, reason: null };
}

export interface WriteAllowed {
  readonly allowed: boolean;
  /** Shown beside the disabled button; `null` when allowed. */
  readonly reason: string | null;
}

/** R2: nothing is started from a picture that is not live. */
export function writeAllowed(input: FreshnessInput): WriteAllowed {
  const freshness = freshnessOf(input);
  return freshness.reason === null ? { allowed: true, reason: null } : { allowed: false, reason: `${freshness.reason}. Actions wait until the picture is live again.` };
}
