import { createHash } from 'node:crypto';
import type { Problem } from '@/lib/contract/problem';
import type { RememberedAnswer, Store, StoreWrite } from '@/lib/contract/storage';
import type { Clock } from '@/lib/platform/clock';
import { problem } from './problems';

/**
 * R3: a double click or a retry is one effect with one answer. The answer of a mutation
 * is stored in the transaction of its effect, so after a crash there is either both or
 * neither; requests with the same key that overlap in time share one run. Only successes
 * are remembered: a refusal had no effect, and asking again may rightly end otherwise.
 */
export interface Answer {
  readonly status: number;
  /** JSON text; `null` for an answer without a body. */
  readonly body: string | null;
  /** The body is no JSON but this file; answers of GET only. */
  readonly file?: { readonly name: string; readonly mediaType: string };
}

/** Visible ASCII, so that a key survives every proxy and log. */
export const IDEMPOTENCY_KEY = /^[\x21-\x7e]{8,128}$/;

/** What makes two requests the same: who asks for what. A digest, for the body may hold a password. */
export function digestOfRequest(request: { actor: string; method: string; path: string; body: unknown }): string {
  return createHash('sha256').update(JSON.stringify([request.actor, request.method, request.path, request.body ?? null])).digest('base64url');
}

/** Collects the answer of one run while its effect is being committed. */
export class AnswerRecorder {
  #answer: Answer | null = null;

  constructor(private readonly identity: { readonly key: string; readonly requestDigest: string; readonly atMs: number }) {}

  get answer(): Answer | null {
    return this.#answer;
  }

  /** `stored` replaces the body in the store where the body would be needlessly large. */
  record(answer: Answer, stored: string = answer.body ?? ''): StoreWrite {
    this.#answer = answer;
    return { kind: 'remember-answer', answer: { ...this.identity, status: answer.status, body: stored } };
  }
}

export interface IdempotentRun {
  readonly key: string;
  readonly requestDigest: string;
  /** Carries out the request; hands `recorder` what it commits with the effect. */
  readonly run: (recorder: AnswerRecorder) => Promise<Answer>;
  /** The answer of what was stored earlier. */
  readonly recall: (stored: Answer) => Promise<Answer>;
}

export class IdempotentRuns {
  /** As many entries as there are keyed requests at this moment. */
  readonly #inFlight = new Map<string, { readonly requestDigest: string; readonly answer: Promise<Answer | Problem> }>();

  constructor(private readonly store: Pick<Store, 'answer' | 'commit'>, private readonly clock: Clock, private readonly onStoreFailure: (error: unknown) => void) {}

  /** The answer of the one run, or a 422 problem when the key was used for another request. */
  async once(request: IdempotentRun): Promise<Answer | Problem> {
    const { key, requestDigest } = request;
    const running = this.#inFlight.get(key);
    if (running !== undefined) return running.requestDigest === requestDigest ? running.answer : reused(key);
    const answer = this.#first(request);
    this.#inFlight.set(key, { requestDigest, answer });
    try {
      return await answer;
    } finally {
      this.#inFlight.delete(key);
    }
  }

  async #first(request: IdempotentRun): Promise<Answer | Problem> {
    const { key, requestDigest } = request;
    let stored: RememberedAnswer | null;
    try {
      stored = await this.store.answer(key);
    } catch (error) {
      // Whether this request was carried out before cannot be known now, so it must not be carried out.
      this.onStoreFailure(error);
      return problem(503, 'unavailable', 'Nothing was changed: the database cannot be read');
    }
    if (stored !== null) {
      return stored.requestDigest === requestDigest ? request.recall({ status: stored.status, body: stored.body === '' ? null : stored.body }) : reused(key);
    }
    const recorder = new AnswerRecorder({ key, requestDigest, atMs: this.clock.wallMs() });
    const answer = await request.run(recorder);
    if (answer.status >= 400) return answer;
    if (recorder.answer !== null) return recorder.answer.body === null ? answer : recorder.answer;
    // A success that needed no transaction of its own, such as pausing what is paused. When this
    // commit fails the answer still stands: there is no effect that a retry could double.
    await this.store.commit([recorder.record(answer)]);
    return answer;
  }
}

function reused(key: string): Problem {
  return problem(422, 'idempotency-key-reused', `The Idempotency-Key ${key} was used for another request; take a new one for each action`);
}
