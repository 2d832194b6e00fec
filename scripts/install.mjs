// @ts-check
// `npm ci` deletes node_modules before it fills it again, so it runs only when it must: a tree that
// already holds what the lock file asks for is kept, whoever installed it. That makes a start
// without a network possible after somebody's own `npm ci`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { runChild } from './child-process.mjs';
import { SetupError } from './project.mjs';
import { hashSources } from './source-hash.mjs';

const MANIFEST_FILES = ['package.json', 'package-lock.json', '.npmrc'];
/** Lives inside what it vouches for, so that deleting node_modules deletes it too. */
const MARKER = 'node_modules/.phantom-scale-install.json';
/** What a surrounding npm may decide for the one we start: where packages come from, nothing else. */
const INHERITED_SETTINGS = new Set(['registry', 'cafile', 'ca', 'proxy', 'https_proxy', 'noproxy', 'cache', 'userconfig', 'globalconfig']);
const OUTPUT_LINES_MAX = 40;

/** @typedef {{ version?: string, resolved?: string, integrity?: string, optional?: boolean, link?: boolean, os?: string[], cpu?: string[], libc?: string[] }} LockedPackage */
/** @typedef {{ platform: string, arch: string, libc: string, abi: string }} Runtime */

/** @returns {Runtime} */
export function currentRuntime() {
  return { platform: process.platform, arch: process.arch, libc: currentLibc(), abi: process.versions.modules };
}

function currentLibc() {
  if (process.platform !== 'linux') return 'none';
  const report = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return report.header?.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

/**
 * Why packages must be installed, or undefined when they need not be. A kept tree gets its marker
 * here, so that the long comparison happens once.
 * @param {string} root
 * @param {Runtime} [runtime]
 * @returns {string | undefined}
 */
export function whyInstall(root, runtime = currentRuntime()) {
  if (!existsSync(join(root, 'node_modules'))) return 'node_modules is missing';
  const marker = readJson(join(root, MARKER));
  const expected = { manifest: hashSources(root, MANIFEST_FILES), runtime };
  if (isDeepStrictEqual(marker, expected)) return undefined;
  if (marker !== undefined && !isDeepStrictEqual(marker.runtime, runtime)) return 'node_modules was made for another Node or platform';
  const difference = differenceFromLock(root, runtime);
  if (difference === undefined) markInstalled(root, runtime);
  return difference;
}

/**
 * @param {string} root
 * @param {Runtime} runtime
 * @returns {string | undefined} the first thing in which node_modules differs from the lock file
 */
function differenceFromLock(root, runtime) {
  const lock = readJson(join(root, 'package-lock.json'));
  if (lock === undefined) throw new SetupError('package-lock.json is missing.');
  const manifest = readJson(join(root, 'package.json'));
  for (const key of ['dependencies', 'devDependencies', 'optionalDependencies']) {
    if (!isDeepStrictEqual(manifest[key], lock.packages[''][key])) return `${key} in package.json and the lock file differ`;
  }
  // npm writes down what it put there; the file is missing after an install that was cut short.
  const installed = readJson(join(root, 'node_modules/.package-lock.json'))?.packages;
  if (installed === undefined) return 'node_modules is incomplete';
  for (const [path, wanted] of /** @type {[string, LockedPackage][]} */ (Object.entries(lock.packages))) {
    const found = /** @type {LockedPackage | undefined} */ (installed[path]);
    if (path === '' || wanted.link || (found === undefined && mayBeAbsent(wanted, runtime))) continue;
    const isSame = found?.version === wanted.version && found?.integrity === wanted.integrity;
    if (!isSame || !existsSync(join(root, path, 'package.json'))) return `${path} does not match the lock file`;
  }
  return undefined;
}

/**
 * An optional package is this platform's binary, or another's, or something that only another's
 * needs. Just the first must be there, and it is the one that names a platform that is ours.
 * @param {LockedPackage} wanted
 * @param {Runtime} runtime
 */
function mayBeAbsent(wanted, runtime) {
  if (!wanted.optional) return false;
  const namesPlatform = wanted.os !== undefined || wanted.cpu !== undefined || wanted.libc !== undefined;
  const suits = allows(wanted.os, runtime.platform) && allows(wanted.cpu, runtime.arch) && allows(wanted.libc, runtime.libc);
  return !(namesPlatform && suits);
}

/** npm's os, cpu and libc lists: names to allow, or names to refuse with a `!`. @param {string[] | undefined} list @param {string} value */
function allows(list, value) {
  if (list === undefined) return true;
  if (list.includes(`!${value}`)) return false;
  const allowed = list.filter((entry) => !entry.startsWith('!'));
  return allowed.length === 0 || allowed.includes(value);
}

/** @param {string} root @param {Runtime} runtime */
function markInstalled(root, runtime) {
  writeFileSync(join(root, MARKER), JSON.stringify({ manifest: hashSources(root, MANIFEST_FILES), runtime }));
}

/** @param {string} root */
export async function install(root) {
  const env = installEnvironment(process.env);
  // Development packages are part of it whatever NODE_ENV says: they build the console.
  const command = [...npmCommand(process.env), 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { exitCode, output } = await runChild(command, { env, capture: true });
  if (exitCode !== 0) {
    const tail = output.trimEnd().split('\n').slice(-OUTPUT_LINES_MAX).join('\n');
    throw new SetupError(`${tail}\n\nInstalling packages failed: npm ci ended with exit code ${exitCode}.`);
  }
  markInstalled(root, currentRuntime());
}

/**
 * The npm that runs us, else the one that came with this Node, else the one on the PATH.
 * @param {NodeJS.ProcessEnv} env
 * @returns {string[]}
 */
export function npmCommand(env) {
  const running = env['npm_execpath'];
  if (running !== undefined && basename(running) === 'npm-cli.js' && existsSync(running)) return [process.execPath, running];
  const bundled = join(dirname(dirname(process.execPath)), 'lib/node_modules/npm/bin/npm-cli.js');
  return existsSync(bundled) ? [process.execPath, bundled] : ['npm'];
}

/**
 * `npm start --omit=dev`, `npm_config_global=true` and the like are meant for the npm that runs us;
 * handed on they would change what gets installed.
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function installEnvironment(env) {
  const kept = Object.entries(env).filter(([name]) => {
    const setting = /^npm_config_(.+)$/i.exec(name)?.[1];
    return setting === undefined || INHERITED_SETTINGS.has(setting.toLowerCase().replaceAll('-', '_'));
  });
  return /** @type {NodeJS.ProcessEnv} */ (Object.fromEntries(kept));
}

/** @param {string} path @returns {any} undefined when it is missing or not JSON */
function readJson(path) {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
