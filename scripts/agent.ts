// `npm run agent -- --data DIR --port N --token T --zone Z [--manager URL]`: one reference node.
//   --data DIR      what it keeps; the same folder is the same node
//   --port N        where clients and other nodes reach it (default: a free one)
//   --host H        the address to listen on and to be known by (default 127.0.0.1)
//   --manager URL   default http://127.0.0.1:3000
//   --token T       from the console or POST /api/v1/clusters/{id}/agents/tokens; for the first start
//   --zone Z        its failure domain
//   --name N        a label for people (default host:port)
// The token may be given in PHANTOM_AGENT_TOKEN instead, where other users of the machine do not see it.
import { parseArgs } from 'node:util';
import { startReferenceNode } from '@/lib/agent/node/reference-node';
import { systemClock } from '@/lib/platform/system-clock';
import { runScript, SetupError } from './project.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string' }, port: { type: 'string', default: '0' }, host: { type: 'string', default: '127.0.0.1' },
    manager: { type: 'string', default: 'http://127.0.0.1:3000' }, token: { type: 'string' }, zone: { type: 'string' }, name: { type: 'string' },
  },
});

let stop: (() => Promise<void>) | null = null;

await runScript(async () => {
  if (values.data === undefined) throw new SetupError('--data DIR is needed: the folder that this node keeps its shards in');
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new SetupError(`--port is 0 to 65535, not ${values.port}`);
  if (!URL.canParse(values.manager)) throw new SetupError(`--manager is a URL, not ${values.manager}`);
  const token = values.token ?? process.env['PHANTOM_AGENT_TOKEN'] ?? null;
  const ended = new Promise<number>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => { resolve(0); });
    void startReferenceNode({
      dataDir: values.data!, host: values.host, port, managerUrl: values.manager, token,
      name: values.name ?? null, zone: values.zone ?? null, clock: systemClock, random: Math.random,
      onProblem: (problem) => { console.error('A request or a duty of the node failed:', problem); },
      onEnded: (problem) => {
        console.error(`The manager does not want this node any more (${problem.code}): ${problem.message}`);
        resolve(problem.code === 'removed' ? 0 : 1);
      },
    }).then((started) => {
      if (!started.ok) {
        console.error(started.error);
        resolve(1);
        return;
      }
      const { nodeId, address, close } = started.value;
      process.stdout.write(`Agent ${nodeId} is ready at http://${address}\n`);
      stop = close;
    });
  });
  const exitCode = await ended;
  await stop?.();
  // What still waits for a manager that does not answer has nothing left to do.
  process.exit(exitCode);
});
