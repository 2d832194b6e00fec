import type { RedisConnection } from '@/lib/contract/connection';
import type { Clock } from '@/lib/platform/clock';
import { NOT_ALLOWED, type Outbound } from '@/lib/platform/outbound';
import { err, ok, type Result } from '@/lib/platform/result';
import { formatEndpoint, type Endpoint } from './endpoints';
import { errorReply, type CommandFailure } from './failures';
import { ByteString, RespError, RespProtocolError, textOfBytes, type Command, type RawReply } from './resp';
import { RespConnection } from './resp-connection';
import type { CommandResult, Reply } from './replies';

export type { Command } from './resp';

export interface CallOptions {
  /** For connecting, authenticating and all replies together. */
  readonly timeoutMs: number;
  /** Bulk replies as bytes: key names and values need not be text. */
  readonly bytes?: boolean;
}

interface Open {
  readonly connection: RespConnection;
  readonly ready: Promise<Result<void, CommandFailure>>;
}

type Credentials = Pick<RedisConnection, 'username' | 'password' | 'tls'>;

/** Sent before everything else; a server that refuses it (by its ACL) does without. */
const NAME: Command = ['CLIENT', 'SETNAME', 'phantom-scale'];

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
  readonly #outbound: Outbound;
  #open: Open | null = null;
  #closed = false;

  constructor(options: { endpoint: Endpoint; credentials: Credentials; clock: Clock; outbound: Outbound }) {
    this.#endpoint = options.endpoint;
    this.#credentials = options.credentials;
    this.#clock = options.clock;
    this.#outbound = options.outbound;
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

  async #send(commands: readonly Command[], bytes: boolean): Promise<Result<CommandResult[], CommandFailure>> {
    if (this.#closed) return err({ kind: 'connection', code: '', farCode: '', message: 'The connection was closed by us' });
    const forbidden = this.#open === null ? this.#outbound.refusalOf(this.#endpoint.host) : null;
    if (forbidden !== null) return err({ kind: 'connection', code: NOT_ALLOWED, farCode: '', message: forbidden });
    const open = this.#open ?? this.#connect();
    const ready = await open.ready;
    if (!ready.ok) return ready;
    try {
      const replies = await open.connection.send(commands);
      return ok(replies.map((reply): CommandResult => reply instanceof RespError ? err(errorReply(this.#withoutSecrets(reply.text))) : ok(bytes ? bytesOf(reply) : textOf(reply))));
    } catch (error) {
      return err(this.#lost(error));
    }
  }

  #connect(): Open {
    const connection: RespConnection = new RespConnection(this.#endpoint, { tls: this.#credentials.tls, lookup: this.#outbound.lookup }, () => {
      if (this.#open?.connection === connection) this.#open = null;
    });
    const ready = connection.ready.then(() => this.#introduce(connection)).catch((error: unknown) => err(this.#lost(error)));
    const open: Open = { connection, ready };
    this.#open = open;
    void ready.then((result) => { if (!result.ok && this.#open === open) this.#drop(); });
    return open;
  }

  async #introduce(connection: RespConnection): Promise<Result<void, CommandFailure>> {
    const { username, password } = this.#credentials;
    const hasPassword = password !== undefined && password !== '';
    const auth: readonly Command[] = hasPassword ? [username === undefined ? ['AUTH', password] : ['AUTH', username, password]] : [];
    const [first] = await connection.send([...auth, NAME]);
    if (!hasPassword || !(first instanceof RespError)) return ok(undefined);
    const failure = errorReply(this.#withoutSecrets(first.text));
    // ERR: the server has no password at all; a needless one does no harm.
    return failure.code === 'ERR' ? ok(undefined) : err(failure);
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
    open?.connection.end();
  }

  #lost(error: unknown): CommandFailure {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
    const message = error instanceof Error ? error.message : 'The connection was lost';
    return { kind: error instanceof RespProtocolError ? 'malformed' : 'connection', code, farCode: '', message: this.#withoutSecrets(message) };
  }

  /** An unknown command is echoed with its arguments, and MIGRATE's hold the password. */
  #withoutSecrets(text: string): string {
    const { password } = this.#credentials;
    return password === undefined || password === '' ? text : text.replaceAll(password, '***');
  }
}

/** An error inside an array (of EXEC, say) is told as its text. */
function textOf(reply: RawReply): Reply {
  if (typeof reply === 'string') return textOfBytes(reply);
  if (typeof reply === 'number' || reply === null) return reply;
  return reply instanceof RespError ? reply.text : reply.map(textOf);
}

function bytesOf(reply: RawReply): Reply {
  if (typeof reply === 'string') return new ByteString(reply);
  if (typeof reply === 'number' || reply === null) return reply;
  return reply instanceof RespError ? reply.text : reply.map(bytesOf);
}
