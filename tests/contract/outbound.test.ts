/** Everything that opens connections, against a real port: where the rule forbids it, not a single connection arrives. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisConnectionSchema } from '@/lib/contract/connection';
import { DiscoveredAddresses } from '@/lib/drivers/discovery/discovered-addresses';
import { probeAgent } from '@/lib/drivers/http-agent/probe';
import { RedisClusterDriver } from '@/lib/drivers/redis-cluster/redis-cluster-driver';
import type { Outbound } from '@/lib/platform/outbound';
import { systemClock } from '@/lib/platform/system-clock';
import { WebhookTransport } from '@/lib/provisioners/hook/webhook-transport';
import { StandbyProvisioner } from '@/lib/provisioners/standby-provisioner';
import { OutboundRule } from '@/lib/server/outbound-rule';

const clock = systemClock;
const NEVER = new AbortController().signal;

describe('outbound connections', () => {
  let server: Server;
  let folder: string;
  let connections = 0;
  let port = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'phantom-scale-outbound-'));
    writeFileSync(join(folder, 'secret'), 'a secret of at least sixteen bytes');
    server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    port = (server.address() as AddressInfo).port;
  });

  afterAll(async () => {
    await new Promise((resolve) => { server.close(resolve); });
    rmSync(folder, { recursive: true });
  });

  /** Each is tried once and says what came of it, as text. */
  const dialers: Readonly<Record<string, (host: string, outbound: Outbound) => Promise<string>>> = {
    'the driver of Redis': async (host, outbound) => {
      const driver = new RedisClusterDriver({ connection: RedisConnectionSchema.parse({ kind: 'redis-cluster', seeds: [`${host}:${port}`] }), clock, outbound });
      const read = await driver.observe({ detail: 'nodes', signal: NEVER });
      await driver.close();
      return JSON.stringify(read);
    },
    'the driver of Redis, with TLS': async (host, outbound) => {
      const driver = new RedisClusterDriver({ connection: RedisConnectionSchema.parse({ kind: 'redis-cluster', seeds: [`${host}:${port}`], tls: { enabled: true } }), clock, outbound });
      const read = await driver.observe({ detail: 'nodes', signal: NEVER });
      await driver.close();
      return JSON.stringify(read);
    },
    'the probe of an agent': async (host, outbound) => JSON.stringify(await probeAgent({ address: `${host}:${port}`, nodeId: 'a', timeoutMs: 2_000, clock, outbound, signal: NEVER })),
    'the discovery': async (host, outbound) => {
      const discovered = new DiscoveredAddresses({ names: [{ kind: 'addresses', name: 'any', port }], resolver: { resolve: () => Promise.resolve([`${host}:${port}`]) }, clock, outbound });
      await discovered.refresh();
      return JSON.stringify(discovered.newcomers([]).map(({ answered }) => ({ ok: answered })));
    },
    'a pool of standby nodes': async (host, outbound) => {
      const provisioner = new StandbyProvisioner({ clusterId: 'c', nodes: [{ address: `${host}:${port}`, zone: null }], claimsFile: join(folder, `${host}-claims.json`), clock, outbound });
      return JSON.stringify(await provisioner.provision({ intentId: 'one', zone: null }, NEVER));
    },
    'a web service': async (host, outbound) => JSON.stringify(await new WebhookTransport({ url: `http://${host}:${port}/`, secretFile: join(folder, 'secret'), timeoutMs: 2_000, clock, outbound }).send({ version: 1, action: 'list', clusterId: 'c' }, NEVER)),
  };

  for (const [name, dial] of Object.entries(dialers)) {
    it.each(['127.0.0.1', 'localhost'])(`[X6] ${name} does not go to %s where it is not allowed, and does where it is`, async (host) => {
      connections = 0;
      const said = await dial(host, new OutboundRule(['10.0.0.0/8']));
      expect(connections).toBe(0);
      expect(said).toMatch(/"ok":false/);
      // The control, and a barrier: what had slipped through before would have arrived before this one.
      const first = new Promise((resolve) => { server.once('connection', () => { resolve(connections); }); });
      await dial(host, new OutboundRule(['127.0.0.0/8']));
      expect(await first).toBe(1);
    });
  }
});
