/** The server without pages, as a program: for tests that kill it and for benches that measure it. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock } from '@/lib/platform/system-clock';
import { readConfig } from '@/lib/server/config';
import { createLogger } from '@/lib/server/logger';
import { createShutdown } from '@/lib/server/shutdown';
import { startServer } from '@/lib/server/start-server';

/** What it answers to the message "usage" of the process that started it. */
export interface ProcessUsage {
  /** Microseconds since it began. */
  readonly cpu: NodeJS.CpuUsage;
  readonly rssBytes: number;
}

/** What it answers to the message "holds". */
export interface LoopHolds {
  /** The longest that the event loop came back to its timers late since it was last asked. */
  readonly longestMs: number;
}

const HOLD_RESOLUTION_MS = 1;
const holds = monitorEventLoopDelay({ resolution: HOLD_RESOLUTION_MS });

const HOLD_SETTLE_MS = 10;

function answerHolds(): void {
  const answer: LoopHolds = { longestMs: Math.max(0, holds.max / 1e6 - HOLD_RESOLUTION_MS) };
  process.send?.(answer);
  holds.enable();
  holds.reset();
}

const config = readConfig(process.env, process.cwd());
if (!config.ok) throw new Error(config.error.join('\n'));
const logger = createLogger(config.value.logLevel);
const server = await startServer({ config: config.value, clock: systemClock, logger, development: false, openPages: null, apiBeforePages: true });
if (!server.ok) throw new Error(server.error);
const shutDown = createShutdown({ stop: () => server.value.close(), clock: systemClock, logger, exit: (code) => process.exit(code) });
process.on('SIGTERM', shutDown);
process.on('SIGINT', shutDown);
process.on('message', (message) => {
  const usage: ProcessUsage = { cpu: process.cpuUsage(), rssBytes: process.memoryUsage.rss() };
  if (message === 'usage') process.send?.(usage);
  // Only once its timer has come round after whatever is being done now.
  if (message === 'holds') setTimeout(answerHolds, HOLD_SETTLE_MS);
});
process.stdout.write(`PhantomScale is ready at ${server.value.url}\n`);
