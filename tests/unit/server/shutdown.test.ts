import { describe, expect, it } from 'vitest';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { createShutdown, SAME_SIGNAL_MS, SHUTDOWN_TIMEOUT_MS } from '@/lib/server/shutdown';

function setUp(stop: () => Promise<void>) {
  const clock = new VirtualClock();
  const exits: number[] = [];
  const complaints: string[] = [];
  const log = (_fields: object, message: string) => { complaints.push(message); };
  const logger = { info: () => undefined, warn: log, error: log };
  const signal = createShutdown({ stop, clock, logger, exit: (code) => { exits.push(code); } });
  return { clock, exits, complaints, signal };
}

describe('the end of the server', () => {
  it('is clean at the first signal, with exit code 0', async () => {
    const { clock, exits, signal } = setUp(() => Promise.resolve());
    signal('SIGTERM');
    await clock.advance(0);
    expect(exits).toEqual([0]);
    expect(clock.timersPending).toBe(0);
  });

  it('takes a signal that comes twice with one key press for one', async () => {
    const { clock, exits, signal } = setUp(() => new Promise(() => undefined));
    signal('SIGINT');
    await clock.advance(SAME_SIGNAL_MS - 1);
    signal('SIGINT');
    expect(exits).toEqual([]);
  });

  it('comes at once at a second signal', async () => {
    const { clock, exits, signal } = setUp(() => new Promise(() => undefined));
    signal('SIGINT');
    await clock.advance(SAME_SIGNAL_MS);
    expect(exits).toEqual([]);
    signal('SIGINT');
    expect(exits).toEqual([1]);
  });

  it('is forced when something hangs', async () => {
    const { clock, exits, complaints, signal } = setUp(() => new Promise(() => undefined));
    signal('SIGTERM');
    await clock.advance(SHUTDOWN_TIMEOUT_MS - 1);
    expect(exits).toEqual([]);
    await clock.advance(1);
    expect(exits).toEqual([1]);
    expect(complaints).toEqual(['The server did not end in time and is cut off']);
  });

  it('says so when it was not clean', async () => {
    const { clock, exits, complaints, signal } = setUp(() => Promise.reject(new Error('disk gone')));
    signal('SIGTERM');
    await clock.advance(0);
    expect(exits).toEqual([1]);
    expect(complaints).toEqual(['The server did not end cleanly']);
  });
});
