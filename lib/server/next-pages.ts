import { createServer } from 'node:http';
import next from 'next';
import type { ManagerLogger } from '@/lib/manager/manager-logger';
import type { Pages } from './http-server';

/** Where Next's development server talks to the browser; it leaves other sockets under its name hanging. */
const NEXT_SOCKETS = '/_next/hmr';

/** Next as the drawer of pages, from the project in `dir`: its production build, or compiled on demand in development. */
export async function openNextPages(options: { dir: string; development: boolean; hostname: string; port: number; logger: ManagerLogger }): Promise<Pages> {
  const { dir, development, hostname, port, logger } = options;
  // Next listens for upgrades by itself on the server it is given. It is given one that never
  // listens, so that it sees only those that are handed to it.
  const relay = createServer();
  const app = next({ dev: development, dir, hostname, port, httpServer: relay });
  await withConsoleInLog(logger, () => app.prepare());
  const handle = app.getRequestHandler();
  return {
    handle: (request, response) => handle(request, response),
    upgrade(request, socket, head) {
      if (!development || request.url?.startsWith(NEXT_SOCKETS) !== true) return false;
      return relay.emit('upgrade', request, socket, head);
    },
    close: () => app.close(),
  };
}

/** While Next starts it tells the terminal about itself; stdout is for the one line that says where the server is. */
async function withConsoleInLog(logger: ManagerLogger, work: () => Promise<void>): Promise<void> {
  const terminal = globalThis.console;
  const { log } = terminal;
  terminal.log = (...words: unknown[]) => logger.info({ next: words.join(' ') }, 'Next');
  try {
    await work();
  } finally {
    terminal.log = log;
  }
}
