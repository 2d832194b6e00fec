// `npm run haproxy -- --cluster ID --socket PATH --backend NAME [--manager URL]`: keeps a backend of
// HAProxy (2.4 or newer) as the routing of a cluster has it, over HAProxy's runtime API. docs/haproxy.md.
import { parseArgs } from 'node:util';
import { HaproxySync } from '@/lib/agent/balancer/haproxy-sync';
import { systemClock } from '@/lib/platform/system-clock';

const { values } = parseArgs({
  options: { manager: { type: 'string', default: 'http://127.0.0.1:3000' }, cluster: { type: 'string' }, socket: { type: 'string' }, backend: { type: 'string' } },
});
const { cluster, socket, backend, manager } = values;
if (cluster === undefined || socket === undefined || backend === undefined) {
  console.error('--cluster ID, --socket PATH and --backend NAME are needed');
  process.exit(1);
}
let lastProblem = '';
const started = HaproxySync.start({
  managerUrl: manager, clusterId: cluster, socketPath: socket, backend, clock: systemClock,
  onProblem: (problem) => {
    // Said once, and again when it is another one.
    if (problem !== lastProblem) console.error(problem);
    lastProblem = problem;
  },
});
if (!started.ok) {
  console.error(started.error);
  process.exit(1);
}
process.stdout.write(`The backend ${backend} follows ${cluster}\n`);
await new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => { resolve(); });
});
await started.value.close();
