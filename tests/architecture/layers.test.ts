import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../support/temporary-folder';

const cruiser = resolve('node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const config = resolve('.dependency-cruiser.cjs');
const tsconfig = JSON.stringify({ compilerOptions: { module: 'esnext', moduleResolution: 'bundler', paths: { '@/*': ['./*'] } } });

type Import = readonly [from: string, to: string];

interface Violation {
  from: string;
  rule: { name: string };
}

/** What the project's rules say of a source tree that holds just these imports. */
function cruise(imports: readonly Import[]): Violation[] {
  const files: Record<string, string> = { 'tsconfig.json': tsconfig, 'package.json': '{}', 'node_modules/zod/index.js': 'export {};' };
  const isFile = (path: string): boolean => path.includes('/');
  for (const [, to] of imports) if (isFile(to)) files[to] = 'export {};\n';
  for (const [from, to] of imports) {
    const specifier = isFile(to) ? `@/${to.replace(/\.tsx?$/, '')}` : to;
    files[from] = `${files[from] ?? ''}import * as outside from '${specifier}';\nexport { outside };\n`;
  }
  const { stdout } = spawnSync(process.execPath, [cruiser, '--config', config, '--output-type', 'json', '.'], {
    cwd: makeFolder(files),
    encoding: 'utf8',
  });
  return (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations;
}

describe('the table of layers', () => {
  it('accepts what it allows', () => {
    expect(cruise([
      ['lib/contract/node.ts', 'lib/platform/clock.ts'],
      ['lib/contract/node.ts', 'zod'],
      ['lib/core/plan.ts', 'lib/contract/node.ts'],
      ['lib/manager/loop.ts', 'lib/drivers/driver.ts'],
      ['lib/manager/loop.ts', 'node:events'],
      ['lib/persistence/store.ts', 'prisma/generated/client.ts'],
      ['components/topology/map.tsx', 'components/ui/button.tsx'],
      ['components/topology/map.tsx', 'components/topology/edge.tsx'],
      ['app/page.tsx', 'components/topology/map.tsx'],
      ['app/api/v1/route.ts', 'lib/server/runtime.ts'],
    ])).toEqual([]);
  });

  it('refuses what it does not', () => {
    // One tree for all of them: each run of the cruiser takes more than a second.
    const refused: [rule: string, ...Import][] = [
      ['layer:lib/core', 'lib/core/plan.ts', 'lib/server/config.ts'],
      ['layer:lib/manager', 'lib/manager/loop.ts', 'lib/drivers/simulator/engine.ts'],
      ['layer:lib/agent', 'lib/agent/agent.ts', 'lib/drivers/driver.ts'],
      ['layer:lib/server', 'lib/server/composition.ts', 'lib/agent/agent.ts'],
      ['layer:lib/client', 'lib/client/live-store.ts', 'lib/core/score.ts'],
      ['layer:components', 'components/topology/map.tsx', 'lib/manager/fleet.ts'],
      ['layer:app/api', 'app/api/v1/route.ts', 'lib/api/handler.ts'],
      ['layer:app', 'app/page.tsx', 'lib/server/composition.ts'],
      ['features-do-not-import-each-other', 'components/events/list.tsx', 'components/nodes/table.tsx'],
      ['features-do-not-import-each-other', 'components/ui/button.tsx', 'components/nodes/row.tsx'],
      ['only-persistence-knows-the-database', 'tests/unit/store.test.ts', 'prisma/generated/client.ts'],
      ['runtime-door-is-types-only', 'lib/server/runtime.ts', 'lib/server/main.ts'],
      ['product-does-not-import-scripts', 'lib/server/logger.ts', 'scripts/project.ts'],
      ['nothing-imports-tests', 'scripts/demo.ts', 'tests/support/cluster.ts'],
      ['every-folder-has-a-layer', 'lib/helpers/things.ts', 'lib/platform/random.ts'],
      ['no-io:lib/platform', 'lib/platform/clock.ts', 'node:perf_hooks'],
      ['no-io:lib/platform', 'lib/platform/result.ts', 'zod'],
      ['no-io:lib/core', 'lib/core/search.ts', 'node:fs'],
      ['no-unresolvable', 'lib/api/door.ts', 'no-such-package'],
      ['no-cycles', 'lib/realtime/gateway.ts', 'lib/realtime/room.ts'],
    ];
    const violations = cruise([
      ...refused.map(([, from, to]): Import => [from, to]),
      ['lib/realtime/room.ts', 'lib/realtime/gateway.ts'],
    ]);
    const found = new Set(violations.map(({ from, rule }) => `${rule.name} ${from}`));
    expect(refused.filter(([rule, from]) => !found.has(`${rule} ${from}`))).toEqual([]);
  });
});
