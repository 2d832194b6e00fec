/**
 * How long the server's event loop is held while plans of many steps are made, stored,
 * read and approved: through a whole server in a process of its own, on simulated
 * clusters: of 16,384 shards on 100 nodes, and on 4 of which one is empty, so that an optimal plan
 * too moves thousands; and of 100,000 shards, three copies each, on 1,000. The longest hold of each of several rounds, by
 * the loop's own timers at 1 ms; idle: nothing is asked, for what the rest of the server
 * (readings of the simulated cluster, the collector of memory) has in it by itself.
 *
 * waited: the longest that others waited. worked: the most that the main thread was on a CPU between
 * two turns of the timers; that much is ours, the rest of a wait is the machine's. The wait that
 * was longest of all is taken apart: queued = ready to work while the cores were taken.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { Operation } from '@/lib/contract/operation';
import type { Plan, Strategy } from '@/lib/contract/plan';
import type { VersionedSettings } from '@/lib/contract/settings';
import { succeed } from '@/tests/support/api-calls';
import type { Hold, LoopHolds } from '@/tests/support/loop-holds';
import { bundleProgram, spawnTestServer, type TestServerProcess } from '@/tests/support/start-server';
import { holdOf, LATER_PHASES, measureLater, wait, type LaterPhases } from './hold-phases';

const ROUNDS = 5;
const LATER_ROUNDS = 2;
interface Long {
  readonly strategy: Strategy;
  readonly threshold: number;
  readonly cluster: { readonly nodeCount: number; readonly shardCount: number; readonly zoneCount: number; readonly replicationFactor: number };
}
const SLOTS = { shardCount: 16_384, zoneCount: 1, replicationFactor: 1 } as const;
const LONG: readonly Long[] = [
  { strategy: 'optimal', threshold: 0, cluster: { nodeCount: 4, ...SLOTS } },
  { strategy: 'optimal', threshold: 0, cluster: { nodeCount: 100, ...SLOTS } },
  { strategy: 'consistent-hashing', threshold: 0, cluster: { nodeCount: 100, ...SLOTS } },
  { strategy: 'optimal', threshold: 0.1, cluster: { nodeCount: 1_000, shardCount: 100_000, zoneCount: 3, replicationFactor: 3 } },
];
const SETTLE_MS = 1_500;
const PHASES = ['idle', 'preview', 'read', 'approve', 'start'] as const;

export interface HoldOptions {
  /** Those whose name ("optimal, 100 nodes") has it. */
  readonly only: string;
  /** Consoles that look at everything of the cluster all the while, in a process of their own. */
  readonly clients: number;
}

/** One JSON line per strategy and cluster. */
export async function measureHolds({ only, clients }: HoldOptions, say: (text: string) => void): Promise<readonly object[]> {
  const lines: object[] = [];
  for (const long of LONG.filter((each) => nameOf(each).includes(only))) {
    const server = await spawnTestServer({ program: 'api' });
    try {
      lines.push(await measure(server, long, { clients, say }));
    } finally {
      await server.stop();
    }
  }
  return lines;
}

function nameOf({ strategy, cluster }: Long): string {
  return `${strategy}, ${cluster.nodeCount} nodes`;
}

