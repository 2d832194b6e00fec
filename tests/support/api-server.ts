/** The server without pages, as a program: for tests that kill it and for benches that measure it. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '@/lib/platform/system-clock';
import { readConfig } from '@/lib/server/config';
import { giveWay } from '@/lib/server/give-way';
import { createLogger } from '@/lib/server/logger';
import { createShutdown } from '@/lib/server/shutdown';
import { startServer } from '@/lib/server/start-server';
import { LoopHoldWatch } from './loop-holds';

/** What it answers to the message "usage" of the process that started it. */
export interface ProcessUsage {
  /** Microseconds since it began. */
  readonly cpu: NodeJS.CpuUsage;
  readonly rssBytes: number;
}

const holds = new LoopHoldWatch();
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const config = readConfig(process.env, process.cwd());
if (!config.ok) throw new Error(config.error.join('\n'));
giveWay(config.value.niceness);
const logger = createLogger(config.value.logLevel);
const server = await startServer({ config: config.value, clock: systemClock, logger, development: false, openPages: null, apiBeforePages: true });
if (!server.ok) throw new Error(server.error);
const shutDown = createShutdown({ stop: () => server.value.close(), clock: systemClock, logger, exit: (code) => process.exit(code) });
process.on('SIGTERM', shutDown);
process.on('SIGINT', shutDown);
process.on('message', (message) => {
  const usage: ProcessUsage = { cpu: process.cpuUsage(), rssBytes: process.memoryUsage.rss() };
  if (message === 'usage') process.send?.(usage);
  // Memory is collected, and with it what the runtime holds weakly, as in hours of rest.
  if (message === 'collect') {
    collect();
    process.send?.('collected');
  }
  // The answer is a LoopHolds.
  if (message === 'holds') void holds.take().then((taken) => process.send?.(taken));
});
process.stdout.write(`PhantomScale is ready at ${server.value.url}\n`);
