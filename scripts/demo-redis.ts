// `npm run demo:redis`: a real Redis Cluster on this machine under client load, with the console
// connected to it. Ctrl-C ends everything it started, by pid, and removes its data.
//   --keys N     keys to fill in (default 300000)
//   --rate N     client operations per second (default 1000)
//   --wave N     seconds of calm, then as many of three times the load, and so on (default 180; 0: always calm)
// HOST and PORT are the console's, as for `npm start`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findServers, missingPartLine } from './machine-parts.mjs';
import { runScript, SetupError } from './project.mjs';
import { DemoConsole } from './redis/demo-console';
import { DemoElastic } from './redis/demo-elastic';
import { DemoLoad } from './redis/demo-load';
import { fillKeys, mixedValueBytes } from './redis/fill-keys';
import { RedisClusterProcesses } from './redis/redis-cluster-processes';

const { values } = parseArgs({ options: { keys: { type: 'string', default: '300000' }, rate: { type: 'string', default: '1000' }, wave: { type: 'string', default: '180' } } });

/** Primaries once the empty pair has joined. */
const LEADERS = 4;

/** What was started, newest last; ended in the reverse order. */
const cleanUps: (() => Promise<unknown>)[] = [];

await runScript(async () => {
  const keys = countOf('keys', values.keys);
  const operationsPerSecond = countOf('rate', values.rate);
  const waveSeconds = values.wave === '0' ? 0 : countOf('wave', values.wave);
  const stopAsked = new Promise<void>((resolve) => {
    // Ctrl-C comes twice, from the terminal and from npm: the second must not cut the clean-up short.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => { resolve(); });
  });
  try {
    await Promise.race([stopAsked, run({ keys, operationsPerSecond, waveSeconds })]);
  } finally {
    say('Stopping ...');
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
    say('Everything is stopped and its data removed.');
  }
  // What still waits inside an interrupted start has nothing left to wait for.
  process.exit(process.exitCode ?? 0);
});

/** Returns only when the console ended by itself. */
async function run({ keys, operationsPerSecond, waveSeconds }: { keys: number; operationsPerSecond: number; waveSeconds: number }): Promise<void> {
  const [server] = findServers();
  if (server === undefined) throw new SetupError(missingPartLine('server'));
  say(`Starting 3 primaries and 3 followers of ${server.engine} ${server.version} ...`);
  const cluster = await RedisClusterProcesses.start({ binary: server.path, primaries: 3, followersPerPrimary: 1, nodeTimeoutMs: 5_000 });
  cleanUps.push(() => cluster.stop());
  say(`Filling in ${keys} keys of mixed sizes ...`);
  await fillKeys(cluster.primaries, { keys, valueBytes: mixedValueBytes });
  say('Adding a seventh pair, a primary and its follower, that holds nothing yet ...');
  const [leader, follower] = [await cluster.startNode(), await cluster.startNode()];
  await cluster.join(leader);
  await cluster.join(follower, { followerOf: leader });
  const load = new DemoLoad(cluster, { operationsPerSecond, keys });
  cleanUps.push(async () => {
    const { operations, errors } = await load.stop();
    say(`The clients made ${operations} operations, ${errors} of them failed.`);
  });
  say('Starting the console ...');
  const dataDir = mkdtempSync(join(tmpdir(), 'phantom-scale-demo-'));
  cleanUps.push(() => {
    rmSync(dataDir, { recursive: true, force: true });
    return Promise.resolve();
  });
  const elastic = new DemoElastic({ folder: dataDir, serverPath: server.path });
  cleanUps.push(() => elastic.stop());
  const console = await DemoConsole.start({ dataDir: join(dataDir, 'console'), configFile: elastic.configFile });
  cleanUps.push(() => console.stop());
  const clusterId = await console.connect({ name: 'Redis demo', seeds: cluster.seeds });
  // Calm, each node has half of what the policy aims at; busy, half as much again.
  const nodeCountMax = await elastic.begin(console, { clusterId, leaders: LEADERS, queriesPerNode: Math.round((2 * operationsPerSecond) / LEADERS) });
  if (waveSeconds > 0) makeWaves(load, waveSeconds);
  say(`\nThe demo is ready at ${console.url}/${clusterId}/overview\nThe last pair is empty: press Rebalance under Operations.`);
  say(waveSeconds > 0
    ? `In ${waveSeconds} s the load triples, and its policy starts up to ${nodeCountMax - LEADERS} more servers by itself; when the load goes it gives them back. See Scaling.`
    : 'The load stays as it is; see Scaling for the policy that would add servers.');
  say('Ctrl-C stops everything.\n');
  const exitCode = await console.ended;
  process.exitCode = exitCode === 0 ? 0 : 1;
  say('The console has ended.');
}

function makeWaves(load: DemoLoad, seconds: number): void {
  let busy = false;
  const timer = setInterval(() => {
    busy = !busy;
    load.factor = busy ? 3 : 1;
    say(busy ? 'The load triples.' : 'The load goes back to what it was.');
  }, seconds * 1_000);
  cleanUps.push(() => {
    clearInterval(timer);
    return Promise.resolve();
  });
}

function countOf(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 10_000_000) throw new SetupError(`--${name} must be a whole number from 1 to 10000000, not ${text}`);
  return value;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
