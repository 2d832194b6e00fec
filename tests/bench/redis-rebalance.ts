/**
 * A quarter of the slots goes to an empty node (with --nodes 4), by redis-cli's own
 * rebalance and by the whole of our product (server process, SQLite, plan, approval,
 * executor), in turn, each on a fresh cluster with the same data under the same load of
 * 2,000 operations a second from a process of its own. Seconds are from "make it even"
 * to "it is", verified: preview, approval and planning are inside on our side as planning
 * is on redis-cli's; starting and connecting are not. One manager process serves all runs,
 * as a service does; it makes two small rebalances before the first (redis-cli starts
 * compiled).
 *
 * npm run bench -- redis-rebalance [--server BINARY] [--cli BINARY] [--keys N] [--bytes N]
 *   [--nodes N] [--runs N] [--rate N] [--only cli|default|high|low|chunks] [--nice N] [--apart] [--rested]
 *
 * --nice: the manager's niceness (NICENESS); without it what it has by itself.
 *
 * --apart: the servers and their clients have one core, redis-cli or the manager another, as
 * where the manager has a machine of its own: what is left is what it does to the servers.
 *
 * --rested: before each of our runs the manager's memory is collected, as it is in hours without an
 * operation; what its runtime has compiled is partly lost by that.
 *
 * On servers with atomic slot migration also the frontier of seconds against p99 over chunk
 * sizes, by the driver alone.
 *
 * A JSON line per run; at the end one per preset with medians, against redis-cli's default
 * pipeline of 10. p99 is over all operations of the clients while the rebalance ran,
 * idleP99Ms over the seconds before it.
 */
import { basename, dirname, join } from 'node:path';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { execFileSync } from 'node:child_process';
import { RedisClusterProcesses } from '@/scripts/redis/redis-cluster-processes';
import { requireServers } from '@/tests/support/redis-binary';
import type { TestServerProcess } from '@/tests/support/start-server';
import { nameOf, startManager, type Contender, type Preset } from './redis-rebalance/contenders';
import { CHUNKS, isAtomic } from './redis-rebalance/frontier';
import { ProgressLine } from './redis-rebalance/progress-line';
import { runTrial, type Scene, type Trial } from './redis-rebalance/trial';

const { values } = parseArgs({
  options: {
    server: { type: 'string' }, cli: { type: 'string' }, keys: { type: 'string', default: '200000' }, bytes: { type: 'string', default: '100' },
    nodes: { type: 'string', default: '4' }, runs: { type: 'string', default: '3' }, rate: { type: 'string', default: '2000' }, only: { type: 'string' },
    nice: { type: 'string' }, apart: { type: 'boolean', default: false }, rested: { type: 'boolean', default: false },
  },
});

