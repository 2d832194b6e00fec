// @ts-check
// Brings a checkout to the point where it can be used, from nothing but Node and npm: packages, the
// generated Prisma client and, where asked for, the route types and the production build. Each part
// is skipped when its marker says it is current, so calling this first costs every command a few
// tens of milliseconds. It is called by the commands themselves, not by `prestart` and `pretest`:
// npm skips those without a word when a user's npmrc says `ignore-scripts`.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build, whyBuild } from './build.mjs';
import { runChild } from './child-process.mjs';
import { withFileLock } from './file-lock.mjs';
import { install, whyInstall } from './install.mjs';
import { SetupError, formatDuration, inProject, isEntryPoint, projectRoot, runScript } from './project.mjs';
import { hashSources } from './source-hash.mjs';

const LOCK = '.bootstrap.lock';
const CLIENT_SOURCES = ['prisma', 'prisma.config.mjs', 'package-lock.json'];
const CLIENT_FOLDER = 'prisma/generated';
const CLIENT_MARKER = 'prisma/generated/.sources';

/**
 * @typedef {object} Part
 * @property {string} doing
 * @property {() => string | undefined} why why it must be done, undefined when it is current
 * @property {() => Promise<void>} make
 */

/** @type {Part} */
const packages = {
  doing: 'Installing packages',
  why: () => whyInstall(projectRoot),
  make: () => install(projectRoot),
};

/** @type {Part} */
const databaseClient = {
  doing: 'Generating the database client',
  why: whyGenerate,
  make: generateClient,
};

/** @type {Part} */
const production = {
  doing: 'Building for production',
  why: () => whyBuild(projectRoot),
  make: () => build(projectRoot),
};

/** @param {{ build?: boolean }} [options] */
export async function bootstrap({ build: withBuild = false } = {}) {
  const parts = withBuild ? [packages, databaseClient, production] : [packages, databaseClient];
  // Later parts read what earlier ones make, so nothing is looked at beyond the first stale part.
  if (parts.every((part) => part.why() === undefined)) return;
  await withFileLock(inProject(LOCK), async () => {
    for (const part of parts) {
      const reason = part.why();
      if (reason !== undefined) await makePart(part, reason);
    }
  }, { onWait: (pid) => { console.error(`Process ${pid} is setting up this checkout; waiting for it.`); } });
}

/** @param {Part} part @param {string} reason */
async function makePart(part, reason) {
  console.error(`${part.doing} (${reason}) ...`);
  const startedAtMs = performance.now();
  await part.make();
  console.error(`${part.doing}: done in ${formatDuration(performance.now() - startedAtMs)}`);
}

function clientSourcesHash() {
  return hashSources(projectRoot, CLIENT_SOURCES, [CLIENT_FOLDER]);
}

function whyGenerate() {
  if (!existsSync(inProject('prisma/schema.prisma'))) {
    console.error('prisma/schema.prisma is missing: no database client is generated.');
    return undefined;
  }
  if (!existsSync(inProject(CLIENT_MARKER))) return 'there is none yet';
  return readFileSync(inProject(CLIENT_MARKER), 'utf8') === clientSourcesHash() ? undefined : 'the schema has changed';
}

async function generateClient() {
  const sources = clientSourcesHash();
  // Prisma refuses a folder in which it does not recognise its own work, half of it for example.
  rmSync(inProject(CLIENT_FOLDER), { recursive: true, force: true });
  const { exitCode, output } = await runChild([process.execPath, 'node_modules/prisma/build/index.js', 'generate'], {
    env: {
      ...process.env,
      // Generating never runs the schema engine, but Prisma downloads it unless this names a file,
      // and its download server may be out of reach. Any file will do.
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
    capture: true,
  });
  if (exitCode !== 0) throw new SetupError(`${output.trimEnd()}\n\nprisma generate ended with exit code ${exitCode}.`);
  if (!existsSync(inProject(CLIENT_FOLDER))) throw new SetupError(`prisma generate wrote nothing to ${CLIENT_FOLDER}.`);
  writeFileSync(inProject(CLIENT_MARKER), sources);
}

/**
 * Next declares the routes, and what its bundler lets us import, in files that it writes itself;
 * the type checker and the linter need them. They follow from the folders in app/, so they are made
 * anew each time (half a second).
 */
export async function generateRouteTypes() {
  const { exitCode, output } = await runChild([process.execPath, 'node_modules/next/dist/bin/next', 'typegen'], {
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
    capture: true,
  });
  if (exitCode !== 0) throw new SetupError(`${output.trimEnd()}\n\nnext typegen ended with exit code ${exitCode}.`);
}

if (isEntryPoint(import.meta.url)) {
  await runScript(() => bootstrap({ build: process.argv.includes('--build') }));
}
