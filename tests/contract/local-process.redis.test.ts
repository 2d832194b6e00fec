import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LocalProcessProvisioner } from '@/lib/provisioners/local-process/local-process-provisioner';
import { findRunningIn } from '@/lib/provisioners/local-process/process-identity';
import { RedisProgram } from '@/lib/provisioners/local-process/redis-program';
import { systemClock } from '@/lib/platform/system-clock';
import { LocalNodes } from '../support/local-nodes';
import { requireServers } from '../support/redis-binary';
import { describeProvisionerContract, type ProvisionerHarness } from './provisioner-contract';

const NODES_MAX = 3;
const NEVER = new AbortController().signal;

class RedisHarness implements ProvisionerHarness {
  readonly nodes = new LocalNodes();

  open(change: { readonly path?: string; readonly directives?: Record<string, string>; readonly password?: string } = {}): LocalProcessProvisioner {
    const { path = requireServers()[0].path, directives = {}, password } = change;
    const program = new RedisProgram({ path, directives, clock: systemClock, connection: { tls: { enabled: false, rejectUnauthorized: true }, ...(password !== undefined && { password }) } });
    return new LocalProcessProvisioner({ clusterId: 'cluster-a', program, folder: this.nodes.folder, portMin: this.nodes.portMin, portMax: this.nodes.portMax, nodesMax: NODES_MAX, clock: systemClock });
  }

  nodesOutThere(): Promise<number> {
    return Promise.resolve(this.nodes.pids().length);
  }

  async isThere(address: string): Promise<boolean> {
    return await this.nodes.ask(address, 'PING') === '+PONG';
  }

  killNode(address: string): Promise<void> {
    return this.nodes.kill(address);
  }

  stop(): Promise<void> {
    return this.nodes.stop();
  }
}

describeProvisionerContract('local-process with redis-server', () => Promise.resolve(new RedisHarness()), { nodesMax: NODES_MAX, restartsNodes: true });

describe('a process of this machine', () => {
  async function within(work: (harness: RedisHarness) => Promise<void>): Promise<void> {
    const harness = new RedisHarness();
    try {
      await work(harness);
    } finally {
      await harness.stop();
    }
  }

  it('is empty, in cluster mode, on loopback, with a folder of its own that only its owner can read', () => within(async (harness) => {
    const made = await harness.open().provision({ intentId: 'op-0', zone: null }, NEVER);
    if (!made.ok) throw new Error(made.error.message);
    expect(await harness.nodes.ask(made.value.address!, 'CLUSTER INFO')).toContain('$');
    const conf = readFileSync(join(harness.nodes.folder, 'cluster-a', 'op-0', 'server.conf'), 'utf8');
    expect(conf).toContain('bind "127.0.0.1"');
    expect(readdirSync(harness.nodes.folder)).toEqual(['cluster-a']);
  }));

  it('[X3] takes the password of its cluster, and shows it in no argument', () => within(async (harness) => {
    const made = await harness.open({ password: 'a "quoted\\" secret' }).provision({ intentId: 'op-0', zone: null }, NEVER);
    if (!made.ok) throw new Error(made.error.message);
    expect(await harness.nodes.ask(made.value.address!, 'PING')).toMatch(/^-NOAUTH/);
    const quoted = '"a \\"quoted\\\\\\" secret"';
    expect(await harness.nodes.ask(made.value.address!, `AUTH ${quoted}`)).toBe('+OK');
    for (const pid of harness.nodes.pids()) expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain('secret');
  }));

  it('[S7] is adopted when the manager was killed between starting it and noting its pid', () => within(async (harness) => {
    const made = await harness.open().provision({ intentId: 'op-0', zone: null }, NEVER);
    harness.nodes.forgetPid('cluster-a', 'op-0');
    expect(await harness.open().find('op-0', NEVER)).toEqual(made);
    expect(await harness.open().provision({ intentId: 'op-0', zone: null }, NEVER)).toEqual(made);
    expect(harness.nodes.pids()).toHaveLength(1);
    harness.nodes.forgetPid('cluster-a', 'op-0');
    await harness.open().deprovision('op-0', NEVER);
    expect(harness.nodes.pids()).toEqual([]);
  }));

  it('never ends a process that has its pid and is another', () => within(async (harness) => {
    const provisioner = harness.open();
    await provisioner.provision({ intentId: 'op-0', zone: null }, NEVER);
    await harness.nodes.kill(await harness.nodes.onlyAddress(provisioner));
    const stranger = harness.nodes.startStranger();
    harness.nodes.notePid('cluster-a', 'op-0', stranger.pid!);
    expect(await provisioner.find('op-0', NEVER)).toMatchObject({ ok: true, value: { state: 'stopped' } });
    expect(await provisioner.deprovision('op-0', NEVER)).toEqual({ ok: true, value: null });
    expect(stranger.exitCode).toBeNull();
    expect(stranger.signalCode).toBeNull();
  }));

  it('is no business of ours where the folder has no note of ours in it', () => within(async (harness) => {
    const foreign = mkdtempSync(join(tmpdir(), 'phantom-scale-foreign-'));
    expect(findRunningIn(foreign)).toBeNull();
    rmSync(foreign, { recursive: true });
    const provisioner = harness.open();
    harness.nodes.writeForeign('cluster-a', 'op-0');
    expect(await provisioner.list(NEVER)).toEqual({ ok: true, value: [] });
    expect(await provisioner.deprovision('op-0', NEVER)).toEqual({ ok: true, value: null });
    expect(readdirSync(join(harness.nodes.folder, 'cluster-a', 'op-0'))).toEqual(['precious.txt']);
  }));

  it.each([
    ['a program that is not there', { path: '/nowhere/redis-server' }, 'not-executable'],
    ['a program that is none', { path: join(import.meta.dirname, '..', '..', 'package.json') }, 'not-executable'],
    ['a program that ends at once', { directives: { 'no-such-directive': '1' } }, 'start-failed'],
  ] as const)('answers typed to %s, and leaves nothing running', (_name, change, code) => within(async (harness) => {
    const provisioner = harness.open(change);
    expect(await provisioner.provision({ intentId: 'op-0', zone: null }, NEVER)).toMatchObject({ ok: false, error: { code, retryable: false } });
    expect(harness.nodes.pids()).toEqual([]);
    expect(await provisioner.deprovision('op-0', NEVER)).toEqual({ ok: true, value: null });
    expect(await provisioner.list(NEVER)).toEqual({ ok: true, value: [] });
  }));

  it.each(['..', 'a/b', 'a b', ''])('refuses the intent "%s", which would lead to another folder', (intentId) => within(async (harness) => {
    expect(await harness.open().provision({ intentId, zone: null }, NEVER)).toMatchObject({ ok: false, error: { code: 'refused' } });
    expect(await harness.open().deprovision(intentId, NEVER)).toMatchObject({ ok: false, error: { code: 'refused' } });
  }));
});