async function measure(server: TestServerProcess, long: Long, { clients, say }: { readonly clients: number; readonly say: (text: string) => void }): Promise<object> {
  const { strategy, threshold, cluster } = long;
  const { clusters } = await succeed<{ clusters: ClusterSummary[] }>(server, 'GET', '/clusters');
  for (const { id } of clusters) await succeed(server, 'DELETE', `/clusters/${id}`);
  const { id } = await succeed<ClusterSummary>(server, 'POST', '/clusters', { body: { name: 'Bench', connection: { kind: 'simulator', ...cluster } } });
  const { generation, settings } = await succeed<VersionedSettings>(server, 'GET', `/clusters/${id}/settings`);
  // So slow that a round is over before anything has moved.
  const throttle = { ...settings.throttle, movesInFlightMax: 1, movesPerNodeMax: 1, bytesPerSecondMax: 65_536 };
  await succeed(server, 'PUT', `/clusters/${id}/settings`, { body: { generation, settings: { ...settings, throttle } } });
  const consoles = await openConsoles(server, id, clients);
  await wait(SETTLE_MS);
  const rounds: Record<typeof PHASES[number], LoopHolds>[] = [];
  let steps = 0;
  // The first round is mostly the compiler at work.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const idle = await holdOf(server.child, () => wait(SETTLE_MS));
    const preview = await holdOf(server.child, () => succeed<Plan>(server, 'POST', `/clusters/${id}/plans`, { body: { strategy, threshold } }));
    const read = await holdOf(server.child, () => succeed<Plan>(server, 'GET', `/plans/${preview.value.id}`));
    const approve = await holdOf(server.child, () => succeed<{ operation: Operation }>(server, 'POST', `/plans/${preview.value.id}/approve`, { body: {} }));
    const start = await holdOf(server.child, () => wait(SETTLE_MS));
    const { operation } = approve.value;
    await succeed(server, 'POST', `/operations/${operation.id}/cancel`, { body: {} });
    for (let open = true; open; await wait(100)) {
      const now = await succeed<Operation>(server, 'GET', `/operations/${operation.id}`);
      open = now.finishedAtMs === null;
    }
    steps = preview.value.steps.length;
    const holds = { idle: idle.holds, preview: preview.holds, read: read.holds, approve: approve.holds, start: start.holds };
    say(`  ${nameOf(long)}, ${steps} steps, round ${round}: ${PHASES.map((phase) => `${phase} ${inWords(holds[phase])}`).join(', ')}`);
    if (round > 0) rounds.push(holds);
  }
  const later: LaterPhases[] = [];
  for (let round = 0; round <= LATER_ROUNDS; round += 1) {
    const holds = await measureLater(server, id, { strategy, threshold });
    say(`  ${nameOf(long)}, later, round ${round}: ${LATER_PHASES.map((phase) => `${phase} ${inWords(holds[phase])}`).join(', ')}`);
    if (round > 0) later.push(holds);
  }
  consoles?.disconnect();
  return {
    bench: 'planner', scenario: 'holds', clients, strategy, nodes: cluster.nodeCount, shards: cluster.shardCount, replicas: cluster.replicationFactor, steps, rounds: ROUNDS,
    longestHoldMs: {
      ...Object.fromEntries(PHASES.map((phase) => [phase, figuresOf(rounds.map((holds) => holds[phase]))])),
      ...Object.fromEntries(LATER_PHASES.map((phase) => [phase, figuresOf(later.map((holds) => holds[phase]))])),
    },
  };
}

async function openConsoles({ url }: TestServerProcess, id: string, count: number): Promise<ChildProcess | null> {
  if (count === 0) return null;
  const consoles = fork(await bundleProgram('tests/support/live-load.ts'), [url, id, String(count)], { execArgv: [] });
  await once(consoles, 'message');
  return consoles;
}

/** Waited, and in brackets the most worked, with the pauses of the collector of memory in it. */
function inWords({ longest, busiest }: LoopHolds): string {
  const { onCpuMs, collectingMs } = busiest;
  const worked = onCpuMs === null ? '' : ` (${onCpuMs.toFixed(1)}${collectingMs < 1 ? '' : `, ${collectingMs.toFixed(1)} of it collecting`})`;
  return `${longest.wallMs.toFixed(1)} ms${worked}`;
}

function figuresOf(holds: readonly LoopHolds[]): object {
  const worst = holds.map(({ longest }) => longest).reduce((a, b) => (b.wallMs > a.wallMs ? b : a));
  return { waited: spreadOf(holds.map(({ longest }) => longest.wallMs)), worked: spreadOf(holds.flatMap(({ busiest }) => busiest.onCpuMs ?? [])), longest: roundedHold(worst) };
}

function roundedHold(hold: Hold): object {
  return Object.fromEntries(Object.entries(hold).map(([name, ms]: [string, number | null]) => [name, ms === null ? null : rounded(ms)]));
}

/** `null` where nothing is known. */
function spreadOf(values: readonly number[]): { readonly median: number; readonly max: number } | null {
  const sorted = [...values].sort((a, b) => a - b);
  const [median, max] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  return median === undefined || max === undefined ? null : { median: rounded(median), max: rounded(max) };
}

function rounded(ms: number): number {
  return Number(ms.toFixed(1));
}
