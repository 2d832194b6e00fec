/**
 * Plans as they stand in their rows. The database works inside this process's thread, and
 * what one transaction writes reaches the file in one go when it is committed: five
 * megabytes of steps would hold everybody for 30 ms. A long plan is therefore deflated,
 * which happens in another thread.
 */
import { once } from 'node:events';
import { promisify } from 'node:util';
import { createDeflateRaw, createInflateRaw, inflateRaw } from 'node:zlib';
import type { Plan } from '@/lib/contract/plan';
import { isShortList } from '@/lib/platform/in-turns';
import { jsonLines, parsedInTurns, valueOfLines } from '@/lib/platform/json-in-turns';

const DEFLATED_LINES = 'deflated-lines:';
/** What earlier versions wrote: all but the steps in one piece. */
const DEFLATED = 'deflated:';
/** The quickest: the others save a tenth more and take twice as long. */
const DEFLATE_LEVEL = 1;
/** What the other thread hands over at a time: below a millisecond to parse. */
const INFLATED_CHUNK_BYTES = 65_536;
/** A guard against a row that somebody else wrote. */
const INFLATED_BYTES_MAX = 1024 ** 3;

const inflatedAtOnce = promisify(inflateRaw);

export async function documentOfPlan(plan: Plan): Promise<string> {
  if (isShortList(plan.steps) && isShortList(plan.before.holdings)) return JSON.stringify(plan);
  const deflate = createDeflateRaw({ level: DEFLATE_LEVEL });
  const chunks: Buffer[] = [];
  deflate.on('data', (chunk: Buffer) => { chunks.push(chunk); });
  const ended = once(deflate, 'end');
  for await (const line of jsonLines(plan)) if (!deflate.write(line)) await once(deflate, 'drain');
  deflate.end();
  await ended;
  return DEFLATED_LINES + Buffer.concat(chunks).toString('base64');
}

/** What the document says, of this or an earlier version; throws where it is none. */
export async function valueOfPlanDocument(document: string): Promise<unknown> {
  if (document.startsWith(DEFLATED_LINES)) return valueOfLines(inflated(Buffer.from(document.slice(DEFLATED_LINES.length), 'base64')));
  if (!document.startsWith(DEFLATED)) return parsedInTurns(document, 'steps');
  const json = await inflatedAtOnce(Buffer.from(document.slice(DEFLATED.length), 'base64'), { maxOutputLength: INFLATED_BYTES_MAX });
  return parsedInTurns(json.toString(), 'steps');
}

async function* inflated(bytes: Buffer): AsyncGenerator<string, void> {
  const inflate = createInflateRaw({ chunkSize: INFLATED_CHUNK_BYTES });
  // Characters that are cut by a chunk's end are kept for the next.
  inflate.setEncoding('utf8');
  inflate.end(bytes);
  let length = 0;
  for await (const text of inflate as AsyncIterable<string>) {
    length += text.length;
    if (length > INFLATED_BYTES_MAX) throw new RangeError('The document is larger than any plan');
    yield text;
  }
}
