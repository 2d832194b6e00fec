/**
 * Plans as they stand in their rows. The database works inside this process's thread, and
 * what one transaction writes reaches the file in one go when it is committed: five
 * megabytes of steps would hold everybody for 30 ms. A long plan is therefore deflated,
 * which happens in another thread.
 */
import { once } from 'node:events';
import { promisify } from 'node:util';
import { createDeflateRaw, inflateRaw } from 'node:zlib';
import type { Plan } from '@/lib/contract/plan';
import { isShortList } from '@/lib/platform/in-turns';
import { jsonPortions, parsedInTurns } from '@/lib/platform/json-in-turns';

const DEFLATED = 'deflated:';
/** The quickest: the others save a tenth more and take twice as long. */
const DEFLATE_LEVEL = 1;
/** A guard against a row that somebody else wrote. */
const INFLATED_BYTES_MAX = 1024 ** 3;

const inflated = promisify(inflateRaw);

export async function documentOfPlan(plan: Plan): Promise<string> {
  if (isShortList(plan.steps)) return JSON.stringify(plan);
  const deflate = createDeflateRaw({ level: DEFLATE_LEVEL });
  const chunks: Buffer[] = [];
  deflate.on('data', (chunk: Buffer) => { chunks.push(chunk); });
  const ended = once(deflate, 'end');
  for await (const portion of jsonPortions(plan, 'steps')) if (!deflate.write(portion)) await once(deflate, 'drain');
  deflate.end();
  await ended;
  return DEFLATED + Buffer.concat(chunks).toString('base64');
}

/** What the document says, of this or an earlier version; throws where it is none. */
export async function valueOfPlanDocument(document: string): Promise<unknown> {
  if (!document.startsWith(DEFLATED)) return parsedInTurns(document, 'steps');
  const json = await inflated(Buffer.from(document.slice(DEFLATED.length), 'base64'), { maxOutputLength: INFLATED_BYTES_MAX });
  return parsedInTurns(json.toString(), 'steps');
}
