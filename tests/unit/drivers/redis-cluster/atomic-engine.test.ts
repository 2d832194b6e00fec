/** The command sequences of atomic slot migration against answers recorded from Valkey 9.1.0 and Redis 8 (unstable, June 2026). */
import { describe, expect, it } from 'vitest';
import { ATOMIC_ENGINES, rangesOf, type AtomicEnds } from '@/lib/drivers/redis-cluster/atomic-engine';
import { errorReply } from '@/lib/drivers/redis-cluster/failures';
import type { Reply } from '@/lib/drivers/redis-cluster/replies';
import type { Command } from '@/lib/drivers/redis-cluster/resp';
import { err, ok } from '@/lib/platform/result';

const SOURCE = '8465555a6f9b68049e16ee2977ac1880d599622e';
const TARGET = 'dc77cf2f60e7a7c58c4ba813bcec7775215a94e8';

/** A node that has been recorded: gives the answers in their order and keeps what it was asked. */
class Recorded {
  readonly asked: string[] = [];
  readonly address = '127.0.0.1:7000';
  constructor(private readonly answers: (Reply | { readonly error: string })[]) {}

  call(command: Command) {
    const asked = command.map(String).join(' ');
    this.asked.push(asked);
    const answer = this.answers.shift();
    if (answer === undefined) throw new Error(`Nothing is recorded for ${asked}`);
    const isError = typeof answer === 'object' && answer !== null && 'error' in answer;
    return Promise.resolve(isError ? err(errorReply(answer.error)) : ok(answer));
  }
}

const valkeyJob = (name: string, slots: string, state: string, operation = 'EXPORT'): Reply => [
  'name', name, 'operation', operation, 'slot_ranges', slots, 'target_node', TARGET, 'source_node', SOURCE, 'create_time', 1795648928,
  'last_update_time', 1795648928, 'last_ack_time', 1795648928, 'state', state, 'message', '', 'cow_size', 0, 'remaining_repl_size', 0,
];
const redisTask = (id: string, slots: string, state: string, lastError = '', retries = 0): Reply => [
  'id', id, 'slots', slots, 'source', SOURCE, 'dest', TARGET, 'operation', 'import', 'state', state, 'last_error', lastError, 'retries', retries,
  'create_time', 1795648938359, 'start_time', 1795648938359, 'end_time', -1, 'write_pause_ms', 0,
];
const ends = (source: Recorded, target: Recorded): AtomicEnds => ({ source, target, targetNodeId: TARGET, timeoutMs: 1_000 });
const nobody = () => new Recorded([]);
const RANGES = [{ first: 0, last: 10 }, { first: 20, last: 20 }];

describe('slots as ranges', () => {
  it('joins neighbours, whatever their order', () => {
    expect(rangesOf([20, 3, 1, 2, 0])).toEqual([{ first: 0, last: 3 }, { first: 20, last: 20 }]);
    expect(rangesOf([])).toEqual([]);
  });
});

