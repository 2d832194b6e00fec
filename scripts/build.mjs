// @ts-check
// The production build is two things made from the same sources: Next's `.next` and the server
// bundles in `.build`, with one marker for both.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runChild } from './child-process.mjs';
import { SetupError } from './project.mjs';
import { hashSources } from './source-hash.mjs';

const SOURCES = ['app', 'components', 'lib', 'prisma', 'public', 'next.config.js', 'tsconfig.json', 'package.json', 'package-lock.json', 'scripts/build.mjs'];
/** The generated Prisma client follows from prisma/, which is counted. */
const GENERATED = ['prisma/generated'];
const MARKER = '.build/build.json';
const NEXT_BUILD_ID = '.next/BUILD_ID';
const SERVER_ENTRY = 'lib/server/main.ts';
export const SERVER_BUNDLE = '.build/server.mjs';

/** @param {string} root @returns {string | undefined} why a build is needed */
export function whyBuild(root) {
  if (!existsSync(join(root, MARKER)) || !existsSync(join(root, SERVER_BUNDLE))) return 'there is no build yet';
  // `.next` may have been built by hand, from other sources, since the marker was written.
  if (readBuildId(root) === undefined) return 'there is no build yet';
  const marker = JSON.parse(readFileSync(join(root, MARKER), 'utf8'));
  if (marker.buildId !== readBuildId(root)) return 'the pages were built apart from the server';
  if (marker.sources !== hashSources(root, SOURCES, GENERATED)) return 'the sources have changed';
  return undefined;
}

/** @param {string} root */
export async function build(root) {
  rmSync(join(root, MARKER), { force: true });
  // Taken before the build: a file edited meanwhile makes the result stale, not current.
  const sources = hashSources(root, SOURCES, GENERATED);
  await bundleServer(root);
  const { exitCode, output } = await runChild([process.execPath, 'node_modules/next/dist/bin/next', 'build'], {
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    capture: true,
  });
  if (exitCode !== 0) throw new SetupError(`${output.trimEnd()}\n\nThe build failed: next build ended with exit code ${exitCode}.`);
  writeFileSync(join(root, MARKER), JSON.stringify({ sources, buildId: readBuildId(root) }));
}

/**
 * One bundle for the server and one for each worker thread, all beside each other in `.build`: a
 * worker at lib/any/where/plan.worker.ts is started from the bundle as `./plan.worker.mjs`.
 * @param {string} root
 */
async function bundleServer(root) {
  rmSync(join(root, '.build'), { recursive: true, force: true });
  mkdirSync(join(root, '.build'));
  const workers = findWorkers(root);
  const names = workers.map((path) => basename(path));
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw new SetupError(`Two workers are called ${repeated}; their bundles would be the same file.`);

  const esbuild = await import('esbuild');
  try {
    await esbuild.build({
      absWorkingDir: root,
      entryPoints: [
        { in: SERVER_ENTRY, out: 'server' },
        ...workers.map((path) => ({ in: path, out: basename(path, '.ts') })),
      ],
      outdir: '.build',
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      target: 'node20.19',
      format: 'esm',
      packages: 'external',
      sourcemap: true,
      logLevel: 'silent',
    });
  } catch (error) {
    throw new SetupError(`The build failed: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await esbuild.stop();
  }
}

/** @param {string} root */
function findWorkers(root) {
  const files = readdirSync(join(root, 'lib'), { recursive: true }).map((path) => `lib/${path}`);
  return files.filter((path) => path.endsWith('.worker.ts') || /^lib\/server\/workers\/[^/]+\.ts$/.test(path)).sort();
}

/** @param {string} root */
function readBuildId(root) {
  const path = join(root, NEXT_BUILD_ID);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
