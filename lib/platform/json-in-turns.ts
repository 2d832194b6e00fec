import { ITEMS_PER_TURN, isShortList, nextTurn } from './in-turns';

/** Where the next portion begins: a line's end in JSON that has no others, since within strings it is escaped. */
const PORTION_END = ',\n';
const END = ']}';

/**
 * The JSON of an object of which one list can be very long, that list in portions between
 * which others get their turn: a plan of 100,000 steps would else hold everybody for a
 * tenth of a second. A long list stands last.
 */
export async function* jsonPortions<K extends string>(value: Readonly<Record<K, readonly unknown[]>>, listName: K): AsyncGenerator<string, void> {
  const list = value[listName];
  if (isShortList(list)) {
    yield JSON.stringify(value);
    return;
  }
  const rest = JSON.stringify({ ...value, [listName]: undefined });
  yield `${rest.slice(0, -1)}${rest === '{}' ? '' : ','}${JSON.stringify(listName)}:[`;
  for (let at = 0; at < list.length; at += ITEMS_PER_TURN) {
    await nextTurn();
    yield `${at === 0 ? '' : PORTION_END}${JSON.stringify(list.slice(at, at + ITEMS_PER_TURN)).slice(1, -1)}`;
  }
  await nextTurn();
  yield END;
}

/** The portions of `jsonPortions` as one text. */
export async function jsonInTurns<K extends string>(value: Readonly<Record<K, readonly unknown[]>>, listName: K): Promise<string> {
  const parts: string[] = [];
  for await (const part of jsonPortions(value, listName)) parts.push(part);
  return parts.join('');
}

/** Reads what `jsonPortions` wrote, or any other JSON of such an object, portion by portion. Throws SyntaxError as JSON.parse does. */
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
