/** A few milliseconds of work. */
const ITEMS_PER_TURN = 4_000;
/** Where the next portion begins: a line's end in JSON that has no others, since within strings it is escaped. */
const PORTION_END = ',\n';
const END = ']}';

/** So short a list is written down at once. */
export function isShortList(list: readonly unknown[]): boolean {
  return list.length <= ITEMS_PER_TURN;
}

/**
 * The JSON of an object of which one list can be very long, that list in portions between
 * which others get their turn: a plan of 100,000 steps would else hold everybody for a
 * tenth of a second. A long list stands last.
 */
export async function jsonInTurns<K extends string>(value: Readonly<Record<K, readonly unknown[]>>, listName: K): Promise<string> {
  const list = value[listName];
  if (isShortList(list)) return JSON.stringify(value);
  const rest = JSON.stringify({ ...value, [listName]: undefined });
  const parts: string[] = [];
  for (let at = 0; at < list.length; at += ITEMS_PER_TURN) {
    await nextTurn();
    parts.push(JSON.stringify(list.slice(at, at + ITEMS_PER_TURN)).slice(1, -1));
  }
  await nextTurn();
  return `${rest.slice(0, -1)}${rest === '{}' ? '' : ','}${JSON.stringify(listName)}:[${parts.join(PORTION_END)}]}`;
}

/** Reads what `jsonInTurns` wrote, or any other JSON of such an object, portion by portion. Throws SyntaxError as JSON.parse does. */
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

function nextTurn(): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve); });
}
