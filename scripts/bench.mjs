// @ts-check
// npm run bench -- <name> [arguments]: runs tests/bench/<name>.ts.
import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { bootstrap } from './bootstrap.mjs';
import { runChild } from './child-process.mjs';
import { inProject, runScript } from './project.mjs';

const FOLDER = 'tests/bench';

await runScript(async () => {
  const [name, ...args] = process.argv.slice(2);
  const names = listBenches();
  if (name === undefined || !names.includes(name)) {
    const complaint = name === undefined ? 'Name a bench' : `There is no bench called ${name}`;
    console.error(`${complaint}: npm run bench -- <name>, one of: ${names.join(', ') || 'none yet'}`);
    return 1;
  }
  // Benches with a time limit count what has passed already.
  process.env['BENCH_STARTED_AT_MS'] = String(performance.timeOrigin);
  await bootstrap();
  const { exitCode } = await runChild([process.execPath, '--import', 'tsx', `${FOLDER}/${name}.ts`, ...args], { leads: true });
  return exitCode;
});

function listBenches() {
  if (!existsSync(inProject(FOLDER))) return [];
  return readdirSync(inProject(FOLDER)).filter((file) => file.endsWith('.ts')).map((file) => basename(file, '.ts')).sort();
}
