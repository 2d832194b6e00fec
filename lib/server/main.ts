import { systemClock } from '@/lib/platform/system-clock';
import { readConfig } from './config';
import { giveWay } from './give-way';
import { createLogger } from './logger';
import { openNextPages } from './next-pages';
import { createShutdown } from './shutdown';
import { startServer } from './start-server';

/**
 * The program. It runs from the project's root: from the sources in development, as the
 * bundle .build/server.mjs in production (`NODE_ENV`).
 */
async function main(): Promise<void> {
  const config = readConfig(process.env, process.cwd());
  if (!config.ok) {
    giveUp(config.error.join('\n'));
    return;
  }
  const logger = createLogger(config.value.logLevel);
  try {
    giveWay(config.value.niceness);
  } catch (error) {
    logger.warn({ err: error }, 'The server could not lower its priority and goes on at the one it has');
  }
  const clock = systemClock;
  process.on('unhandledRejection', (reason) => logger.error({ err: reason }, 'A promise was rejected and nobody handled it'));
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'An error that nobody caught; the state is unknown, so the server ends');
    process.exit(1);
  });

  const development = process.env['NODE_ENV'] !== 'production';
  const started = startServer({
    config: config.value, clock, logger, development, apiBeforePages: true,
    openPages: (address) => openNextPages({ dir: process.cwd(), development, logger, ...address }),
  });
  const shutDown = createShutdown({
    clock, logger,
    exit: (code) => process.exit(code),
    // A signal during the start waits for its end: half a start cannot be taken back in order.
    stop: async () => {
      const server = await started;
      if (server.ok) await server.value.close();
    },
  });
  process.on('SIGTERM', shutDown);
  process.on('SIGINT', shutDown);

  const server = await started;
  if (server.ok) process.stdout.write(`PhantomScale is ready at ${server.value.url}\n`);
  else giveUp(server.error);
}

/** One line (or one for each wrong variable) that says what to do, and a non-zero exit. */
function giveUp(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

await main();
