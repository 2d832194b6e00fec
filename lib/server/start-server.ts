import type { ManagerLogger } from '@/lib/manager/manager-logger';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import { compose } from './composition';
import type { Config } from './config';
import { listen, type Pages } from './http-server';

export interface ServerOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: ManagerLogger;
  readonly development: boolean;
  /** Draws pages; null serves the API and the sockets alone. */
  readonly openPages: ((address: { hostname: string; port: number }) => Promise<Pages>) | null;
  /** False sends API requests through Next's route, as a test does. */
  readonly apiBeforePages: boolean;
}

export interface RunningServer {
  readonly url: string;
  /** Ends everything in order: no new connections, sockets, managers, database, pages. */
  close(): Promise<void>;
}

/** Takes the port, then makes the parts, then answers. Fails with one line for the operator, and nothing is left running then. */
export async function startServer(options: ServerOptions): Promise<Result<RunningServer, string>> {
  const { config, logger, development } = options;
  const listening = await listen({ host: config.host, port: config.port, development, logger });
  if (!listening.ok) return err(listening.error.message);
  const http = listening.value;
  const composed = await compose(options);
  if (!composed.ok) {
    await http.close();
    return err(composed.error);
  }
  const { runtime, gateway, answerAgent } = composed.value;
  let pages: Pages | null;
  try {
    pages = await options.openPages?.({ hostname: config.host, port: Number(new URL(http.url).port) }) ?? null;
  } catch (error) {
    logger.error({ err: error }, 'The pages cannot be served');
    await composed.value.close();
    await http.close();
    return err(`The pages cannot be served: ${error instanceof Error ? error.message.split('\n')[0]! : String(error)}`);
  }
  http.serve({ runtime, gateway, answerAgent, pages, apiBeforePages: options.apiBeforePages });
  return ok({
    url: http.url,
    async close() {
      const closed = http.close();
      await composed.value.close();
      await pages?.close();
      http.cutOff();
      await closed;
    },
  });
}
