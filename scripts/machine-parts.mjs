// @ts-check
// The programs that tests run against and that no npm package brings: a Redis or Valkey server, a
// HAProxy and a Chromium. A program counts as found when it runs and names its version; that also rejects the
// stub which Ubuntu puts in Chromium's place.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, isAbsolute, join } from 'node:path';
import { runChild } from './child-process.mjs';
import { SetupError, projectRoot } from './project.mjs';

const PROBE_MS_MAX = 15_000;
const APT_UPDATE_MS_MAX = 5 * 60_000;
const APT_INSTALL_MS_MAX = 10 * 60_000;

/** @typedef {'redis' | 'valkey'} ServerEngine */
/** @typedef {{ path: string, version: string }} Program */
/** @typedef {Program & { engine: ServerEngine }} ServerProgram */

/**
 * @typedef {object} MachinePart
 * @property {string} name
 * @property {() => Program | undefined} find
 * @property {readonly string[]} debianPackages
 * @property {string} advice what to do by hand, one sentence
 */

/** @typedef {'server' | 'browser' | 'balancer'} PartName */

/** @type {Record<PartName, MachinePart>} */
export const machineParts = {
  server: {
    name: 'Redis or Valkey server',
    find: () => findServers()[0],
    debianPackages: ['redis-server'],
    advice: 'install redis-server or valkey-server (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis), or name one by REDIS_SERVER=/path or VALKEY_SERVER=/path',
  },
  balancer: {
    name: 'HAProxy',
    find: () => findHaproxy(),
    debianPackages: ['haproxy'],
    advice: 'install HAProxy 2.4 or newer (Debian, Ubuntu: apt-get install haproxy; macOS: brew install haproxy), or name one by HAPROXY=/path',
  },
  browser: {
    name: 'Chromium',
    find: () => findChromium(),
    debianPackages: ['chromium', 'fonts-liberation'],
    advice: 'install Chromium (Debian: apt-get install chromium; elsewhere: npx playwright install --with-deps chromium), or name one by CHROMIUM=/path',
  },
};

/**
 * Every cluster engine on this machine, Redis first.
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {ServerProgram[]}
 */
export function findServers(env = process.env) {
  /** @type {[ServerEngine, string, string][]} */
  const engines = [['redis', 'REDIS_SERVER', 'redis-server'], ['valkey', 'VALKEY_SERVER', 'valkey-server']];
  return engines.flatMap(([engine, variable, name]) => {
    const path = findNamed({ variable, names: [name], env });
    // `Redis server v=7.0.15 sha=...`, `Valkey server v=9.0.0 sha=...`
    const version = path === undefined ? undefined : probe(path, /\bv=(\S+)/);
    return path === undefined || version === undefined ? [] : [{ engine, path, version }];
  });
}

/** @param {NodeJS.ProcessEnv} [env] @returns {Program | undefined} */
export function findHaproxy(env = process.env) {
  const path = findNamed({ variable: 'HAPROXY', names: ['haproxy'], env });
  // `HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/`
  const version = path === undefined ? undefined : probe(path, /version (\d+\.\d+\.\d+)/, ['-v']);
  return path === undefined || version === undefined ? undefined : { path, version };
}

/** @param {NodeJS.ProcessEnv} [env] @returns {Program | undefined} */
export function findChromium(env = process.env) {
  const named = findNamed({ variable: 'CHROMIUM', names: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'], env });
  for (const path of [named, playwrightChromium()]) {
    const version = path === undefined ? undefined : probe(path, /\b(\d+(?:\.\d+){3})/);
    if (path !== undefined && version !== undefined) return { path, version };
  }
  return undefined;
}

/** What `npx playwright install` puts into its own cache; the tests may run before packages exist. */
function playwrightChromium() {
  const require = createRequire(join(projectRoot, 'package.json'));
  try {
    const path = require('@playwright/test').chromium.executablePath();
    return isExecutable(path) ? path : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/**
 * @param {{ variable: string, names: readonly string[], env: NodeJS.ProcessEnv }} search
 * @returns {string | undefined}
 */
function findNamed({ variable, names, env }) {
  const given = env[variable];
  if (given !== undefined && given !== '') {
    // Falling back to another program than the one that was asked for would hide a mistake.
    if (!isExecutable(given)) throw new SetupError(`${variable} names ${given}, which is not a program.`);
    return given;
  }
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/local/bin', '/usr/bin', '/usr/sbin', '/opt/homebrew/bin'];
  for (const name of names) {
    const found = folders.filter((folder) => isAbsolute(folder)).map((folder) => join(folder, name)).find(isExecutable);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Missing and forbidden are the same answer here.
    return false;
  }
}

/** @param {string} path @param {RegExp} pattern @param {readonly string[]} [args] @returns {string | undefined} */
function probe(path, pattern, args = ['--version']) {
  const { stdout, status } = spawnSync(path, args, { encoding: 'utf8', timeout: PROBE_MS_MAX });
  return status === 0 ? pattern.exec(stdout)?.[1] : undefined;
}

/**
 * Finds the parts, and lets apt-get install the missing ones where it may.
 * @param {readonly PartName[]} names
 * @returns {Promise<Map<PartName, string>>} one line for each part that is still missing
 */
export async function provideMachineParts(names) {
  const missing = names.filter((name) => machineParts[name].find() === undefined);
  if (missing.length === 0) return new Map();
  const mayInstall = process.platform === 'linux' && process.getuid?.() === 0
    && findNamed({ variable: 'APT_GET', names: ['apt-get'], env: process.env }) !== undefined;
  if (mayInstall) {
    console.error(`Installing ${missing.map((name) => machineParts[name].name).join(' and ')} with apt-get ...`);
    await aptGet(['update'], APT_UPDATE_MS_MAX);
    // One by one: a package that does not exist here must not keep the other from being installed.
    for (const name of missing) {
      await aptGet(['install', '--yes', '--no-install-recommends', ...machineParts[name].debianPackages], APT_INSTALL_MS_MAX);
    }
  }
  const stillMissing = missing.filter((name) => machineParts[name].find() === undefined);
  return new Map(stillMissing.map((name) => [name, missingPartLine(name)]));
}

/** @param {PartName} name */
export function missingPartLine(name) {
  return `${machineParts[name].name} is missing: ${machineParts[name].advice}.`;
}

/** What it could not do shows in the search that follows. @param {readonly string[]} args @param {number} timeoutMs */
async function aptGet(args, timeoutMs) {
  const { exitCode, output } = await runChild(['apt-get', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    capture: true,
    timeoutMs,
  });
  if (exitCode !== 0) console.error(`${output.trimEnd().split('\n').slice(-8).join('\n')}\napt-get ${args[0] ?? ''} ended with exit code ${exitCode}.`);
}
