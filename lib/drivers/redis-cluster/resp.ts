/**
 * The wire protocol of Redis and Valkey, version 2 (RESP2): commands out, replies in.
 * Ours, since moves and readings send tens of thousands of tiny commands and a general
 * client spends ten times as long on each as the server does (docs/decisions).
 */
export type Argument = string | number | ByteString;
export type Command = readonly [name: string, ...args: Argument[]];

/**
 * Bytes that need not be text, such as a key's name: one character for each byte. A string
 * costs a fraction of what a Buffer does, and a move handles a few for every key.
 */
export class ByteString {
  constructor(readonly latin1: string) {}

  static from(bytes: Buffer): ByteString {
    return new ByteString(bytes.toString('latin1'));
  }
}

/** An error reply, as a value: its text begins with the code. */
export class RespError {
  constructor(readonly text: string) {}
}

/** Strings are bytes, one character each; see `textOfBytes`. */
export type RawReply = string | number | null | RespError | readonly RawReply[];

const CR = 13, LF = 10;
const PLUS = 43, MINUS = 45, COLON = 58, DOLLAR = 36, STAR = 42;
const ZERO = 48, NINE = 57, O = 79, K = 75;
const NOT_ASCII = /[^\0-\x7f]/;

/** The text that these bytes are in UTF-8. */
export function textOfBytes(latin1: string): string {
  return NOT_ASCII.test(latin1) ? Buffer.from(latin1, 'latin1').toString('utf8') : latin1;
}

const FIRST_BYTES = 1_024;
/** Above this a copy by the runtime is quicker than one by us. */
const SHORT = 48;

/** A type, a count of up to 16 digits, and the end of the line. */
const LINE_BYTES_MAX = 20;

/** Commands as the bytes that go to the socket, put together in one place. */
export class CommandBytes {
  #buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  add(commands: readonly Command[]): void {
    for (const command of commands) {
      this.#reserve(LINE_BYTES_MAX);
      this.#length = putLine(this.#buffer, this.#length, STAR, command.length);
      for (const argument of command) this.#add(argument);
    }
  }

  /** What was added since it was last taken. */
  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#length);
    // The socket may keep it for a while.
    this.#buffer = Buffer.allocUnsafe(FIRST_BYTES);
    this.#length = 0;
    return taken;
  }

  #add(argument: Argument): void {
    const bytes = typeof argument === 'number' ? String(argument) : typeof argument === 'string' ? bytesOfText(argument) : argument.latin1;
    this.#reserve(LINE_BYTES_MAX + bytes.length + 2);
    const buffer = this.#buffer;
    let at = putLine(buffer, this.#length, DOLLAR, bytes.length);
    at = putBytes(buffer, at, bytes);
    buffer[at] = CR;
    buffer[at + 1] = LF;
    this.#length = at + 2;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

/** These put something at a place for which there is room, and give the place after it. */
function putLine(buffer: Buffer, from: number, type: number, count: number): number {
  buffer[from] = type;
  let at = from + 1;
  if (count < 10) {
    buffer[at] = ZERO + count;
    at += 1;
  } else {
    at = putBytes(buffer, at, String(count));
  }
  buffer[at] = CR;
  buffer[at + 1] = LF;
  return at + 2;
}

function putBytes(buffer: Buffer, from: number, bytes: string): number {
  if (bytes.length > SHORT) buffer.write(bytes, from, 'latin1');
  else for (let at = 0; at < bytes.length; at += 1) buffer[from + at] = bytes.charCodeAt(at);
  return from + bytes.length;
}

function bytesOfText(text: string): string {
  for (let at = 0; at < text.length; at += 1) {
    if (text.charCodeAt(at) > 127) return Buffer.from(text, 'utf8').toString('latin1');
  }
  return text;
}

/** Not a server that speaks RESP2; the connection is of no use any more. */
export class RespProtocolError extends Error {
  override readonly name = 'RespProtocolError';
}

const INCOMPLETE = Symbol('incomplete');
const EMPTY = Buffer.alloc(0);
/** No server writes a longer number; what is longer is no number. */
const DIGITS_MAX = 20;

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
  /** What `#number` read last, and where its line ends. */
  #value = 0;
  #end = 0;

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
      if (this.#at >= this.#buffer.length) return INCOMPLETE;
      const type = this.#buffer[this.#at]!;
      if (type === PLUS || type === MINUS) return this.#line(type);
      if (type !== COLON && type !== DOLLAR && type !== STAR) throw new RespProtocolError(`A reply begins with byte ${type}, which RESP2 does not know`);
      if (!this.#number(this.#at + 1)) return INCOMPLETE;
      const value = this.#value;
      if (type === DOLLAR) return this.#bulk(value, this.#end);
      this.#at = this.#end;
      if (type === COLON) return value;
      if (value < 0) return null;
      if (value === 0) return [];
      this.#open.push({ items: [], length: value });
    }
  }

  #line(type: number): string | RespError | typeof INCOMPLETE {
    const end = this.#buffer.indexOf(CR, this.#at);
    if (end < 0 || end + 2 > this.#buffer.length) return INCOMPLETE;
    const from = this.#at + 1;
    this.#at = end + 2;
    if (type === MINUS) return new RespError(this.#buffer.toString('utf8', from, end));
    return end - from === 2 && this.#buffer[from] === O && this.#buffer[from + 1] === K ? 'OK' : this.#buffer.toString('latin1', from, end);
  }

  #bulk(length: number, from: number): string | null | typeof INCOMPLETE {
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
    return this.#buffer.toString('latin1', from, end);
  }

  /** Reads a number up to the end of its line into `#value`; false when its line is not whole. */
  #number(from: number): boolean {
    const buffer = this.#buffer;
    const negative = buffer[from] === MINUS;
    let value = 0;
    let at = negative ? from + 1 : from;
    for (; at < buffer.length && buffer[at] !== CR; at += 1) {
      const byte = buffer[at]!;
      if (byte < ZERO || byte > NINE || at - from > DIGITS_MAX) throw new RespProtocolError('A number is none');
      value = value * 10 + (byte - ZERO);
    }
    if (at + 2 > buffer.length) return false;
    this.#value = negative ? -value : value;
    this.#end = at + 2;
    return true;
  }
}
