import { HEARTBEAT_MS } from '@/lib/contract/vocabulary';
import { assertNever } from '@/lib/platform/assert';

/**
 * How the browser stands with the server, as a table of what each signal makes of it.
 * All times are the client's monotonic milliseconds; people are told
 * the time of day they stand for.
 */
export type ConnectionState =
  | { readonly status: 'connecting'; readonly startedMs: number }
  | { readonly status: 'live'; readonly heartbeatMs: number }
  /** The socket stands, and nothing came for longer than DELAYED_AFTER_MS. */
  | { readonly status: 'delayed'; readonly heartbeatMs: number }
  | { readonly status: 'reconnecting'; readonly lostMs: number; readonly attempt: number }
  /** Lost for longer than OFFLINE_AFTER_MS, or the device says so. Attempts go on. */
  | { readonly status: 'offline'; readonly lostMs: number; readonly attempt: number };

export type ConnectionSignal =
  | { readonly kind: 'connected' }
  | { readonly kind: 'heartbeat' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'attempt'; readonly attempt: number }
  | { readonly kind: 'device-offline' }
  | { readonly kind: 'tick' };

export const DELAYED_AFTER_MS = 2 * HEARTBEAT_MS;
export const OFFLINE_AFTER_MS = 15_000;

/** The next state; the same object when nothing changed. */
export function nextConnection(state: ConnectionState, signal: ConnectionSignal, nowMs: number): ConnectionState {
  switch (signal.kind) {
    case 'connected': return { status: 'live', heartbeatMs: nowMs };
    // A beat that was under way when the connection broke revives nothing.
    case 'heartbeat': return hasSocket(state) ? { status: 'live', heartbeatMs: nowMs } : state;
    case 'lost': return lostSince(state, nowMs);
    case 'attempt': return withAttempt(lostSince(state, nowMs), signal.attempt, nowMs);
    case 'device-offline': return { status: 'offline', lostMs: lostMsOf(state, nowMs), attempt: attemptOf(state) };
    case 'tick': return afterTick(state, nowMs);
    default: return assertNever(signal);
  }
}

function hasSocket(state: ConnectionState): boolean {
  return state.status === 'live' || state.status === 'delayed';
}

function lostMsOf(state: ConnectionState, nowMs: number): number {
  if (state.status === 'reconnecting' || state.status === 'offline') return state.lostMs;
  return state.status === 'connecting' ? state.startedMs : nowMs;
}

function attemptOf(state: ConnectionState): number {
  return state.status === 'reconnecting' || state.status === 'offline' ? state.attempt : 0;
}

function lostSince(state: ConnectionState, nowMs: number): ConnectionState {
  if (state.status === 'reconnecting' || state.status === 'offline') return state;
  return { status: 'reconnecting', lostMs: lostMsOf(state, nowMs), attempt: 0 };
}

function withAttempt(state: ConnectionState, attempt: number, nowMs: number): ConnectionState {
  if (state.status !== 'reconnecting' && state.status !== 'offline') return state;
  const status = state.status === 'offline' || nowMs - state.lostMs >= OFFLINE_AFTER_MS ? 'offline' : 'reconnecting';
  return { status, lostMs: state.lostMs, attempt };
}

function afterTick(state: ConnectionState, nowMs: number): ConnectionState {
  switch (state.status) {
    case 'live': return nowMs - state.heartbeatMs > DELAYED_AFTER_MS ? { status: 'delayed', heartbeatMs: state.heartbeatMs } : state;
    case 'connecting': return nowMs - state.startedMs >= OFFLINE_AFTER_MS ? { status: 'offline', lostMs: state.startedMs, attempt: 0 } : state;
    case 'reconnecting': return nowMs - state.lostMs >= OFFLINE_AFTER_MS ? { ...state, status: 'offline' } : state;
    case 'delayed':
    case 'offline': return state;
    default: return assertNever(state);
  }
}

/**
 * "Live", "Delayed 4 s", "Reconnecting (attempt 3)", "Offline since 03:12:09": the words
 * beside the dot. `clockTimeOf` prints a monotonic time as a time of day.
 */
export function connectionWords(state: ConnectionState, nowMs: number, clockTimeOf: (monotonicMs: number) => string): string {
  switch (state.status) {
    case 'connecting': return 'Connecting';
    case 'live': return 'Live';
    case 'delayed': return `Delayed ${Math.max(0, Math.round((nowMs - state.heartbeatMs) / 1_000))} s`;
    case 'reconnecting': return state.attempt > 0 ? `Reconnecting (attempt ${state.attempt})` : 'Reconnecting';
    case 'offline': return `Offline since ${clockTimeOf(state.lostMs)}`;
    default: return assertNever(state);
  }
}