describe('Valkey 9', () => {
  const engine = ATOMIC_ENGINES.valkey;

  it('tells the source, and finds its job as the one that was not there before', async () => {
    const source = new Recorded([[valkeyJob('old', '0-10 20-20', 'success')], 'OK', [valkeyJob('new', '0-10 20-20', 'waiting-to-snapshot'), valkeyJob('old', '0-10 20-20', 'success')]]);
    const known = await engine.jobs(ends(source, nobody()));
    expect(known.ok && await engine.begin(ends(source, nobody()), RANGES, known.value)).toEqual(ok('new'));
    expect(source.asked).toEqual(['CLUSTER GETSLOTMIGRATIONS', `CLUSTER MIGRATESLOTS SLOTSRANGE 0 10 20 20 NODE ${TARGET}`, 'CLUSTER GETSLOTMIGRATIONS']);
  });

  it('a refusal of the engine is a typed failure with its words', async () => {
    const source = new Recorded([{ error: 'ERR Slots are not served by this node.' }]);
    expect(await engine.begin(ends(source, nobody()), RANGES, [])).toMatchObject({ ok: false, error: { code: 'refused-by-engine', message: expect.stringContaining('not served') as string } });
  });

  it('every state that is no end is running; imports of others are none of ours', async () => {
    const states = [['snapshotting', 'running'], ['replicating', 'running'], ['failover-paused', 'running'], ['success', 'done'], ['failed', 'failed'], ['cancelled', 'canceled']] as const;
    const source = new Recorded([[...states.map(([state]) => valkeyJob(state, '1000-8000', state)), valkeyJob('import', '1-2', 'success', 'IMPORT')]]);
    const jobs = await engine.jobs(ends(source, nobody()));
    expect(jobs.ok && jobs.value.map(({ id, state }) => [id, state])).toEqual(states);
    expect(jobs.ok && jobs.value[0]).toMatchObject({ ranges: [{ first: 1_000, last: 8_000 }], sourceNodeId: SOURCE, targetNodeId: TARGET });
  });

  it('tells one job by its name, whatever else the node remembers', async () => {
    const list: Reply = [valkeyJob('other', '50-60', 'failed'), valkeyJob('mine', '0-10', 'snapshotting')];
    const source = new Recorded([list, list]);
    expect(await engine.job(ends(source, nobody()), 'mine')).toMatchObject({ ok: true, value: { id: 'mine', state: 'running' } });
    expect(await engine.job(ends(source, nobody()), 'gone')).toEqual(ok(null));
  });

  it('[M6] takes back only what is ours: with another running export it cancels nothing', async () => {
    const alone = new Recorded([[valkeyJob('mine', '0-10', 'replicating'), valkeyJob('old', '0-10', 'success')], 'OK']);
    expect(await engine.cancel(ends(alone, nobody()), 'mine')).toBe(true);
    expect(alone.asked.at(-1)).toBe('CLUSTER CANCELSLOTMIGRATIONS');
    const shared = new Recorded([[valkeyJob('mine', '0-10', 'replicating'), valkeyJob('theirs', '50-60', 'snapshotting')]]);
    expect(await engine.cancel(ends(shared, nobody()), 'mine')).toBe(false);
    expect(shared.asked).toEqual(['CLUSTER GETSLOTMIGRATIONS']);
  });
});

describe('Redis 8.4', () => {
  const engine = ATOMIC_ENGINES.redis;

  it('tells the target, which answers with the id of its task', async () => {
    const target = new Recorded(['d3efdd950ecb0338167f2c83809c6bb6ae20b2b6']);
    expect(await engine.begin(ends(nobody(), target), RANGES, [])).toEqual(ok('d3efdd950ecb0338167f2c83809c6bb6ae20b2b6'));
    expect(target.asked).toEqual(['CLUSTER MIGRATION IMPORT 0 10 20 20']);
  });

  it('tells states, retries and the last error, and cancels by id', async () => {
    const target = new Recorded([[redisTask('a', '1000-8000', 'accumulate-buffer', 'Connection refused', 2), redisTask('b', '0-10 20-20', 'completed'), redisTask('c', '5-5', 'canceled', 'Cancelled due to user request')], 1]);
    const jobs = await engine.jobs(ends(nobody(), target));
    expect(jobs.ok && jobs.value.map(({ id, state, retries }) => [id, state, retries])).toEqual([['a', 'running', 2], ['b', 'done', 0], ['c', 'canceled', 0]]);
    expect(jobs.ok && jobs.value[1]?.ranges).toEqual(RANGES);
    expect(await engine.cancel(ends(nobody(), target), 'a')).toBe(true);
    expect(target.asked).toEqual(['CLUSTER MIGRATION STATUS ALL', 'CLUSTER MIGRATION CANCEL ID a']);
  });

  it('asks for one task by its id; one that is forgotten is none', async () => {
    const target = new Recorded([[redisTask('a', '1000-8000', 'streaming-buffer')], []]);
    expect(await engine.job(ends(nobody(), target), 'a')).toMatchObject({ ok: true, value: { id: 'a', state: 'running' } });
    expect(await engine.job(ends(nobody(), target), 'b')).toEqual(ok(null));
    expect(target.asked).toEqual(['CLUSTER MIGRATION STATUS ID a', 'CLUSTER MIGRATION STATUS ID b']);
  });

  it('an unowned or own range is refused by the engine in its words', async () => {
    const target = new Recorded([{ error: 'ERR this node is already the owner of the slot range' }]);
    expect(await engine.begin(ends(nobody(), target), RANGES, [])).toMatchObject({ ok: false, error: { code: 'refused-by-engine' } });
  });
});
