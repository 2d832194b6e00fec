/** A text of whitespace-separated integers, read without making strings of it. */
export class IntegerReader {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  #at = 0;

  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#name = name;
  }

  /** The next integer, within the bounds; `what` names it in a complaint. */
  next(what: string, min: number, max: number): number {
    const bytes = this.#bytes;
    const end = bytes.length;
    let at = this.#at;
    while (at < end && isSpace(bytes[at]!)) at += 1;
    if (at === end) throw new InstanceFault('truncated', `${this.#name} ends where ${what} should be`);
    const start = at;
    const negative = bytes[at] === MINUS;
    if (negative) at += 1;
    let value = 0;
    const firstDigit = at;
    while (at < end && bytes[at]! >= ZERO && bytes[at]! <= NINE) {
      value = value * 10 + bytes[at]! - ZERO;
      at += 1;
    }
    if (at === firstDigit || (at < end && !isSpace(bytes[at]!))) {
      throw new InstanceFault('not-an-integer', `${this.#name} has "${this.#word(start)}" at byte ${start}, where ${what} should be`);
    }
    if (negative) value = -value;
    if (value < min || value > max) {
      throw new InstanceFault('out-of-range', `${this.#name} has ${this.#word(start)} at byte ${start} as ${what}, which must be from ${min} to ${max}`);
    }
    this.#at = at;
    return value;
  }

  /** Nothing may be left. */
  finish(): void {
    let at = this.#at;
    while (at < this.#bytes.length && isSpace(this.#bytes[at]!)) at += 1;
    if (at < this.#bytes.length) throw new InstanceFault('left-over', `${this.#name} goes on with "${this.#word(at)}" at byte ${at}, where it should end`);
  }

  #word(start: number): string {
    let end = start;
    while (end < this.#bytes.length && end < start + 24 && !isSpace(this.#bytes[end]!)) end += 1;
    return Buffer.from(this.#bytes.subarray(start, end)).toString('latin1');
  }
}

/** A file that is no instance, or an assignment that breaks one; the message is for the person at the terminal. */
export class InstanceFault extends Error {
  override readonly name = 'InstanceFault';
  readonly code: 'truncated' | 'not-an-integer' | 'out-of-range' | 'left-over' | 'unreadable' | 'infeasible';

  constructor(code: InstanceFault['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const ZERO = 48;
const NINE = 57;
const MINUS = 45;

function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}
