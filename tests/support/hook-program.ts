import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Asked {
  readonly action: 'provision' | 'find' | 'list' | 'deprovision';
  readonly intentId: string;
}

/** The rules of a good hook. Uses nothing from outside of it: its text is also the program's. */
export function answerAsHook(request: Asked, nodes: Record<string, string>, nodesMax: number): object {
  const shown = (intentId: string) => ({ intentId, state: 'ready', address: nodes[intentId] });
  const known = (intentId: string) => (nodes[intentId] === undefined ? [] : [shown(intentId)]);
  switch (request.action) {
    case 'provision': {
      if (nodes[request.intentId] !== undefined) return { nodes: known(request.intentId) };
      const used = Object.values(nodes).map((address) => Number(address.split(':')[1]));
      if (used.length >= nodesMax) return { error: { code: 'quota', message: `${nodesMax} machines are all there are` } };
      let port = 7000;
      while (used.includes(port)) port += 1;
      nodes[request.intentId] = `10.1.2.3:${port}`;
      return { nodes: known(request.intentId) };
    }
    case 'find': return { nodes: known(request.intentId) };
    case 'list': return { nodes: Object.keys(nodes).reverse().map(shown) };
    case 'deprovision':
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
      delete nodes[request.intentId];
      return { nodes: [] };
  }
}

/** Writes a program that keeps its nodes in a file beside it; gives its path. */
export function writeHookProgram(folder: string, nodesMax: number): string {
  const path = join(folder, 'hook.mjs');
  const state = JSON.stringify(join(folder, 'nodes.json'));
  writeFileSync(path, `#!${process.execPath}
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
const answer = ${answerAsHook.toString()};
const nodes = existsSync(${state}) ? JSON.parse(readFileSync(${state}, 'utf8')) : {};
const answered = answer(JSON.parse(readFileSync(0, 'utf8')), nodes, ${nodesMax});
writeFileSync(${state}, JSON.stringify(nodes));
process.stdout.write(JSON.stringify(answered));
`, { mode: 0o755 });
  return path;
}

/** What it keeps: intent -> address. */
export function nodesOfHookProgram(folder: string): Readonly<Record<string, string>> {
  const path = join(folder, 'nodes.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) as Record<string, string> : {};
}
