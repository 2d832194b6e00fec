import type { Actor } from '@/lib/contract/primitives';
import type { Refusal, RefusalCode } from '@/lib/contract/plan';
import { err, type Result } from '@/lib/platform/result';
import type { StoreConflict, StoreWrite } from '@/lib/contract/storage';

/** Who asks, and what is to be stored in the same transaction as the effect. */
export interface CommandContext {
  readonly actor: Actor;
  /** Made from the value that is about to be returned, e.g. the remembered answer of an Idempotency-Key. */
  readonly alsoCommit?: (value: unknown) => readonly StoreWrite[];
}

/** Why a command had no effect. Crosses Next's bundle borders as plain data, told apart by `code`. */
export type CommandFailure =
  | { readonly code: 'refused'; readonly refusals: readonly Refusal[] }
  | { readonly code: 'not-found'; readonly what: string; readonly id: string }
  /** What was sent contradicts itself in a way that its schema cannot see; `path` leads to the field. */
  | { readonly code: 'invalid'; readonly errors: readonly { readonly path: readonly (string | number)[]; readonly message: string; readonly code: string }[] }
  | { readonly code: 'conflict'; readonly message: string; readonly current: unknown }
  | { readonly code: 'unavailable'; readonly message: string };

export type CommandResult<T> = Result<T, CommandFailure>;

/** A refusal of one candidate with its numbers. */
export function refusal(constraint: RefusalCode, message: string, about: Partial<Pick<Refusal, 'nodeId' | 'shardId' | 'numbers'>> = {}): Refusal {
  return { constraint, message, nodeId: about.nodeId ?? null, shardId: about.shardId ?? null, numbers: about.numbers ?? {}, count: 1 };
}

export function refused(...refusals: Refusal[]): { readonly ok: false; readonly error: CommandFailure } {
  return err({ code: 'refused', refusals });
}

export function notFound(what: string, id: string): { readonly ok: false; readonly error: CommandFailure } {
  return err({ code: 'not-found', what, id });
}

/** A commit that lost a race is a conflict; a store that failed is unavailable. */
export function failureOfStore(conflict: StoreConflict, current: unknown = null): CommandFailure {
  return conflict.code === 'unavailable'
    ? { code: 'unavailable', message: `Nothing was changed: the database did not take it (${conflict.message})` }
    : { code: 'conflict', message: conflict.message, current };
}
