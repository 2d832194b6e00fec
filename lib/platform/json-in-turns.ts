import { ITEMS_PER_TURN, nextTurn } from './in-turns';

/** Text that is written or read before others get their turn, in characters: less than a millisecond of work. */
const PORTION_CHARACTERS = 32_768;

/** Where the next portion begins in what earlier versions stored: a line's end in JSON that has no others, since within strings it is escaped. */
const PORTION_END = ',\n';
const END = ']}';

/**
 * The JSON of an object of which some lists can be very long, in portions between which
 * others get their turn: a plan of 100,000 steps would else hold everybody for a tenth of
 * a second. Long lists are found in the object and in plain objects within it, not within lists.
 */
export async function* jsonPortions(value: object): AsyncGenerator<string, void> {
  let portion = '';
  for (const piece of piecesOf(value)) {
    portion += piece;
    if (portion.length < PORTION_CHARACTERS) continue;
    yield portion;
    portion = '';
    await nextTurn();
  }
  yield portion;
}

/** The portions of `jsonPortions` as one text. */
export async function jsonInTurns(value: object): Promise<string> {
  const parts: string[] = [];
  for await (const part of jsonPortions(value)) parts.push(part);
  return parts.join('');
}

function* piecesOf(value: unknown): Generator<string, void> {
  if (isLong(value)) {
    for (let at = 0; at < value.length; at += ITEMS_PER_TURN) yield `${at === 0 ? '[' : ','}${JSON.stringify(value.slice(at, at + ITEMS_PER_TURN)).slice(1, -1)}`;
    yield ']';
  } else if (isPlain(value)) {
    let before = '{';
    for (const [name, part] of Object.entries(value)) {
      if (part === undefined) continue;
      yield `${before}${JSON.stringify(name)}:`;
      yield* piecesOf(part);
      before = ',';
    }
    yield before === '{' ? '{}' : '}';
  } else {
    yield JSON.stringify(value);
  }
}

/**
 * The same object as lines of JSON, to be read again line by line: the object with its long
 * lists empty, and then portions of those, each with the names that lead to its list.
 */
export async function* jsonLines(value: object): AsyncGenerator<string, void> {
  const long: LongList[] = [];
  yield `${JSON.stringify(withoutLong(value, [], long))}\n`;
  for (const { path, list } of long) {
    for (let at = 0; at < list.length; at += ITEMS_PER_TURN) {
      await nextTurn();
      yield `${JSON.stringify([path, list.slice(at, at + ITEMS_PER_TURN)])}\n`;
    }
  }
}

interface LongList {
  readonly path: readonly string[];
  readonly list: readonly unknown[];
}

function withoutLong(value: object, path: readonly string[], long: LongList[]): object {
  const rest: [string, unknown][] = Object.entries(value).map(([name, part]: [string, unknown]) => {
    if (isPlain(part)) return [name, withoutLong(part, [...path, name], long)];
    if (!isLong(part)) return [name, part];
    long.push({ path: [...path, name], list: part });
    return [name, []];
  });
  return Object.fromEntries(rest);
}

/**
 * Reads what `jsonLines` wrote from pieces of it that are cut anywhere but within a
 * character. Throws SyntaxError where it is something else or not all of it.
 */
export async function valueOfLines(pieces: AsyncIterable<string>): Promise<unknown> {
  const reading = new LineReading();
  let begun = '';
  for await (const piece of pieces) {
    await nextTurn();
    const lines = (begun + piece).split('\n');
    begun = lines.pop()!;
    for (const line of lines) reading.add(line);
  }
  if (begun !== '') throw new SyntaxError('The last line has no end');
  return reading.value;
}

class LineReading {
  #value: unknown = undefined;

  get value(): unknown {
    if (this.#value === undefined) throw new SyntaxError('There is no line at all');
    return this.#value;
  }

  add(line: string): void {
    const said: unknown = JSON.parse(line);
    if (this.#value === undefined) this.#value = said;
    else if (Array.isArray(said) && Array.isArray(said[0]) && Array.isArray(said[1])) this.#append(said[0], said[1]);
    else throw new SyntaxError('A line is no portion of a list');
  }

  #append(path: readonly unknown[], items: readonly unknown[]): void {
    let at: unknown = this.#value;
    for (const name of path) at = isPlain(at) && typeof name === 'string' && Object.hasOwn(at, name) ? at[name] : undefined;
    if (!Array.isArray(at)) throw new SyntaxError('A line goes on with a list that is not there');
    for (const item of items) at.push(item);
  }
}

/** Reads JSON of an object as earlier versions stored it, one list of it in portions, or any other JSON. Throws SyntaxError as JSON.parse does. */
export async function parsedInTurns(text: string, listName: string): Promise<unknown> {
  const [head, ...portions] = text.split(PORTION_END);
  const last = portions.pop();
  if (head === undefined || last === undefined) return JSON.parse(text);
  const value = JSON.parse(`${head}]}`) as Record<string, unknown>;
  const list = value[listName];
  if (!Array.isArray(list)) throw new SyntaxError(`The text goes on after an object without the list ${listName}`);
  for (const portion of [...portions, last.slice(0, -END.length)]) {
    await nextTurn();
    for (const item of JSON.parse(`[${portion}]`) as unknown[]) list.push(item);
  }
  return value;
}

function isLong(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > ITEMS_PER_TURN;
}

/** An object literal, or what JSON.parse made: no list, nothing that says by itself how it is written. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null);
}
