import { createHash, type Hash } from 'node:crypto';
import type { SimulatorConnection } from '@/lib/contract/connection';
import type { Observation } from '@/lib/contract/observation';
import { createRandom } from '@/lib/platform/random';
import type { DriverStep } from '@/lib/drivers/driver';
import { contextOf, moveOf, observe, startSimulator, type Bench } from '../unit/drivers/simulator/simulator-fixture';

/** Adds every byte of a reading. */
function addObservation(hash: Hash, observation: Observation): void {
  const { shards, ...rest } = observation;
  hash.update(JSON.stringify(rest));
  if (shards === null) return;
  hash.update(JSON.stringify([shards.nodeIds, shards.quality]));
  const { cpu, readsPerSecond, writesPerSecond, networkBytesPerSecond } = shards.load;
  const columns = [shards.replicas, shards.sizeBytes, shards.keyCount, shards.epoch, cpu, readsPerSecond, writesPerSecond, networkBytesPerSecond];
  for (const column of columns) {
    hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
}

/**
 * A busy course of a cluster: readings every 500 ms while moves, faults and load changes
 * come at random from `courseSeed`. Returns the digest of all readings and of how every
 * step ended, in order.
 */
export async function digestOfCourse(connection: Partial<SimulatorConnection>, courseSeed: number, seconds: number): Promise<string> {
  const bench = startSimulator(connection);
  const random = createRandom(`course/${courseSeed}`);
  const integer = (bound: number) => random.integer(bound);
  const hash = createHash('sha256');
  const works: Promise<unknown>[] = [];
  for (let beat = 0; beat < seconds * 2; beat += 1) {
    const observation = await observe(bench);
    addObservation(hash, observation);
    const step = random.next() < 0.4 ? randomStep(bench, observation.shards, integer) : null;
    if (step !== null) {
      const work = bench.driver.execute(step, contextOf({ idempotencyKey: `beat-${beat}`, bytesPerSecondMax: () => 8_000_000 }));
      works.push(work.then((result) => { hash.update(JSON.stringify(result)); }));
    }
    if (random.next() < 0.05) randomFault(bench, integer);
    await bench.clock.advance(500);
  }
  await bench.driver.close();
  await Promise.all(works);
  return hash.digest('hex');
}

function randomStep(bench: Bench, table: Parameters<typeof moveOf>[0], integer: (bound: number) => number): DriverStep {
  const shardId = integer(table.shardCount);
  const target = table.nodeIds[integer(table.nodeIds.length)]!;
  const move = moveOf(table, shardId, target);
  switch (integer(8)) {
    case 0: return { ...move, kind: 'revert-move' };
    case 1: return { kind: 'transfer', shardId, sourceNodeId: move.sourceNodeId, targetNodeId: target };
    case 2: return bench.cluster.core.nodes.length < 20 ? { kind: 'add-node', address: null, zone: null, followerOf: null } : { kind: 'remove-node', nodeId: target };
    default: return move;
  }
}

function randomFault(bench: Bench, integer: (bound: number) => number): void {
  const { faults, core } = bench.cluster;
  const members = core.nodes.filter((node) => node.member);
  const node = members[integer(members.length)]!;
  switch (integer(7)) {
    case 0: if (members.filter((member) => member.running).length > 4) faults.kill(node.id); break;
    case 1: faults.slow(node.id, 1 + integer(4)); break;
    case 2: faults.silence(node.id, node.answering); break;
    case 3: bench.cluster.heatShard(integer(core.shape.shardCount), 1 + integer(5)); break;
    case 4: bench.cluster.setLoadScale(0.5 + integer(4) / 2); break;
    default: for (const lost of members) if (!lost.running || lost.isolated) { faults.isolate(lost.id, false); faults.restart(lost.id); }
  }
}
