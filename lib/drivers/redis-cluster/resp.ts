/**
 * The wire protocol of Redis and Valkey, version 2 (RESP2): commands out, replies in.
 * Ours, since moves and readings send tens of thousands of tiny commands and a general
 * client spends ten times as long on each as the server does (docs/decisions).
 */
export type Argument = string | number | Buffer;
export type Command = readonly [name: string, ...args: Argument[]];

/** An error reply, as a value: its text begins with the code. */
export class RespError {
  constructor(readonly text: string) {}
}

export type RawReply = Buffer | number | null | RespError | readonly RawReply[];

/** Commands as what goes to the socket: text is put together, bytes stay as they are. */
export function encodeCommands(commands: readonly Command[]): (string | Buffer)[] {
  const pieces: (string | Buffer)[] = [];
  let text = '';
  for (const command of commands) {
    text += `*${command.length}\r\n`;
    for (const argument of command) {
      if (Buffer.isBuffer(argument)) {
        pieces.push(`${text}$${argument.length}\r\n`, argument);
        text = '\r\n';
      } else {
        const word = typeof argument === 'number' ? String(argument) : argument;
        text += `$${Buffer.byteLength(word)}\r\n${word}\r\n`;
      }
    }
  }
  pieces.push(text);
  return pieces;
}

/** Not a server that speaks RESP2; the connection is of no use any more. */
export class RespProtocolError extends Error {
  override readonly name = 'RespProtocolError';
}

const CR = 13;
const PLUS = 43, MINUS = 45, COLON = 58, DOLLAR = 36, STAR = 42;
const INCOMPLETE = Symbol('incomplete');
const EMPTY = Buffer.alloc(0);
const OK = Buffer.from('OK');

interface OpenArray {
  readonly items: RawReply[];
  readonly length: number;
}

/**
 * Takes the bytes as they come and gives whole replies. Goes on where it stopped: a
 * reply of megabytes in many chunks is looked at once and copied once.
 */
export class RespParser {
  #buffer: Buffer = EMPTY;
  #at = 0;
  #chunks: Buffer[] = [];
  #chunkBytes = 0;
  /** Bytes of `#buffer` and `#chunks` together without which there is nothing to do. */
  #bytesNeeded = 0;
  readonly #open: OpenArray[] = [];

  constructor(private readonly onReply: (reply: RawReply) => void) {}

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#chunkBytes += chunk.length;
    const restBytes = this.#buffer.length - this.#at;
    if (restBytes + this.#chunkBytes < this.#bytesNeeded) return;
    this.#buffer = restBytes === 0 && this.#chunks.length === 1 ? chunk : Buffer.concat([this.#buffer.subarray(this.#at), ...this.#chunks]);
    this.#at = 0;
    this.#chunks = [];
    this.#chunkBytes = 0;
    this.#bytesNeeded = 0;
    for (let reply = this.#next(); reply !== INCOMPLETE; reply = this.#next()) this.#close(reply);
  }

  /** A finished value: it may finish the arrays around it. */
  #close(value: RawReply): void {
    let reply = value;
    for (let open = this.#open.at(-1); open !== undefined; open = this.#open.at(-1)) {
      open.items.push(reply);
      if (open.items.length < open.length) return;
      this.#open.pop();
      reply = open.items;
    }
    this.onReply(reply);
  }

  #next(): RawReply | typeof INCOMPLETE {
    for (;;) {
      const end = this.#buffer.indexOf(CR, this.#at);
      if (end < 0 || end + 2 > this.#buffer.length) return INCOMPLETE;
      const type = this.#buffer[this.#at]!;
      const from = this.#at + 1;
      if (type === DOLLAR) return this.#bulk(this.#integer(from, end), end + 2);
      this.#at = end + 2;
      if (type === PLUS) return this.#isOk(from, end) ? OK : this.#buffer.subarray(from, end);
      if (type === COLON) return this.#integer(from, end);
      if (type === MINUS) return new RespError(this.#buffer.toString('utf8', from, end));
      if (type !== STAR) throw new RespProtocolError(`A reply begins with byte ${type}, which RESP2 does not know`);
      const length = this.#integer(from, end);
      if (length < 0) return null;
      if (length === 0) return [];
      this.#open.push({ items: [], length });
    }
  }

  #bulk(length: number, from: number): Buffer | null | typeof INCOMPLETE {
    if (length < 0) {
      this.#at = from;
      return null;
    }
    const end = from + length;
    if (end + 2 > this.#buffer.length) {
      this.#bytesNeeded = end + 2 - this.#at;
      return INCOMPLETE;
    }
    this.#at = end + 2;
    return this.#buffer.subarray(from, end);
  }

  /** Most replies are this one. */
  #isOk(from: number, end: number): boolean {
    return end - from === 2 && this.#buffer[from] === OK[0] && this.#buffer[from + 1] === OK[1];
  }

  #integer(from: number, end: number): number {
    let value = 0;
    const negative = this.#buffer[from] === MINUS;
    for (let at = negative ? from + 1 : from; at < end; at += 1) {
      const digit = this.#buffer[at]! - 48;
      if (digit < 0 || digit > 9) throw new RespProtocolError('A number is none');
      value = value * 10 + digit;
    }
    return negative ? -value : value;
  }
}
