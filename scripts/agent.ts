// `npm run agent -- --data DIR --port N --token T --zone Z [--manager URL]`: one reference node.
//   --data DIR      what it keeps; the same folder is the same node
//   --port N        where clients and other nodes reach it (default: a free one)
//   --host H        the address to listen on and to be known by (default 127.0.0.1)
//   --manager URL   default http://127.0.0.1:3000
//   --token T       of POST /api/v1/clusters/{id}/agents/tokens; for the first start only
//   --zone Z        its failure domain
//   --name N        a label for people (default host:port)
// The token may be given in PHANTOM_AGENT_TOKEN instead, where other users of the machine do not see it.
import { parseArgs } from 'node:util';
import { startReferenceNode, type ReferenceNodeOptions } from '@/lib/agent/node/reference-node';
import type { Clock } from '@/lib/platform/clock';
import { systemClock } from '@/lib/platform/system-clock';
import { err, ok, type Result } from '@/lib/platform/result';

let end: (exitCode: number) => void = () => undefined;
const ended = new Promise<number>((resolve) => { end = resolve; });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => { end(0); });
await main();
// What still waits for a manager that does not answer has nothing left to do.
process.exit(await ended);

async function main(): Promise<void> {
  const options = readOptions();
  const started = options.ok
    ? await startReferenceNode({
      ...options.value, clock: clockOf(process.env['PHANTOM_AGENT_CLOCK_OFFSET_MS']), random: Math.random,
      onProblem: (problem) => { console.error('A request or a duty of the node failed:', problem); },
      onEnded: (problem) => {
        console.error(`The manager does not want this node any more (${problem.code}): ${problem.message}`);
        end(problem.code === 'removed' ? 0 : 1);
      },
    })
    : options;
  if (!started.ok) {
    console.error(started.error);
    end(1);
    return;
  }
  const node = started.value;
  process.stdout.write(`Agent ${node.nodeId} is ready at http://${node.address}\n`);
  await ended;
  await node.close();
}

/** A wall clock that is wrong by so much, as the clock of a badly kept machine; for tests that nothing rests on it. */
function clockOf(offset: string | undefined): Clock {
  const offsetMs = Number(offset ?? 0);
  return Number.isFinite(offsetMs) ? { ...systemClock, wallMs: () => systemClock.wallMs() + offsetMs } : systemClock;
}

function readOptions(): Result<Omit<ReferenceNodeOptions, 'clock' | 'random' | 'onProblem' | 'onEnded'>, string> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' }, port: { type: 'string', default: '0' }, host: { type: 'string', default: '127.0.0.1' },
      manager: { type: 'string', default: 'http://127.0.0.1:3000' }, token: { type: 'string' }, zone: { type: 'string' }, name: { type: 'string' },
    },
  });
  if (values.data === undefined) return err('--data DIR is needed: the folder that this node keeps its shards in');
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return err(`--port is 0 to 65535, not ${values.port}`);
  if (!URL.canParse(values.manager)) return err(`--manager is a URL, not ${values.manager}`);
  return ok({
    dataDir: values.data, host: values.host, port, managerUrl: values.manager, token: values.token ?? process.env['PHANTOM_AGENT_TOKEN'] ?? null,
    name: values.name ?? null, zone: values.zone ?? null,
  });
}
