// @ts-check
// Asks npm whether a fresh `npm ci` would accept the lock file, without installing anything.
import { runChild } from './child-process.mjs';
import { installEnvironment, npmCommand } from './install.mjs';
import { runScript } from './project.mjs';

await runScript(async () => {
  const { exitCode } = await runChild([...npmCommand(process.env), 'ci', '--dry-run', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    env: installEnvironment(process.env),
  });
  return exitCode;
});
