// @ts-check
// The server runs in this very process, so signals reach it and its exit code is ours without
// anything in between that could lose them.
import { pathToFileURL } from 'node:url';
import { bootstrap } from './bootstrap.mjs';
import { SERVER_BUNDLE } from './build.mjs';
import { inProject, runScript } from './project.mjs';

const PARENT_CHECK_INTERVAL_MS = 1_000;

await runScript(async () => {
  await bootstrap({ build: true });
  Object.assign(process.env, { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' });
  process.setSourceMapsEnabled(true);
  stopWhenNpmDies();
  await import(pathToFileURL(inProject(SERVER_BUNDLE)).href);
});

/**
 * An npm that is killed outright passes nothing on. What started this server is gone then, and
 * nobody would know that it is still there; it stops itself.
 */
function stopWhenNpmDies() {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, PARENT_CHECK_INTERVAL_MS);
  timer.unref();
}
