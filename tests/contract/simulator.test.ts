import { SimulatorConnectionSchema } from '@/lib/contract/connection';
import { createSimulator, openDriver } from '@/lib/drivers/simulator/create-simulator';
import { SIMULATOR_CAPABILITIES } from '@/lib/drivers/simulator/simulator-driver';
import { VirtualClock } from '@/lib/platform/virtual-clock';
import { describeDriverContract } from './driver-contract';
import type { DriverHarness } from './driver-harness';

function makeHarness(speed: number): Promise<DriverHarness> {
  const clock = new VirtualClock();
  const connection = SimulatorConnectionSchema.parse({ kind: 'simulator', shardCount: 256, speed });
  const { driver, cluster } = createSimulator({ connection, clock });
  return Promise.resolve({
    driver,
    emptyNodeId: 'node-12',
    nowMs: () => clock.monotonicMs(),
    pass: (ms) => clock.advance(ms),
    async complete(work, limitMs) {
      let settled = false;
      const watched = work.finally(() => { settled = true; });
      // Rejections reach the caller below; this branch only looks at the end.
      watched.catch(() => undefined);
      if (!await clock.advanceUntil(() => settled, limitMs)) throw new Error(`Not finished within ${limitMs} ms`);
      return watched;
    },
    freshAddress: () => Promise.resolve(null),
    reopen: () => Promise.resolve(openDriver({ cluster, clock, speed }).driver),
    silence(nodeId) {
      cluster.faults.silence(nodeId);
      return Promise.resolve(() => {
        cluster.faults.silence(nodeId, false);
        return Promise.resolve();
      });
    },
    kill(nodeId) {
      cluster.faults.kill(nodeId);
      return Promise.resolve();
    },
    cleanUp: () => driver.close(),
  });
}

describeDriverContract('simulator', () => makeHarness(1), {
  kind: 'simulator',
  capabilities: SIMULATOR_CAPABILITIES,
  fences: true,
  canSilence: true,
  canKill: true,
  readingMsMax: 1_000,
  moveMsMax: 30_000,
});
