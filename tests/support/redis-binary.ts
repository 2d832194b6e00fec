import { findServers, missingPartLine, type ServerProgram } from '../../scripts/machine-parts.mjs';

/**
 * The cluster engines that tests can start, Redis before Valkey; REDIS_SERVER and VALKEY_SERVER
 * name other binaries than those on the PATH. Throws when there is none: such a test fails, it is
 * never skipped.
 */
export function requireServers(): readonly [ServerProgram, ...ServerProgram[]] {
  const [first, ...others] = findServers();
  if (first === undefined) throw new Error(missingPartLine('server'));
  return [first, ...others];
}

/** vitest's globalSetup: says what is missing once, before every test file would say it. */
export function setup(): void {
  requireServers();
}
