/** How long clients of a shard wait while its primary role goes over, on real processes. */
import { primaryNodeIdOf, replicaNodeIdsOf } from '@/lib/contract/shard-table';
import { createRandom } from '@/lib/platform/random';
import { AgentChecker, fillAgentKeys } from '../../support/agent-checker';
import { AgentClusterProcesses } from '../../support/agent-cluster';

const MOVES = 100;
const SHARDS = 12;
const KEYS = 5_000;
const VALUE_BYTES = 1_000;

export async function runCutover(): Promise<void> {
  const cluster = await AgentClusterProcesses.start({ nodes: 3, emptyNodes: 1, shardCount: SHARDS });
  const driver = cluster.openDriver();
  const random = createRandom('cutover');
  try {
    await fillAgentKeys(cluster, { keys: KEYS, valueBytes: VALUE_BYTES });
    const checker = new AgentChecker(cluster, { workers: 4 });
    const pausedMs: number[] = [];
    for (let move = 0; move < MOVES; move += 1) {
      const read = await driver.observe({ detail: 'full', signal: new AbortController().signal });
      if (!read.ok || read.value.shards === null) throw new Error('The nodes could not be read');
      const shardId = random.integer(SHARDS);
      const holders = replicaNodeIdsOf(read.value.shards, shardId);
      const targets = cluster.nodes.filter(({ nodeId }) => !holders.includes(nodeId));
      const moved = await driver.execute({ kind: 'move', shardId, role: 'primary', sourceNodeId: primaryNodeIdOf(read.value.shards, shardId)!, targetNodeId: targets[random.integer(targets.length)]!.nodeId }, {
        idempotencyKey: `cutover-${move}`, epoch: 1, signal: new AbortController().signal, bytesPerSecondMax: () => null, onProgress: () => undefined,
      });
      if (!moved.ok) throw new Error(`${moved.error.code}: ${moved.error.message}`);
      if (moved.value.pausedMs !== undefined) pausedMs.push(moved.value.pausedMs);
    }
    const report = await checker.stop();
    pausedMs.sort((a, b) => a - b);
    const at = (share: number) => Math.round(10 * (pausedMs[Math.min(pausedMs.length - 1, Math.floor(share * pausedMs.length))] ?? NaN)) / 10;
    console.log(JSON.stringify({
      part: 'cutover', moves: pausedMs.length, p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), maxMs: at(1), keysPerShard: Math.round(KEYS / SHARDS), valueBytes: VALUE_BYTES,
      acknowledgedWrites: report.acknowledged, lost: report.lost, duplicated: report.duplicated, longestWriteMs: Math.round(report.longestMs),
    }));
  } finally {
    await driver.close();
    await cluster.stop();
  }
}
