import { createServer } from 'node:http';
import next from 'next';
import type { Pages } from './http-server';

/** Where Next's development server talks to the browser. */
const NEXT_SOCKETS = '/_next/';

/** Next as the drawer of pages, from the project in `dir`: its production build, or compiled on demand in development. */
export async function openNextPages(options: { dir: string; development: boolean; hostname: string; port: number }): Promise<Pages> {
  const { dir, development, hostname, port } = options;
  // Next listens for upgrades by itself on the server it is given. It is given one that never
  // listens, so that it sees only those that are handed to it.
  const relay = createServer();
  const app = next({ dev: development, dir, hostname, port, httpServer: relay });
  await app.prepare();
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
