import { createServer } from 'node:net';

/** Below the range from which systems take the ports of outgoing connections, and so is port + 10000. */
const PORT_MIN = 11_000;
const PORT_MAX = 22_000;
const TRIES_MAX = 200;

/** A free loopback port whose cluster bus port (port + 10000) is free too. `taken` holds ports given out before and gets this one. */
export async function freeRedisPort(taken: Set<number>): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN));
    if (taken.has(port)) continue;
    if (await isFree(port) && await isFree(port + 10_000)) {
      taken.add(port);
      return port;
    }
  }
  throw new Error(`No free pair of ports found in ${TRIES_MAX} tries`);
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => { resolve(false); });
    server.listen(port, '127.0.0.1', () => { server.close(() => { resolve(true); }); });
  });
}
