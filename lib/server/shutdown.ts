import type { ManagerLogger } from '@/lib/manager/manager-logger';
import type { Clock } from '@/lib/platform/clock';

/** npm hands a terminal's Ctrl-C on to a process that has it already: a repeat this soon is the same key press. */
export const SAME_SIGNAL_MS = 1_000;
/** A clean end may take this long; whatever hangs then is left behind. */
export const SHUTDOWN_TIMEOUT_MS = 10_000;

export interface ShutdownOptions {
  readonly stop: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: ManagerLogger;
  readonly exit: (code: number) => void;
}

/**
 * What to do at a signal: the first ends cleanly (exit code 0); one that comes later than
 * SAME_SIGNAL_MS after it ends at once, and so does the time-out (exit code 1).
 */
export function createShutdown({ stop, clock, logger, exit }: ShutdownOptions): (signal: string) => void {
  let stoppingSinceMs: number | null = null;
  return (signal) => {
    if (stoppingSinceMs !== null) {
      if (clock.monotonicMs() - stoppingSinceMs < SAME_SIGNAL_MS) return;
      logger.warn({ signal }, 'A second signal: the server ends at once');
      exit(1);
      return;
    }
    stoppingSinceMs = clock.monotonicMs();
    logger.info({ signal }, 'The server is stopping');
    const timer = clock.after(SHUTDOWN_TIMEOUT_MS, () => {
      logger.error({ timeoutMs: SHUTDOWN_TIMEOUT_MS }, 'The server did not end in time and is cut off');
      exit(1);
    });
    stop().then(
      () => exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'The server did not end cleanly');
        exit(1);
      },
    ).finally(() => timer[Symbol.dispose]());
  };
}
