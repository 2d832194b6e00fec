// `npm run demo:agents`: a database with agents on this machine, six reference nodes in three zones
// under client load, with the console on it. One of them holds nothing yet. Ctrl-C ends everything
// it started, by pid, and removes its data.
//   --keys N     keys to fill in (default 20000)
//   --rate N     client operations per second (default 200)
//   --shards N   shards of the cluster (default 96)
//   --route R    direct (default), round-robin, random, least-connections or weighted-round-robin
// HOST and PORT are the console's, as for `npm start`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROUTING_CHOICES } from '@/lib/contract/vocabulary';
import type { Choice } from '@/lib/core/routing/endpoint-chooser';
import { AgentFleet } from './agents/agent-fleet';
import { AgentLoad } from './agents/agent-load';
import { runScript, SetupError } from './project.mjs';
import { DemoConsole } from './redis/demo-console';

const ZONES = ['amber', 'birch', 'cedar'];

const { values } = parseArgs({
  options: { keys: { type: 'string', default: '20000' }, rate: { type: 'string', default: '200' }, shards: { type: 'string', default: '96' }, route: { type: 'string', default: 'direct' } },
});

/** What was started, newest last; ended in the reverse order. */
const cleanUps: (() => Promise<unknown>)[] = [];

await runScript(async () => {
  const options = { keys: countOf('keys', values.keys), rate: countOf('rate', values.rate), shards: countOf('shards', values.shards), route: routeOf(values.route) };
  const stopAsked = new Promise<void>((resolve) => {
    // Ctrl-C comes twice, from the terminal and from npm: the second must not cut the clean-up short.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => { resolve(); });
  });
  try {
    await Promise.race([stopAsked, run(options)]);
  } finally {
    say('Stopping ...');
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
    say('Everything is stopped and its data removed.');
  }
  // What still waits inside an interrupted start has nothing left to wait for.
  process.exit(process.exitCode ?? 0);
});

/** Returns only when the console ended by itself. */
async function run({ keys, rate, shards, route }: { keys: number; rate: number; shards: number; route: 'direct' | Choice }): Promise<void> {
  say('Starting the console ...');
  const folder = mkdtempSync(join(tmpdir(), 'phantom-scale-demo-'));
  cleanUps.push(() => {
    rmSync(folder, { recursive: true, force: true });
    return Promise.resolve();
  });
  const console = await DemoConsole.start({ dataDir: join(folder, 'console') });
  cleanUps.push(() => console.stop());
  const fleet = await AgentFleet.connect({ consoleUrl: console.url, parentFolder: folder, name: 'Agents demo', shardCount: shards, replicationFactor: 2 });
  cleanUps.push(() => fleet.stop());
  say('Starting five nodes, each with a token of its own ...');
  for (let number = 0; number < 5; number += 1) await fleet.startNode({ zone: ZONES[number % ZONES.length]! });
  await fleet.createShards();
  const load = new AgentLoad({ managerUrl: console.url, clusterId: fleet.clusterId, route, operationsPerSecond: rate, keys, valueBytes: 400 });
  cleanUps.push(async () => {
    const { operations, errors } = await load.stop();
    say(`The clients made ${operations} operations, ${errors} of them failed.`);
  });
  say(`Filling in ${keys} keys ...`);
  await load.fill();
  say('Adding a sixth node that holds nothing yet ...');
  await fleet.startNode({ zone: ZONES[2]! });
  load.start();
  say(`\nThe demo is ready at ${console.url}/${fleet.clusterId}/overview\nThe last node is empty: plan a rebalance. Kill a node by its pid and see what happens:\n${fleet.nodes.map((node) => `  ${node.options.name.padEnd(8)} ${node.address}  pid ${node.pid ?? '-'}`).join('\n')}\nCtrl-C stops everything.\n`);
  const exitCode = await console.ended;
  process.exitCode = exitCode === 0 ? 0 : 1;
  say('The console has ended.');
}

function routeOf(text: string): 'direct' | Choice {
  const known = ['direct', ...ROUTING_CHOICES] as const;
  const route = known.find((one) => one === text);
  if (route === undefined) throw new SetupError(`--route is one of ${known.join(', ')}, not ${text}`);
  return route;
}

function countOf(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000) throw new SetupError(`--${name} must be a whole number from 1 to 1000000, not ${text}`);
  return value;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
