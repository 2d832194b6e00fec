/** The clients of the bench, in a process of their own: 2,000 operations a second with a memory. */
import { CheckerClient, type CheckedCluster } from '@/tests/support/checker-client';
import { filledName } from './filled-name';

export interface LoadOrder extends CheckedCluster {
  readonly operationsPerSecond: number;
  readonly filledKeys: number;
  readonly durationMsMax: number;
}

const order = JSON.parse(process.argv[2] ?? '') as LoadOrder;
const checker = CheckerClient.start(order, {
  operationsPerSecond: order.operationsPerSecond,
  workers: 32,
  keysPerWorker: 40,
  kinds: ['counter', 'list', 'hash'],
  filled: { keys: order.filledKeys, nameOf: filledName },
  durationMsMax: order.durationMsMax,
});
process.on('message', (message) => {
  if (message === 'stop') {
    void checker.stop().then((report) => { process.send?.(report, () => { process.exit(0); }); });
  } else if (message === 'usage') {
    process.send?.(process.cpuUsage());
  } else if (typeof message === 'string') {
    checker.phase(message);
    process.send?.('noted');
  }
});
// An orphan must not go on writing.
process.on('disconnect', () => { process.exit(1); });
process.send?.('ready');
