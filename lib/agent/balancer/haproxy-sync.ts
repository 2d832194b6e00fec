import { connect } from 'node:net';
import { sleep, type Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import { RoutingWatch } from '../client/routing-watch';
import { HAPROXY_NAME, parseServersState, planBalancer } from './haproxy-plan';

const COMMAND_TIMEOUT_MS = 2_000;
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
/** Also when nothing is new: a HAProxy that was reloaded begins with all servers in maintenance. */
const LOOK_EVERY_MS = 250;
const COMPARE_EVERY_MS = 2_000;

export interface HaproxySyncOptions {
  readonly managerUrl: string;
  readonly clusterId: string;
  /** The runtime API: `stats socket <path> level admin`. */
  readonly socketPath: string;
  readonly backend: string;
  readonly clock: Clock;
  readonly onProblem: (message: string) => void;
}

/** Keeps the servers of a HAProxy backend as the routing of a cluster has them. */
export class HaproxySync {
  readonly #watch: RoutingWatch;
  readonly #stopping = new AbortController();
  readonly #loop: Promise<void>;

  private constructor(private readonly options: HaproxySyncOptions) {
    this.#watch = new RoutingWatch(options);
    this.#loop = this.#run();
  }

  /** Begins; refuses a backend that could not be a name. */
  static start(options: HaproxySyncOptions): Result<HaproxySync, string> {
    return HAPROXY_NAME.test(options.backend) ? ok(new HaproxySync(options)) : err(`"${options.backend.slice(0, 64)}" cannot be the name of a backend`);
  }

  async close(): Promise<void> {
    this.#stopping.abort(new Error('The sync is closing'));
    await this.#watch.close();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, onProblem } = this.options;
    const { signal } = this.#stopping;
    let applied: unknown = null;
    let comparedMs = -Infinity;
    while (!this.#isStopping()) {
      const { endpoints } = this.#watch;
      const nowMs = clock.monotonicMs();
      if (endpoints.length > 0 && (endpoints !== applied || nowMs - comparedMs >= COMPARE_EVERY_MS)) {
        const done = await this.#apply();
        comparedMs = nowMs;
        if (done.ok) applied = endpoints;
        else onProblem(done.error);
      }
      await sleep(clock, LOOK_EVERY_MS, signal).catch(() => undefined);
    }
  }

  async #apply(): Promise<Result<null, string>> {
    const { socketPath, backend } = this.options;
    const state = await runtimeCommand(socketPath, `show servers state ${backend}`);
    if (!state.ok) return state;
    const servers = parseServersState(state.value);
    if (servers.length === 0) return err(`HAProxy has no backend ${backend} with servers: ${state.value.trim().slice(0, 200)}`);
    const { commands, withoutServer } = planBalancer(backend, servers, this.#watch.endpoints);
    for (const command of commands) {
      const answer = await runtimeCommand(socketPath, command);
      if (!answer.ok) return answer;
      // Silence, or a sentence about the new address, is success.
      const said = answer.value.trim();
      if (said !== '' && !/changed|no need to change/i.test(said)) return err(`${command}: ${said.slice(0, 200)}`);
    }
    return withoutServer.length === 0 ? ok(null) : err(`${withoutServer.length} nodes found no free server in ${backend}: make its server-template larger`);
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }
}

/** One command over a connection of its own, as the runtime API has it when it is not interactive. */
function runtimeCommand(socketPath: string, command: string): Promise<Result<string, string>> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(socketPath, () => { socket.write(`${command}\n`); });
    socket.setTimeout(COMMAND_TIMEOUT_MS, () => socket.destroy(new Error(`No answer within ${COMMAND_TIMEOUT_MS} ms`)));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.length > ANSWER_BYTES_MAX) socket.destroy(new Error('The answer is too long'));
    });
    socket.on('error', (error) => { resolve(err(`HAProxy at ${socketPath}: ${error.message}`)); });
    socket.on('close', () => { resolve(ok(text)); });
  });
}
