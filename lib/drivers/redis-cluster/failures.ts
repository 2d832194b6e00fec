import type { DriverFailure } from '@/lib/contract/operation';

/**
 * Why a command brought no reply, or an error reply. Redis' protocol makes the first
 * word of an error its code (`WRONGPASS`, `MOVED`, `IOERR`, ...); only that word is ever
 * looked at. MIGRATE wraps the error of the far end in a sentence of its own, whose
 * code is read into `farCode`.
 */
export interface CommandFailure {
  readonly kind: 'timeout' | 'connection' | 'error-reply' | 'malformed';
  /** First word of an error reply, or the socket's error code (`ECONNREFUSED`); "" when there is none. */
  readonly code: string;
  /** Code that the target of a MIGRATE answered with; "" otherwise. */
  readonly farCode: string;
  /** For people; secrets are already taken out. */
  readonly message: string;
}

const farReply = /^ERR Target instance replied with error: ([A-Z]+)\b/;

/** An error reply of the engine, by its text on the wire. */
export function errorReply(text: string): CommandFailure {
  return {
    kind: 'error-reply',
    code: /^[A-Z]+(?= |$)/.exec(text)?.[0] ?? '',
    farCode: farReply.exec(text)?.[1] ?? '',
    message: text,
  };
}

/** A reply of a shape the command does not have. */
export function malformed(command: string): CommandFailure {
  return { kind: 'malformed', code: '', farCode: '', message: `The reply to ${command} has an unknown shape` };
}

type Verdict = Pick<DriverFailure, 'code' | 'retryable'>;

const verdictByCode: ReadonlyMap<string, Verdict> = new Map<string, Verdict>([
  ['NOAUTH', { code: 'authentication-failed', retryable: false }],
  ['WRONGPASS', { code: 'authentication-failed', retryable: false }],
  ['NOPERM', { code: 'refused-by-engine', retryable: false }],
  ['DENIED', { code: 'refused-by-engine', retryable: false }],
  ['OOM', { code: 'target-out-of-memory', retryable: false }],
  ['BUSYKEY', { code: 'busy-key', retryable: false }],
  ['IOERR', { code: 'connection-lost', retryable: true }],
  ['MOVED', { code: 'topology-changed', retryable: false }],
  ['ASK', { code: 'topology-changed', retryable: false }],
  ['READONLY', { code: 'topology-changed', retryable: false }],
  ['CLUSTERDOWN', { code: 'refused-by-engine', retryable: true }],
  ['LOADING', { code: 'refused-by-engine', retryable: true }],
  ['MASTERDOWN', { code: 'refused-by-engine', retryable: true }],
  ['BUSY', { code: 'refused-by-engine', retryable: true }],
  ['TRYAGAIN', { code: 'refused-by-engine', retryable: true }],
  // Valkey 8 and newer: not enough followers took over a SETSLOT; nothing was changed.
  ['NOREPLICAS', { code: 'refused-by-engine', retryable: true }],
]);

function verdictOf(failure: CommandFailure): Verdict {
  switch (failure.kind) {
    case 'timeout': return { code: 'timeout', retryable: true };
    case 'connection': return { code: 'connection-lost', retryable: true };
    case 'malformed': return { code: 'unexpected', retryable: false };
    case 'error-reply': return verdictByCode.get(failure.farCode) ?? verdictByCode.get(failure.code) ?? { code: 'refused-by-engine', retryable: false };
  }
}

/** The driver's failure for a failed command; `where` says who was asked for what ("10.0.0.1:6379: MIGRATE"). */
export function driverFailure(failure: CommandFailure, where: string): DriverFailure {
  return { ...verdictOf(failure), message: `${where}: ${failure.message}`.slice(0, 1000) };
}

/** A failure of our own finding. */
export function failureOf(code: DriverFailure['code'], message: string, retryable = false): DriverFailure {
  return { code, message: message.slice(0, 1000), retryable };
}

export const INTERRUPTED: DriverFailure = { code: 'interrupted', message: 'Stopped at a safe point', retryable: true };
