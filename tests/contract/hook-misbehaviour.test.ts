/** Programs and services that do not keep to the protocol: typed answers, in bounded time, and nothing of them left. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '@/lib/platform/system-clock';
import { HookProvisioner } from '@/lib/provisioners/hook/hook-provisioner';
import { lookupElsewhere } from '@/lib/provisioners/hook/outbound-guard';
import type { Outbound } from '@/lib/platform/outbound';
import { ProgramTransport } from '@/lib/provisioners/hook/program-transport';
import { WebhookTransport } from '@/lib/provisioners/hook/webhook-transport';
import { ProvisionersConfigSchema } from '@/lib/provisioners/provisioner-config';
import { OutboundRule } from '@/lib/server/outbound-rule';
import { HookService, SECRET, type Misbehaviour } from '../support/hook-service';
import { eventually } from '../support/eventually';
import { makeFolder, writeInto } from '../support/temporary-folder';

const NEVER = new AbortController().signal;
const TIMING = { readyWithinMs: 60_000, pollMs: 100 };

function command(script: string, options: { readonly timeoutMs?: number; readonly mode?: number; readonly arguments?: readonly string[]; readonly environment?: Record<string, string> } = {}) {
  const folder = makeFolder();
  writeInto(folder, 'hook.sh', `#!/bin/sh\n${script}\n`, options.mode ?? 0o755);
  const { timeoutMs = 5_000, environment = {} } = options;
  const transport = new ProgramTransport({ path: join(folder, 'hook.sh'), arguments: options.arguments ?? [], environment: { FOLDER: folder, ...environment }, timeoutMs, clock: systemClock });
  return { folder, provisioner: new HookProvisioner({ kind: 'command', clusterId: 'cluster-a', timing: TIMING, transport }) };
}

/** Processes whose environment names this folder: the program and whatever it has started. */
function leftOf(folder: string): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`FOLDER=${folder}`);
    } catch (error) {
      if (error instanceof Error && 'code' in error) return false;
      throw error;
    }
  });
}

async function expectNothingLeft(folder: string): Promise<void> {
  await eventually('nothing of the program is left', () => Promise.resolve(leftOf(folder)), (pids) => pids.length === 0, 2_000);
}