const server = values.server ?? requireServers()[0].path;
const scene: Scene = {
  server, cli: values.cli ?? cliBeside(server),
  keys: numberOf('keys', 1, 10_000_000), bytes: numberOf('bytes', 1, 100_000_000), nodes: numberOf('nodes', 4, 50), operationsPerSecond: numberOf('rate', 1, 50_000), apart: values.apart, rested: values.rested,
};
const all: (Contender & { readonly id: string })[] = [
  { id: 'cli', kind: 'cli', pipeline: 10 }, { id: 'default', kind: 'ours', preset: 'default' },
  { id: 'cli', kind: 'cli', pipeline: 100 }, { id: 'high', kind: 'ours', preset: 'high' }, { id: 'low', kind: 'ours', preset: 'low' },
];
const chosen = values.only === undefined ? all : all.filter(({ id }) => values.only!.split(',').includes(id));
if ((values.only ?? 'chunks').split(',').includes('chunks') && await canChunk()) chosen.push(...CHUNKS.map((chunk) => ({ id: 'chunks', kind: 'chunks', chunk } as const)));
const version = /\bv=(\S+)/.exec(execFileSync(server, ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown';
const trials = new Map<string, Trial[]>(chosen.map((contender) => [nameOf(contender), []]));

const manager = chosen.some(({ kind }) => kind === 'ours') ? await startManager(server, { niceness: values.nice === undefined ? null : numberOf('nice', 0, 19), apart: scene.apart }) : null;
try {
  for (let run = 1; run <= numberOf('runs', 1, 100); run += 1) for (const contender of chosen) await measure(run, contender, manager);
} finally {
  await manager?.stop();
}

for (const preset of ['default', 'high', 'low'] as const) summarize(preset);
for (const chunk of CHUNKS) {
  const own = trials.get(nameOf({ kind: 'chunks', chunk })) ?? [];
  if (own.length > 0) print({ bench: 'redis-rebalance', frontier: chunk, server: serverName(), keys: scene.keys, bytes: scene.bytes, seconds: median(own, (trial) => trial.seconds), p99Ms: median(own, (trial) => trial.p99Ms), lost: sum(own, (trial) => trial.lost), clientErrors: sum(own, (trial) => trial.clientErrors) });
}

async function measure(run: number, contender: Contender, manager: TestServerProcess | null): Promise<void> {
  const name = nameOf(contender);
  const line = new ProgressLine(`run ${run}, ${name}`);
  const trial = await runTrial(contender, { ...scene, manager }, (share) => { line.show(share); });
  trials.get(name)!.push(trial);
  line.end(`${trial.seconds.toFixed(2)} s, p99 ${trial.p99Ms.toFixed(1)} ms (idle ${trial.idleP99Ms.toFixed(1)} ms), ${trial.note}`);
  print({ bench: 'redis-rebalance', run, contender: name, server: serverName(), keys: scene.keys, bytes: scene.bytes, ...trial });
}

/** On servers that move slots by themselves the size of a chunk is what seconds and p99 are traded by. */
async function canChunk(): Promise<boolean> {
  const cluster = await RedisClusterProcesses.start({ binary: server, primaries: 1 });
  try {
    return await isAtomic(cluster);
  } finally {
    await cluster.stop();
  }
}

function summarize(preset: Preset): void {
  const cli = trials.get('redis-cli, pipeline 10') ?? [];
  const ours = trials.get(`ours, ${preset}`) ?? [];
  if (cli.length === 0 || ours.length === 0) return;
  const both = [...cli, ...ours];
  const cliSeconds = median(cli, (trial) => trial.seconds);
  const oursSeconds = median(ours, (trial) => trial.seconds);
  print({
    bench: 'redis-rebalance', preset, server: serverName(), keys: scene.keys, bytes: scene.bytes,
    cliSeconds, oursSeconds, speedup: Number((cliSeconds / oursSeconds).toFixed(2)),
    cliP99Ms: median(cli, (trial) => trial.p99Ms), oursP99Ms: median(ours, (trial) => trial.p99Ms), idleP99Ms: median(both, (trial) => trial.idleP99Ms),
    lost: sum(ours, (trial) => trial.lost), duplicated: sum(ours, (trial) => trial.duplicated), clientErrors: sum(ours, (trial) => trial.clientErrors),
  });
}

function median(list: readonly Trial[], value: (trial: Trial) => number): number {
  const sorted = list.map(value).sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const found = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return Number(found.toFixed(3));
}

function sum(list: readonly Trial[], value: (trial: Trial) => number): number {
  return list.reduce((total, trial) => total + value(trial), 0);
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function serverName(): string {
  return `${basename(server)} ${version}`;
}

/** redis-cli of the same build where it lies beside the server. */
function cliBeside(path: string): string {
  const name = basename(path).replace('server', 'cli');
  const beside = join(dirname(path), name);
  return existsSync(beside) ? beside : name;
}

function numberOf(name: 'keys' | 'bytes' | 'nodes' | 'runs' | 'rate' | 'nice', least: number, most: number): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  process.stderr.write(`--${name} must be a whole number from ${least} to ${most}, not ${values[name]}\n`);
  process.exit(1);
}
