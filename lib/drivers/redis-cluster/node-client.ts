import { Redis, type RedisOptions } from 'ioredis';
import type { RedisConnection } from '@/lib/contract/connection';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import { formatEndpoint, type Endpoint } from './endpoints';
import { errorReply, type CommandFailure } from './failures';
import type { CommandResult, Reply } from './replies';

type Argument = string | number | Buffer;
export type Command = readonly [name: string, ...args: Argument[]];

export interface CallOptions {
  /** For connecting, authenticating and all replies together. */
  readonly timeoutMs: number;
  /** Bulk replies as bytes: key names and values need not be text. */
  readonly bytes?: boolean;
}

interface Open {
  readonly redis: Redis;
  readonly ready: Promise<Result<void, CommandFailure>>;
  waiting: Waiting[];
}

/** A pipeline that goes out with whatever else is sent to this node in the same turn of the event loop. */
interface Waiting {
  readonly commands: readonly Command[];
  readonly bytes: boolean;
  readonly resolve: (results: Result<CommandResult[], CommandFailure>) => void;
}

type Credentials = Pick<RedisConnection, 'username' | 'password' | 'tls'>;

/**
 * One connection to one node, opened by its first use and opened again by the next use
 * after it broke; nothing reconnects by itself, so there is at most one attempt per
 * command. A command that misses its deadline closes the connection: replies are
 * matched by order, and a hung server must not collect a queue of ours.
 */
export class NodeClient {
  readonly #endpoint: Endpoint;
  readonly #credentials: Credentials;
  readonly #clock: Clock;
  #open: Open | null = null;
  #closed = false;

  constructor(options: { endpoint: Endpoint; credentials: Credentials; clock: Clock }) {
    this.#endpoint = options.endpoint;
    this.#credentials = options.credentials;
    this.#clock = options.clock;
  }

  get address(): string {
    return formatEndpoint(this.#endpoint);
  }

  /** One command; see `pipeline`. */
  async call(command: Command, options: CallOptions): Promise<CommandResult> {
    const [result] = await this.pipeline([command], options);
    return result ?? err(this.#lost(null));
  }

  /**
   * Sends the commands in one write, so that the server runs them back to back, and
   * gives one result per command in their order. Never rejects.
   */
  async pipeline(commands: readonly Command[], options: CallOptions): Promise<CommandResult[]> {
    if (commands.length === 0) return [];
    const outcome = await this.#withDeadline(options.timeoutMs, () => this.#send(commands, options.bytes === true));
    return outcome.ok ? outcome.value : commands.map(() => outcome);
  }

  /** Ends the connection; what waits for a reply fails, later use too. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#drop();
  }

  /** Many moves talk to the same nodes at once: what one turn of the event loop sends to a node is one write. */
  async #send(commands: readonly Command[], bytes: boolean): Promise<Result<CommandResult[], CommandFailure>> {
    if (this.#closed) return err({ kind: 'connection', code: '', farCode: '', message: 'The connection was closed by us' });
    const open = this.#open ?? this.#connect();
    const ready = await open.ready;
    if (!ready.ok) return ready;
    return await new Promise((resolve) => {
      open.waiting.push({ commands, bytes, resolve });
      if (open.waiting.length === 1) setImmediate(() => { void this.#flush(open); });
    });
  }

  async #flush(open: Open): Promise<void> {
    const batch = open.waiting;
    open.waiting = [];
    const pipeline = open.redis.pipeline();
    for (const { commands, bytes } of batch) {
      for (const [name, ...args] of commands) {
        if (bytes) pipeline.callBuffer(name, ...args);
        else pipeline.call(name, ...args);
      }
    }
    const replies = await pipeline.exec().catch(() => null);
    let from = 0;
    for (const { commands, resolve } of batch) {
      const own = replies?.slice(from, from + commands.length);
      from += commands.length;
      resolve(own === undefined ? err(this.#lost(null)) : ok(own.map(([error, reply]): CommandResult => error === null ? ok(reply as Reply) : err(this.#failureOf(error)))));
    }
  }

  #connect(): Open {
    const redis = new Redis(optionsFor(this.#endpoint, this.#credentials));
    // ioredis rejects with "Connection is closed." whatever happened; the reason comes
    // by the event alone.
    let reason: Error | null = null;
    redis.on('error', (error: Error) => { reason = error; });
    const open: Open = {
      redis,
      waiting: [],
      ready: redis.connect().then(
        () => this.#authenticate(redis),
        (error: unknown) => err(this.#lost(reason ?? error)),
      ),
    };
    redis.on('end', () => { if (this.#open === open) this.#open = null; });
    this.#open = open;
    void open.ready.then((ready) => { if (!ready.ok && this.#open === open) this.#drop(); });
    return open;
  }

  /** AUTH is sent by us and not by ioredis, which hides some of its failures behind a line on the console. */
  async #authenticate(redis: Redis): Promise<Result<void, CommandFailure>> {
    const { username, password } = this.#credentials;
    if (password === undefined || password === '') return ok(undefined);
    try {
      await redis.call('AUTH', ...(username === undefined ? [] : [username]), password);
      return ok(undefined);
    } catch (error) {
      const failure = this.#failureOf(error);
      // ERR: the server has no password at all; a needless one does no harm.
      return failure.kind === 'error-reply' && failure.code === 'ERR' ? ok(undefined) : err(failure);
    }
  }

  async #withDeadline<T>(timeoutMs: number, work: () => Promise<Result<T, CommandFailure>>): Promise<Result<T, CommandFailure>> {
    return await new Promise((resolve, reject) => {
      const timer = this.#clock.after(timeoutMs, () => {
        resolve(err({ kind: 'timeout', code: '', farCode: '', message: `No answer within ${timeoutMs} ms` }));
        this.#drop();
      });
      work().then(resolve, reject).finally(() => { timer[Symbol.dispose](); });
    });
  }

  #drop(): void {
    const open = this.#open;
    this.#open = null;
    open?.redis.disconnect();
  }

  #failureOf(error: unknown): CommandFailure {
    if (error instanceof Error && error.name === 'ReplyError') return errorReply(this.#withoutSecrets(error.message));
    return this.#lost(error);
  }

  #lost(error: unknown): CommandFailure {
    if (error instanceof Error && error.name === 'ReplyError') return errorReply(this.#withoutSecrets(error.message));
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
    const message = error instanceof Error ? error.message : 'The connection was lost';
    return { kind: 'connection', code, farCode: '', message: this.#withoutSecrets(message) };
  }

  /** An unknown command is echoed with its arguments, and MIGRATE's hold the password. */
  #withoutSecrets(text: string): string {
    const { password } = this.#credentials;
    return password === undefined || password === '' ? text : text.replaceAll(password, '***');
  }
}

function optionsFor(endpoint: Endpoint, { tls }: Credentials): RedisOptions {
  return {
    host: endpoint.host,
    port: endpoint.port,
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    autoResendUnfulfilledCommands: false,
    disableClientInfo: true,
    connectionName: 'phantom-scale',
    // RESP2: one shape of replies for all servers we drive.
    protocol: 2,
    ...(tls.enabled && {
      tls: {
        rejectUnauthorized: tls.rejectUnauthorized,
        ...(tls.caPem !== undefined && { ca: tls.caPem }),
        ...(tls.certPem !== undefined && { cert: tls.certPem }),
        ...(tls.keyPem !== undefined && { key: tls.keyPem }),
        ...(tls.serverName !== undefined && { servername: tls.serverName }),
      },
    }),
  };
}
