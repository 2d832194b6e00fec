// @ts-check
// Development: the sources are run as they are, by tsx, and Next compiles pages on demand.
import { bootstrap } from './bootstrap.mjs';
import { runChild } from './child-process.mjs';
import { runScript } from './project.mjs';

await runScript(async () => {
  await bootstrap();
  const { exitCode } = await runChild([process.execPath, '--import', 'tsx', 'lib/server/main.ts'], {
    env: { ...process.env, NODE_ENV: 'development', NEXT_TELEMETRY_DISABLED: '1' },
    leads: true,
  });
  return exitCode;
});
