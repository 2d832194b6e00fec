import type { Clock } from './clock';

/** The machine's own time. Only composition roots and tests construct it. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return { [Symbol.dispose]: () => { clearTimeout(timer); } };
  },
};
