// @ts-check
// The options of Node that the server runs with (docs/decisions/0018). They stand in package.json's
// "start", because Node takes most of them on its command line only and nothing may stand between
// npm and the server. Whoever starts a server otherwise, as demos, tests and benches do, takes them from here.
import { readFileSync } from 'node:fs';
import { inProject } from './project.mjs';

const START = /^exec node (?<options>(?:--\S+ )*)scripts\/start\.mjs$/;

/** @returns {string[]} in the order of package.json */
export function readServerOptions() {
  const { scripts: { start } } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const options = START.exec(start)?.groups?.['options'];
  if (options === undefined) throw new Error(`package.json starts the server in a way that is not understood: ${start}`);
  return options.split(' ').filter((option) => option !== '');
}
