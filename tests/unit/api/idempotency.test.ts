import { describe, expect, it } from 'vitest';
import { digestOfRequest, IDEMPOTENCY_KEY, IdempotentRuns, type Answer, type AnswerRecorder } from '@/lib/api/idempotency';
import type { RememberedAnswer, StoreWrite } from '@/lib/contract/storage';
import { ok } from '@/lib/platform/result';
import { VirtualClock } from '@/lib/platform/virtual-clock';

/** The part of the store that remembers answers. */
function answerStore() {
  const answers = new Map<string, RememberedAnswer>();
  return {
    answers,
    broken: false,
    answer(key: string) {
      return this.broken ? Promise.reject(new Error('disk full')) : Promise.resolve(answers.get(key) ?? null);
    },
    commit(writes: readonly StoreWrite[]) {
      for (const write of writes) if (write.kind === 'remember-answer') answers.set(write.answer.key, write.answer);
      return Promise.resolve(ok(undefined));
    },
  };
}

function setUp() {
  const store = answerStore();
  const failures: unknown[] = [];
  const runs = new IdempotentRuns(store, new VirtualClock(), (error) => failures.push(error));
  let effects = 0;
  const effect = async (recorder: AnswerRecorder): Promise<Answer> => {
    await Promise.resolve();
    effects += 1;
    const answer = { status: 202, body: `{"effect":${effects}}` };
    await store.commit([recorder.record(answer)]);
    return answer;
  };
  const once = (key: string, requestDigest = 'same', run = effect) => runs.once({ key, requestDigest, run, recall: (stored) => Promise.resolve(stored) });
  return { store, failures, once, effects: () => effects };
}

describe('requests with an Idempotency-Key', () => {
  it('[R3] that repeat have one effect and one answer', async () => {
    const { once, effects } = setUp();
    const first = await once('key-00001');
    expect(await once('key-00001')).toEqual(first);
    expect(effects()).toBe(1);
    expect(await once('key-00002')).toEqual({ status: 202, body: '{"effect":2}' });
  });

  it('[R3] that come at the same time share one run', async () => {
    const { once, effects } = setUp();
    const answers = await Promise.all(Array.from({ length: 20 }, () => once('key-00001')));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(effects()).toBe(1);
  });

  it('are refused when the key was used for another request, also while that one runs', async () => {
    const { once } = setUp();
    const [first, other] = await Promise.all([once('key-00001', 'one'), once('key-00001', 'another')]);
    expect(first).toMatchObject({ status: 202 });
    expect(other).toMatchObject({ status: 422, code: 'idempotency-key-reused' });
    expect(await once('key-00001', 'another')).toMatchObject({ status: 422, code: 'idempotency-key-reused' });
  });

  it('that failed had no effect and are carried out when they come again', async () => {
    const { once, effects } = setUp();
    expect(await once('key-00001', 'same', () => Promise.resolve({ status: 422, body: '{}' }))).toMatchObject({ status: 422 });
    expect(await once('key-00001')).toMatchObject({ status: 202 });
    expect(effects()).toBe(1);
  });

  it('that needed no transaction are remembered all the same', async () => {
    const { once, store } = setUp();
    await once('key-00001', 'same', () => Promise.resolve({ status: 204, body: null }));
    expect(store.answers.get('key-00001')).toMatchObject({ status: 204, body: '' });
    expect(await once('key-00001')).toEqual({ status: 204, body: null });
  });

  it('[D6] are not carried out when it cannot be known whether they were before', async () => {
    const { once, store, failures, effects } = setUp();
    store.broken = true;
    expect(await once('key-00001')).toMatchObject({ status: 503, code: 'unavailable' });
    expect(effects()).toBe(0);
    expect(failures).toHaveLength(1);
    store.broken = false;
    expect(await once('key-00001')).toMatchObject({ status: 202 });
  });

  it('differ by actor, method, path and body', () => {
    const request = { actor: 'a', method: 'POST', path: '/x', body: { a: 1 } };
    const digests = [request, { ...request, actor: 'b' }, { ...request, method: 'PUT' }, { ...request, path: '/y' }, { ...request, body: { a: 2 } }, { ...request, body: undefined }];
    expect(new Set(digests.map(digestOfRequest)).size).toBe(digests.length);
    expect(digestOfRequest({ ...request })).toBe(digestOfRequest(request));
  });

  it('have a key of 8 to 128 visible ASCII characters', () => {
    expect(['12345678', 'x'.repeat(128), '!~{}"azAZ'].every((key) => IDEMPOTENCY_KEY.test(key))).toBe(true);
    expect(['1234567', 'x'.repeat(129), 'with space', 'ümlaut-key', 'line\nbreak'].some((key) => IDEMPOTENCY_KEY.test(key))).toBe(false);
  });
});
