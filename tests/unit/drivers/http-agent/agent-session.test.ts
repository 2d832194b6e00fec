import { describe, expect, it } from 'vitest';
import { AGENT_LIMITS, HeartbeatSchema, type Heartbeat, type HeartbeatAnswer } from '@/lib/contract/agent-protocol';
import { AgentSession } from '@/lib/drivers/http-agent/agent-session';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { agentRecord } from '../../../contract/store-fixtures';

const never = () => new AbortController().signal;
const order = { kind: 'dropShard', key: 'k', epoch: 1, shardId: 0, shardEpoch: 1, superseded: false } as const;

function setUp() {
  const clock = new VirtualClock();
  const session = new AgentSession(agentRecord({ acceptedAtMs: 1 }), { clock, random: () => 0.5, epoch: () => 1, members: () => null, onShards: () => undefined });
  let sequence = 0;
  const beat = (change: Partial<Heartbeat> = {}): Heartbeat => {
    sequence += 1;
    return HeartbeatSchema.parse({ nodeId: 'node-1', incarnation: 1, sequence, epoch: 1, address: '10.0.0.1:7000', metrics: {}, shards: { count: 0 }, ...change });
  };
  const receive = (change: Partial<Heartbeat> = {}) => {
    const taken = session.receive(beat(change));
    if (!taken.ok) throw new Error(taken.error);
    const held: { answer: HeartbeatAnswer | null } = { answer: null };
    void taken.value.then((answer) => { held.answer = answer; });
    return held;
  };
  return { clock, session, beat, receive };
}

describe('one agent', () => {
  it('[N3] a beat that was here before, or is older, changes nothing but a counter', async () => {
    const { clock, session, beat, receive } = setUp();
    receive({ sequence: 5 });
    expect(session.receive(beat({ sequence: 5 }))).toEqual({ ok: false, error: 'stale-beat' });
    expect(session.receive(beat({ sequence: 4 }))).toEqual({ ok: false, error: 'stale-beat' });
    receive({ incarnation: 2, sequence: 1 });
    expect(session.receive(beat({ incarnation: 1, sequence: 99 }))).toEqual({ ok: false, error: 'superseded' });
    expect(session.ignoredBeats).toBe(3);
    expect(session.newest?.beat).toMatchObject({ incarnation: 2, sequence: 1 });
    await clock.advance(0);
  });

  it('holds a beat until the next is due', async () => {
    const { clock, receive } = setUp();
    const held = receive();
    await clock.advance(AGENT_LIMITS.beatIntervalMs - 1);
    expect(held.answer).toBeNull();
    await clock.advance(1);
    expect(held.answer).toMatchObject({ commands: [], ask: null, members: null });
  });

  it('a question releases the held beat, and only a beat that answers it will do', async () => {
    const { clock, session, receive } = setUp();
    const held = receive();
    const asked = session.ask({ shards: true, timeoutMs: 1_000, signal: never() });
    await clock.advance(0);
    expect(held.answer).toMatchObject({ ask: { number: 1, shards: true } });
    const early = receive({ answers: 0 });
    await clock.advance(0);
    expect(early.answer).toMatchObject({ ask: { number: 1 } });
    receive({ answers: 1, shards: { count: 0, held: [] } });
    expect((await asked)?.beat.sequence).toBe(3);
  });

  it('a question that nobody answers ends in time, with nothing', async () => {
    const { clock, session } = setUp();
    const asked = session.ask({ shards: false, timeoutMs: 300, signal: never() });
    await clock.advance(300);
    expect(await asked).toBeNull();
  });

  it('an order is delivered until it is acknowledged, and its report ends it', async () => {
    const { clock, session, receive } = setUp();
    const held = receive();
    const result = session.call(order, { signal: never() });
    await clock.advance(0);
    expect(held.answer?.commands).toEqual([order]);
    const again = receive();
    await clock.advance(0);
    expect(again.answer?.commands).toEqual([order]);
    const acknowledged = receive({ received: ['k'] });
    await clock.advance(AGENT_LIMITS.beatIntervalMs);
    expect(acknowledged.answer?.commands).toEqual([]);
    session.report([{ state: 'done', key: 'k', outcome: { bytes: 1, keyCount: 2, shard: null } }]);
    expect(await result).toMatchObject({ ok: true, value: { keyCount: 2 } });
  });

  it('a running order that nobody waits for is told to stop', () => {
    const { session } = setUp();
    expect(session.report([{ state: 'running', key: 'of an earlier manager', stage: 'copying', bytesDone: 0, keysDone: 0 }]).controls)
      .toEqual([{ key: 'of an earlier manager', cancel: true, bytesPerSecondMax: null }]);
  });

  it('[M13] an order that is called off before it was delivered never is; one that runs is told to stop, and is answered for in time', async () => {
    const { clock, session, receive } = setUp();
    const abort = new AbortController();
    const undelivered = session.call(order, { signal: abort.signal });
    abort.abort(new Error('stop'));
    expect(await undelivered).toMatchObject({ ok: false, error: { code: 'interrupted' } });
    expect(receive().answer).toBeNull();
    const second = new AbortController();
    const running = session.call({ ...order, key: 'k2' }, { signal: second.signal, bytesPerSecondMax: () => 0.5 });
    receive({ received: ['k2'] });
    second.abort(new Error('stop'));
    expect(session.report([{ state: 'running', key: 'k2', stage: 'copying', bytesDone: 0, keysDone: 0 }]).controls).toEqual([{ key: 'k2', cancel: true, bytesPerSecondMax: 1 }]);
    await clock.advance(1_000);
    expect(await running).toMatchObject({ ok: false, error: { code: 'interrupted' } });
  });

  it('a node that starts again, hangs up or falls silent has lost its orders: they may be tried again', async () => {
    const { clock, session, beat, receive } = setUp();
    receive();
    const first = session.call(order, { signal: never() });
    receive({ incarnation: 2, sequence: 1 });
    expect(await first).toMatchObject({ ok: false, error: { code: 'connection-lost', retryable: true } });
    const second = session.call(order, { signal: never() });
    const last = beat({ incarnation: 2, sequence: 2 });
    session.receive(last);
    session.hungUp(last);
    await clock.advance(2_000);
    expect(await second).toMatchObject({ ok: false, error: { code: 'connection-lost', retryable: true } });
    receive({ incarnation: 2, sequence: 3 });
    const third = session.call(order, { signal: never() });
    await clock.advance(6_000);
    expect(await third).toMatchObject({ ok: false, error: { code: 'timeout', retryable: true } });
  });

  it('more requests than its budget are refused, and the next second has a new one', async () => {
    const { clock, session } = setUp();
    for (let request = 0; request < AGENT_LIMITS.requestsPerSecondMax; request += 1) expect(session.permits()).toBe(true);
    expect(session.permits()).toBe(false);
    await clock.advance(1_000);
    expect(session.permits()).toBe(true);
  });
});
