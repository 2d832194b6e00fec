import { err, ok, type Result } from '@/lib/platform/result';
import { malformed, type CommandFailure } from './failures';
import { ByteString, textOfBytes } from './resp';

/** A RESP2 reply as the connection hands it over: text, or bytes where bytes were asked for. */
export type Reply = string | number | null | ByteString | readonly Reply[];
export type CommandResult = Result<Reply, CommandFailure>;

/** Replies are outside data: these are the only places that say what they are. */
export function textOf(result: CommandResult | undefined, command: string): Result<string, CommandFailure> {
  if (result === undefined) return err(malformed(command));
  if (!result.ok) return result;
  return typeof result.value === 'string' ? ok(result.value) : err(malformed(command));
}

export function integerOf(result: CommandResult | undefined, command: string): Result<number, CommandFailure> {
  if (result === undefined) return err(malformed(command));
  if (!result.ok) return result;
  return typeof result.value === 'number' && Number.isFinite(result.value) ? ok(result.value) : err(malformed(command));
}

export function listOf(result: CommandResult | undefined, command: string): Result<readonly Reply[], CommandFailure> {
  if (result === undefined) return err(malformed(command));
  if (!result.ok) return result;
  return Array.isArray(result.value) ? ok(result.value as readonly Reply[]) : err(malformed(command));
}

export function bytesListOf(result: CommandResult | undefined, command: string): Result<readonly ByteString[], CommandFailure> {
  const list = listOf(result, command);
  if (!list.ok) return list;
  const bytes = list.value.filter((item): item is ByteString => item instanceof ByteString);
  return bytes.length === list.value.length ? ok(bytes) : err(malformed(command));
}

/** Name -> value of a map that RESP2 flattens into [name, value, name, value, ...]. */
export function pairsOf(reply: Reply | undefined): Map<string, Reply> {
  const pairs = new Map<string, Reply>();
  if (!Array.isArray(reply)) return pairs;
  const flat = reply as readonly Reply[];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i];
    const value = flat[i + 1];
    if (value === undefined) continue;
    if (name instanceof ByteString) pairs.set(textOfBytes(name.latin1), value);
    else if (typeof name === 'string' || typeof name === 'number') pairs.set(String(name), value);
  }
  return pairs;
}

/** Lines of `name:value`, as INFO and CLUSTER INFO answer; headings and empty lines are left out. */
export function parseFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) fields.set(line.slice(0, colon), line.slice(colon + 1).trimEnd());
  }
  return fields;
}

/** A finite, not negative number of a field; `null` when absent or anything else. */
export function quantityOf(fields: ReadonlyMap<string, string>, name: string): number | null {
  const text = fields.get(name);
  if (text === undefined || text === '') return null;
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}