describe('a program', () => {
  const provision = { intentId: 'op-0', zone: null };

  it.each([
    ['answers garbage', 'echo not json', 'bad-answer'],
    ['answers nothing', 'exit 0', 'bad-answer'],
    ['answers another node than it was asked for', 'echo \'{"nodes":[{"intentId":"op-9","state":"ready","address":"h:1"}]}\'', 'bad-answer'],
    ['has two nodes for one intent', 'echo \'{"nodes":[{"intentId":"op-0","state":"ready","address":"h:1"},{"intentId":"op-0","state":"ready","address":"h:2"}]}\'', 'bad-answer'],
    ['answers a state that there is not', 'echo \'{"nodes":[{"intentId":"op-0","state":"dancing","address":"h:1"}]}\'', 'bad-answer'],
    ['says quota, with whatever exit code', 'echo \'{"error":{"code":"quota","message":"of 12 vCPUs 12 are used"}}\'; exit 3', 'quota'],
    ['fails', 'echo "no credentials" >&2; exit 7', 'unavailable'],
    ['is ended by a signal', 'kill -9 $$', 'unavailable'],
  ])('that %s', async (_name, script, code) => {
    const { provisioner, folder } = command(script);
    expect(await provisioner.provision(provision, NEVER)).toMatchObject({ ok: false, error: { code } });
    await expectNothingLeft(folder);
  });

  it('that fails says why in the last words on its standard error', async () => {
    const { provisioner } = command('echo first >&2; echo "no credentials" >&2; exit 7');
    expect(await provisioner.list(NEVER)).toMatchObject({ ok: false, error: { message: 'The program ended with exit code 7: no credentials', retryable: true } });
  });

  it('that answers too much is ended', async () => {
    const { provisioner, folder } = command('yes too much');
    expect(await provisioner.list(NEVER)).toMatchObject({ ok: false, error: { code: 'bad-answer', message: expect.stringContaining('longer than 262144 bytes') as string } });
    await expectNothingLeft(folder);
  });

  it('that hangs is ended with all that it has started, also what does not listen to SIGTERM', async () => {
    const { provisioner, folder } = command('trap "" TERM\n(trap "" TERM; sleep 300) &\nsleep 300', { timeoutMs: 300 });
    expect(await provisioner.list(NEVER)).toMatchObject({ ok: false, error: { code: 'timeout', retryable: true } });
    await expectNothingLeft(folder);
  });

  it('that ends while a helper holds its output open is not waited for, and the helper is ended', async () => {
    const { provisioner, folder } = command('sleep 300 &\necho \'{"nodes":[]}\'');
    expect(await provisioner.list(NEVER)).toEqual({ ok: true, value: [] });
    await expectNothingLeft(folder);
  });

  it('is ended when the call is aborted', async () => {
    const { provisioner, folder } = command('touch "$FOLDER/begun"; sleep 300');
    const abort = new AbortController();
    const call = provisioner.list(abort.signal);
    while (!readdirSync(folder).includes('begun')) await new Promise((resolve) => setTimeout(resolve, 10));
    abort.abort();
    expect(await call).toMatchObject({ ok: false, error: { code: 'interrupted' } });
    await expectNothingLeft(folder);
  });

  it('that may not be executed, or is a folder, is not started', async () => {
    expect(await command('exit 0', { mode: 0o644 }).provisioner.list(NEVER)).toMatchObject({ ok: false, error: { code: 'not-executable', retryable: false } });
    const transport = new ProgramTransport({ path: makeFolder(), arguments: [], environment: {}, timeoutMs: 1_000, clock: systemClock });
    expect(await transport.send({ version: 1, action: 'list', clusterId: 'c' }, NEVER)).toMatchObject({ ok: false, error: { code: 'not-executable' } });
  });

  it('[X7] gets its arguments as they are, no shell in between, and nothing of our environment but PATH, HOME and LANG', async () => {
    process.env['PS_TEST_SECRET'] = 'hidden';
    const { provisioner, folder } = command('printf "%s\\n" "$@" > "$FOLDER/arguments"; env > "$FOLDER/environment"; cat > "$FOLDER/request"; echo \'{"nodes":[]}\'', { arguments: ['$(id)', '; rm -rf /', '"two words"'], environment: { REGION: 'north' } });
    await provisioner.find('op-0', NEVER);
    delete process.env['PS_TEST_SECRET'];
    expect(readFileSync(join(folder, 'arguments'), 'utf8')).toBe('$(id)\n; rm -rf /\n"two words"\n');
    const environment = readFileSync(join(folder, 'environment'), 'utf8');
    expect(environment).toContain('REGION=north');
    expect(environment).not.toContain('hidden');
    expect(JSON.parse(readFileSync(join(folder, 'request'), 'utf8'))).toEqual({ version: 1, clusterId: 'cluster-a', action: 'find', intentId: 'op-0' });
  });

  it('whose answer to a return still names the node is asked again later', async () => {
    const { provisioner } = command('echo \'{"nodes":[{"intentId":"op-0","state":"ready","address":"h:1"}]}\'');
    expect(await provisioner.deprovision('op-0', NEVER)).toMatchObject({ ok: false, error: { code: 'unavailable', retryable: true } });
  });
});

