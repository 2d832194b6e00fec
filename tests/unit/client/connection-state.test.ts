import { describe, expect, it } from 'vitest';
import { connectionWords, DELAYED_AFTER_MS, nextConnection, OFFLINE_AFTER_MS, type ConnectionSignal, type ConnectionState } from '@/lib/client/connection-state';

const START: ConnectionState = { status: 'connecting', startedMs: 0 };

function follow(...signals: readonly (readonly [ConnectionSignal['kind'], number, number?])[]): ConnectionState {
  return signals.reduce<ConnectionState>((state, [kind, atMs, attempt = 1]) => nextConnection(state, kind === 'attempt' ? { kind, attempt } : { kind }, atMs), START);
}

const words = (state: ConnectionState, nowMs: number) => connectionWords(state, nowMs, (ms) => `t${ms}`);

describe('the connection', () => {
  it('is live from the first connection', () => {
    expect(follow(['connected', 5])).toEqual({ status: 'live', heartbeatMs: 5 });
  });

  it('[R2] is delayed when no heartbeat came for more than two intervals, says for how long, and recovers with the next', () => {
    const at = DELAYED_AFTER_MS + 1_001;
    const delayed = follow(['connected', 0], ['heartbeat', 1_000], ['tick', at]);
    expect(delayed.status).toBe('delayed');
    expect(words(delayed, 5_000)).toBe('Delayed 4 s');
    expect(nextConnection(delayed, { kind: 'heartbeat' }, at + 1).status).toBe('live');
  });

  it('is not delayed within two intervals', () => {
    expect(follow(['connected', 0], ['tick', DELAYED_AFTER_MS]).status).toBe('live');
  });

  it('counts attempts after it was lost, and keeps the moment of the loss', () => {
    const state = follow(['connected', 0], ['lost', 1_000], ['attempt', 2_000, 1], ['attempt', 4_000, 2]);
    expect(state).toEqual({ status: 'reconnecting', lostMs: 1_000, attempt: 2 });
    expect(words(state, 4_000)).toBe('Reconnecting (attempt 2)');
  });

  it('is offline after a while, says since when, and goes on counting attempts', () => {
    const state = follow(['connected', 0], ['lost', 1_000], ['tick', 1_000 + OFFLINE_AFTER_MS], ['attempt', 30_000, 7]);
    expect(state).toEqual({ status: 'offline', lostMs: 1_000, attempt: 7 });
    expect(words(state, 30_000)).toBe('Offline since t1000');
  });

  it('is offline at once when the device says so, and live again with a connection', () => {
    const offline = follow(['connected', 0], ['device-offline', 700]);
    expect(offline).toEqual({ status: 'offline', lostMs: 700, attempt: 0 });
    expect(nextConnection(offline, { kind: 'connected' }, 900).status).toBe('live');
  });

  it('that never was is offline since it was first tried', () => {
    expect(follow(['tick', OFFLINE_AFTER_MS])).toEqual({ status: 'offline', lostMs: 0, attempt: 0 });
  });

  it('is not revived by a heartbeat that was under way when it broke', () => {
    expect(follow(['connected', 0], ['lost', 1_000], ['heartbeat', 1_001]).status).toBe('reconnecting');
  });

  it('stays the same object when nothing changed, so that nothing is drawn again', () => {
    const live = follow(['connected', 0]);
    expect(nextConnection(live, { kind: 'tick' }, 100)).toBe(live);
  });
});
