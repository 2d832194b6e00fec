import { createHash } from 'node:crypto';
import type { DomainEvent } from '@/lib/contract/events';

/**
 * The audit log as a hash chain (D2), after Haber and Stornetta, "How to time-stamp a digital
 * document" (1991): each event's hash covers the hash before it, so whoever alters, removes or
 * inserts an event must recompute every later one, and a copy of one recent hash kept elsewhere
 * gives it away. It shows tampering; it does not prevent it.
 */
export const CHAIN_START = '0'.repeat(64);

/** SHA-256, hex, over the previous event's hash, a line feed and the event as canonical JSON. */
export function hashOfEvent(previousHash: string, document: string): string {
  return createHash('sha256').update(previousHash).update('\n').update(document).digest('hex');
}

/** The bytes that are hashed and stored: JSON without spaces, keys in code unit order at every level, as RFC 8785 writes it. */
export function canonicalJsonOf(event: DomainEvent): string {
  return JSON.stringify(event, (_key, value: unknown) => (isPlainObject(value) ? sortedByKey(value) : value));
}

function sortedByKey(value: object): object {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