describe('a web service', () => {
  let service: HookService;
  beforeAll(async () => { service = await HookService.start(3); });
  afterAll(async () => { await service.stop(); });

  function webhook(options: { readonly url?: string; readonly secret?: string; readonly timeoutMs?: number } = {}) {
    const folder = makeFolder();
    writeFileSync(join(folder, 'secret'), options.secret ?? SECRET);
    const transport = new WebhookTransport({ url: options.url ?? service.url, secretFile: join(folder, 'secret'), timeoutMs: options.timeoutMs ?? 2_000, clock: systemClock, outbound: new OutboundRule() });
    return new HookProvisioner({ kind: 'webhook', clusterId: 'cluster-a', timing: TIMING, transport });
  }

  it.each<[Misbehaviour, string, boolean]>([
    ['unsigned', 'bad-answer', false],
    ['wrong-signature', 'bad-answer', false],
    ['signed-for-another-request', 'bad-answer', false],
    ['garbage', 'bad-answer', false],
    ['redirect', 'bad-answer', false],
    ['too-much', 'bad-answer', false],
    ['status-401', 'refused', false],
    ['status-500', 'unavailable', true],
    ['breaks-off', 'unavailable', true],
    ['slow', 'timeout', true],
  ])('that is or answers %s', async (misbehaviour, code, retryable) => {
    // Only what is slow is to be waited for in vain.
    const provisioner = webhook({ timeoutMs: misbehaviour === 'slow' ? 300 : 10_000 });
    await provisioner.list(NEVER);
    service.misbehaviour = misbehaviour;
    expect(await provisioner.list(NEVER)).toMatchObject({ ok: false, error: { code, retryable } });
    service.misbehaviour = null;
    expect(await provisioner.list(NEVER)).toMatchObject({ ok: true });
  });

  it('refuses what another secret has signed, and is sent an idempotency key per intent', async () => {
    expect(await webhook({ secret: 'another secret of these tests' }).list(NEVER)).toMatchObject({ ok: false, error: { code: 'refused' } });
    await webhook().find('op-7', NEVER);
    expect(service.headers.at(-1)?.['idempotency-key']).toBe('op-7/find');
  });

  it('is not asked with a secret that is too short, or none', async () => {
    const asked = service.headers.length;
    expect(await webhook({ secret: 'short' }).list(NEVER)).toMatchObject({ ok: false, error: { code: 'refused' } });
    expect(service.headers).toHaveLength(asked);
  });

  it.each(['http://169.254.169.254/latest', 'http://[fe80::1]/', 'http://0.0.0.0:1/', 'http://[::ffff:169.254.169.254]/'])('[X6] is not asked at %s', async (url) => {
    expect(await webhook({ url }).list(NEVER)).toMatchObject({ ok: false, error: { code: 'refused' } });
  });

  it('[X6] a name is judged by the address that is connected to', async () => {
    const found = (hostname: string, addresses: readonly string[]) => new Promise((resolve) => {
      const outbound: Outbound = { refusalOf: () => null, lookup: (_hostname, _options, callback) => { callback(null, addresses.map((address) => ({ address, family: 4 }))); } };
      lookupElsewhere(outbound)(hostname, {}, (error, address) => { resolve(error?.code ?? address); });
    });
    expect(await found('nodes.example.com', ['127.0.0.1'])).toBe('EADDRNOTALLOWED');
    expect(await found('nodes.example.com', ['::ffff:127.0.0.1', '10.1.2.3'])).toBe('10.1.2.3');
    expect(await found('localhost', ['127.0.0.1'])).toBe('127.0.0.1');
  });
});

describe('the configuration', () => {
  const faults = (provisioner: object) => {
    const parsed = ProvisionersConfigSchema.safeParse({ one: provisioner });
    return parsed.success ? [] : [...new Set(parsed.error.issues.map((issue) => issue.path.join('.')))];
  };

  it.each<[string, object, string]>([
    ['a program by a relative path', { kind: 'command', for: 'redis-cluster', path: 'bin/hook' }, 'one.path'],
    ['a web service without TLS elsewhere', { kind: 'webhook', for: 'redis-cluster', url: 'http://nodes.example.com/', secretFile: '/etc/secret' }, 'one.url'],
    ['a password in an address', { kind: 'webhook', for: 'redis-cluster', url: 'https://user:pw@nodes.example.com/', secretFile: '/etc/secret' }, 'one.url'],
    ['another scheme', { kind: 'webhook', for: 'redis-cluster', url: 'file:///etc/passwd', secretFile: '/etc/secret' }, 'one.url'],
    ['a standby node twice', { kind: 'standby', for: 'redis-cluster', nodes: [{ address: 'a:1' }, { address: 'a:1' }] }, 'one.nodes'],
    ['ports the wrong way round', { kind: 'local-process', program: { kind: 'redis', path: '/usr/bin/redis-server' }, folder: '/srv', portMin: 7_200, portMax: 7_100 }, 'one.portMax'],
    ['a bus port that there is not', { kind: 'local-process', program: { kind: 'redis', path: '/usr/bin/redis-server' }, folder: '/srv', portMin: 60_000, portMax: 60_100 }, 'one.portMax'],
    ['two lines in a directive', { kind: 'local-process', program: { kind: 'redis', path: '/usr/bin/redis-server', directives: { save: '1 1\nmodule /x' } }, folder: '/srv' }, 'one.program.directives.save'],
    ['a time-out of nothing', { kind: 'command', for: 'redis-cluster', path: '/bin/hook', timeoutMs: 0 }, 'one.timeoutMs'],
    ['an unknown kind', { kind: 'shell', path: '/bin/sh' }, 'one.kind'],
    ['a field that there is not', { kind: 'command', for: 'redis-cluster', path: '/bin/hook', shell: true }, 'one'],
  ])('refuses %s, by its field', (_name, provisioner, path) => {
    expect(faults(provisioner)).toEqual([path]);
  });
});
