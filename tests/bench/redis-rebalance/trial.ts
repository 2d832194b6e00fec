/** One rebalance of one fresh cluster under load. */
import { once } from 'node:events';
import { fillKeys } from '@/scripts/redis/fill-keys';
import { RedisClusterProcesses } from '@/scripts/redis/redis-cluster-processes';
import type { CheckerReport } from '@/tests/support/checker-client';
import type { TestServerProcess } from '@/tests/support/start-server';
import { prepare, type Contender } from './contenders';
import { bindTo, CORES } from './cores';
import { filledName } from './filled-name';
import { LoadProcess } from './load-process';
import { between, processorTime, type ProcessorTime } from './processor-time';

export interface Scene {
  readonly server: string;
  readonly cli: string;
  readonly keys: number;
  readonly bytes: number;
  readonly nodes: number;
  readonly operationsPerSecond: number;
  readonly apart: boolean;
  readonly rested: boolean;
}

export interface Trial {
  readonly seconds: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  readonly idleP99Ms: number;
  readonly operations: number;
  /** Maps of the slots that the clients fetched meanwhile. */
  readonly refreshes: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly stale: number;
  readonly clientErrors: number;
  readonly errors: readonly string[];
  /** While the rebalance ran. */
  readonly processor: ProcessorTime;
  readonly note: string;
}

const SETTLE_MS = 1_500;
const IDLE_MS = 3_000;
const LOAD_MS_MAX = 900_000;

/** `told` hears how far the rebalance is, 0..1. */
export async function runTrial(contender: Contender, scene: Scene & { readonly manager: TestServerProcess | null }, told: (share: number) => void): Promise<Trial> {
  const cluster = await RedisClusterProcesses.start({
    binary: scene.server, primaries: scene.nodes - 1, emptyPrimaries: 1, nodeTimeoutMs: 5_000,
    config: { 'cluster-allow-replica-migration': 'no' },
  });
  let load: LoadProcess | null = null;
  try {
    await fillKeys(cluster.primaries, { keys: scene.keys, valueBytes: () => scene.bytes, nameOf: filledName });
    load = await LoadProcess.start({
      seeds: cluster.seeds, access: cluster.access, operationsPerSecond: scene.operationsPerSecond, filledKeys: scene.keys, durationMsMax: LOAD_MS_MAX,
    });
    if (scene.apart) {
      for (const { pid } of cluster.members) bindTo(CORES.servers, pid);
      bindTo(CORES.servers, load.pid);
      bindTo(CORES.mover, process.pid);
    }
    await load.phase('warm-up');
    const contestant = await prepare(contender, cluster, scene);
    try {
      await wait(SETTLE_MS);
      await load.phase('idle');
      await wait(IDLE_MS);
      if (scene.rested && contender.kind === 'ours' && scene.manager !== null) await collectMemory(scene.manager);
      const takers = { cluster, load, manager: contender.kind === 'ours' ? scene.manager : null };
      const before = await processorTime(takers);
      await load.phase('moving');
      const { seconds, note } = await contestant.run(told);
      await load.phase('after');
      const processor = between(before, await processorTime(takers));
      const report = await load.stop();
      return { ...await countLost(cluster, scene, report), seconds, processor, note: await note() };
    } finally {
      await contestant.stop();
    }
  } finally {
    load?.kill();
    await cluster.stop();
  }
}

/** What the clients know is missing, and filled keys that nobody has any more. */
async function countLost(cluster: RedisClusterProcesses, scene: Scene, report: CheckerReport): Promise<Omit<Trial, 'seconds' | 'processor' | 'note'>> {
  await cluster.waitUntilAgreed();
  const sizes = await Promise.all([...cluster.primaries, ...cluster.emptyPrimaries].map((node) => node.call('DBSIZE')));
  const held = sizes.reduce<number>((sum, size) => sum + Number(size), 0);
  const moving = report.phases['moving'];
  return {
    p99Ms: moving?.p99Ms ?? NaN, p999Ms: moving?.p999Ms ?? NaN, maxMs: moving?.maxMs ?? NaN, operations: moving?.operations ?? 0, refreshes: moving?.refreshes ?? 0,
    idleP99Ms: report.phases['idle']?.p99Ms ?? NaN,
    lost: report.lost + Math.max(0, scene.keys - held),
    duplicated: report.duplicated, stale: report.stale, clientErrors: report.clientErrors, errors: report.errors,
  };
}

async function collectMemory({ child }: TestServerProcess): Promise<void> {
  const answer = once(child, 'message');
  child.send('collect');
  await answer;
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
