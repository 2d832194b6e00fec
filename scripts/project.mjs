// @ts-check
// Facts about this checkout that every script needs. Nothing here may import a package:
// these files run before node_modules exists.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/** The lowest Node that the pinned packages accept; package.json `engines` says the same. */
const NODE_VERSION_MIN = [20, 19];

/** An expected failure: its message is all the reader needs, a stack would only hide it. */
export class SetupError extends Error {}

/** @param {string} relativePath */
export function inProject(relativePath) {
  return join(projectRoot, relativePath);
}

/** @param {string} version for example `20.19.4` */
export function nodeIsNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [majorMin = 0, minorMin = 0] = NODE_VERSION_MIN;
  return major > majorMin || (major === majorMin && minor >= minorMin);
}

/**
 * Runs a script's body from the project root, and turns an expected failure into one line.
 * @param {() => Promise<number | void>} main resolves to the exit code, nothing meaning "leave it"
 */
export async function runScript(main) {
  process.chdir(projectRoot);
  try {
    if (!nodeIsNewEnough(process.versions.node)) {
      throw new SetupError(`Node ${NODE_VERSION_MIN.join('.')} or newer is needed, this is ${process.versions.node}.`);
    }
    const exitCode = await main();
    if (typeof exitCode === 'number') process.exitCode = exitCode;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** Whether `moduleUrl` is the file that node was asked to run. @param {string} moduleUrl */
export function isEntryPoint(moduleUrl) {
  return process.argv[1] !== undefined && fileURLToPath(moduleUrl) === process.argv[1];
}

/** @param {number} durationMs */
export function formatDuration(durationMs) {
  const seconds = durationMs / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
