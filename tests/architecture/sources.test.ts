import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const LINES_MAX = 400;
const sources = ['app', 'components', 'lib'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => join(folder, path)));

describe('source files', () => {
  it('are found', () => {
    expect(sources.length).toBeGreaterThan(0);
  });

  it(`have at most ${LINES_MAX} lines`, () => {
    const long = sources.map((path) => ({ path, lineCount: readFileSync(path, 'utf8').trimEnd().split('\n').length }));
    expect(long.filter(({ lineCount }) => lineCount > LINES_MAX)).toEqual([]);
  });

  it('are named in kebab-case, after what they hold', () => {
    const badlyNamed = sources.map((path) => basename(path)).filter((name) => !/^[a-z0-9]+(?:[-.][a-z0-9]+)*$/.test(name) || /^(?:utils?|helpers?|misc|common|index)\./.test(name));
    expect(badlyNamed).toEqual([]);
  });
});

describe('outbound connections', () => {
  /** Parts of the server only; agents and the balancer are programs of their own. */
  const served = sources.filter((path) => /^lib\/(?:api|drivers|manager|persistence|provisioners|realtime|server)\//.test(path));
  const dials = (text: string) => /import \{[^}]*\b(?:connect|request|get|createConnection|Socket)\b[^}]*\} from 'node:(?:net|tls|http|https|http2|dgram)'/.test(text.replaceAll(/\btype \w+/g, '')) || /(?<![.\w])fetch\(/.test(text);
  /** Its own children, at the loopback port that it gave them. */
  const exempt = ['lib/provisioners/local-process/node-program.ts'];

  it('[X6] are opened under the rule, whoever opens them', () => {
    const dialers = served.filter((path) => dials(readFileSync(path, 'utf8')));
    expect(dialers).toEqual(expect.arrayContaining(['lib/drivers/redis-cluster/resp-connection.ts', 'lib/drivers/http-agent/probe.ts', ...exempt]));
    expect(dialers.filter((path) => !exempt.includes(path) && !/\blookup: (?:outbound\.lookup|lookupElsewhere\(outbound\))|, lookup \}/.test(readFileSync(path, 'utf8')))).toEqual([]);
  });
});

describe('dependencies', () => {
  it('are pinned exactly', () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<'dependencies' | 'devDependencies', Record<string, string>>;
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.length).toBeGreaterThan(0);
    expect(versions.filter(([, version]) => !/^(?:npm:[^@]+@)?\d+\.\d+\.\d+(?:-[\w.-]+)?$/.test(version))).toEqual([]);
  });

  it('run no install script: each that has one is denied by name', () => {
    const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, { hasInstallScript?: boolean }> };
    const { allowScripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { allowScripts: Record<string, boolean> };
    const withScript = Object.entries(lock.packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
    expect(Object.values(allowScripts).filter(Boolean)).toEqual([]);
    expect(withScript.filter((name) => !(name in allowScripts))).toEqual([]);
  });
});
