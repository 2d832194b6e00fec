import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { currentRuntime, installEnvironment, npmCommand, whyInstall } from '../../../scripts/install.mjs';
import { makeFolder, writeInto } from '../../support/temporary-folder';

const linux = { platform: 'linux', arch: 'x64', libc: 'glibc', abi: '115' };
const marker = 'node_modules/.phantom-scale-install.json';

const left = { version: '1.0.0', integrity: 'sha512-left' };
const binary = { version: '2.0.0', integrity: 'sha512-linux', optional: true, os: ['linux'], cpu: ['x64'], libc: ['glibc'] };
const muslBinary = { ...binary, integrity: 'sha512-musl', libc: ['musl'] };
const otherBinary = { ...binary, integrity: 'sha512-darwin', os: ['darwin'], libc: undefined };
const needOfOther = { version: '3.0.0', integrity: 'sha512-need', optional: true };

/** A checkout whose lock file asks for all of these, with `installed` in node_modules. */
function makeCheckout(installed: Readonly<Record<string, object>>): string {
  const dependencies = { left: '1.0.0' };
  const locked = {
    '': { dependencies },
    'node_modules/left': left,
    'node_modules/binary-linux': binary,
    'node_modules/binary-musl': muslBinary,
    'node_modules/binary-darwin': otherBinary,
    'node_modules/need-of-darwin': needOfOther,
  };
  const folder = makeFolder({
    'package.json': JSON.stringify({ dependencies }),
    'package-lock.json': JSON.stringify({ packages: locked }),
    '.npmrc': 'save-exact=true',
    'node_modules/.package-lock.json': JSON.stringify({ packages: installed }),
  });
  for (const path of Object.keys(installed)) writeInto(folder, `${path}/package.json`, '{}');
  return folder;
}

const complete = { 'node_modules/left': left, 'node_modules/binary-linux': binary };

describe('whether packages must be installed', () => {
  it('asks for it without node_modules', () => {
    expect(whyInstall(makeFolder({ 'package.json': '{}', 'package-lock.json': '{}' }), linux)).toMatch(/missing/);
  });

  it('keeps a tree that somebody else installed from the same lock file, and marks it', () => {
    const folder = makeCheckout(complete);
    expect(whyInstall(folder, linux)).toBeUndefined();
    expect(existsSync(join(folder, marker))).toBe(true);
  });

  it('asks for it when a package is missing, of another version or an emptied folder', () => {
    expect(whyInstall(makeCheckout({ 'node_modules/binary-linux': binary }), linux)).toMatch(/node_modules\/left/);
    expect(whyInstall(makeCheckout({ ...complete, 'node_modules/left': { ...left, version: '1.0.1' } }), linux)).toMatch(/node_modules\/left/);
    const emptied = makeCheckout(complete);
    rmSync(join(emptied, 'node_modules/left/package.json'));
    expect(whyInstall(emptied, linux)).toMatch(/node_modules\/left/);
  });

  it("asks for it when this platform's binary is missing, and does not mind another's", () => {
    expect(whyInstall(makeCheckout({ 'node_modules/left': left }), linux)).toMatch(/binary-linux/);
    expect(whyInstall(makeCheckout(complete), { ...linux, libc: 'musl' })).toMatch(/binary-musl/);
    expect(whyInstall(makeCheckout(complete), { ...linux, platform: 'darwin' })).toMatch(/binary-darwin/);
  });

  it('asks for it after an install that was cut short', () => {
    const folder = makeCheckout(complete);
    rmSync(join(folder, 'node_modules/.package-lock.json'));
    expect(whyInstall(folder, linux)).toMatch(/incomplete/);
  });

  it('asks for it when package.json wants what the lock file does not know', () => {
    const folder = makeCheckout(complete);
    writeInto(folder, 'package.json', JSON.stringify({ dependencies: { left: '1.0.0', right: '1.0.0' } }));
    expect(whyInstall(folder, linux)).toMatch(/dependencies/);
  });

  it('asks for it under another Node once a tree is marked', () => {
    const folder = makeCheckout(complete);
    expect(whyInstall(folder, linux)).toBeUndefined();
    expect(whyInstall(folder, { ...linux, abi: '127' })).toMatch(/another Node/);
  });

  it('trusts the marker, and looks again when a manifest has changed since', () => {
    const folder = makeCheckout(complete);
    expect(whyInstall(folder, linux)).toBeUndefined();
    rmSync(join(folder, 'node_modules/left/package.json'));
    expect(whyInstall(folder, linux)).toBeUndefined();
    writeInto(folder, '.npmrc', 'save-exact=false');
    expect(whyInstall(folder, linux)).toMatch(/node_modules\/left/);
  });

  it('describes the machine that this test runs on', () => {
    expect(currentRuntime()).toMatchObject({ platform: process.platform, arch: process.arch, abi: process.versions.modules });
  });
});

describe('the npm that installs', () => {
  it('inherits where packages come from and nothing else of the npm around it', () => {
    const env = {
      NODE_ENV: 'production' as const,
      PATH: '/usr/bin',
      npm_config_registry: 'https://registry.example',
      NPM_CONFIG_CAFILE: '/etc/ca.pem',
      npm_config_https_proxy: 'http://proxy.example',
      'npm_config_https-proxy': 'http://proxy.example',
      npm_config_cache: '/cache',
      npm_config_omit: 'dev',
      npm_config_global: 'true',
      npm_config_dry_run: 'true',
      npm_config_ignore_scripts: 'true',
    };
    expect(Object.keys(installEnvironment(env))).toEqual([
      'NODE_ENV', 'PATH', 'npm_config_registry', 'NPM_CONFIG_CAFILE', 'npm_config_https_proxy', 'npm_config_https-proxy', 'npm_config_cache',
    ]);
  });

  it('is the one that runs us, and not a pnpm or yarn', () => {
    const folder = makeFolder({ 'npm-cli.js': '', 'pnpm.cjs': '' });
    const env = { NODE_ENV: 'test' as const };
    expect(npmCommand({ ...env, npm_execpath: join(folder, 'npm-cli.js') })).toEqual([process.execPath, join(folder, 'npm-cli.js')]);
    expect(npmCommand({ ...env, npm_execpath: join(folder, 'pnpm.cjs') })).toEqual(npmCommand(env));
    expect(npmCommand({ ...env, npm_execpath: join(folder, 'gone/npm-cli.js') })).toEqual(npmCommand(env));
  });
});
