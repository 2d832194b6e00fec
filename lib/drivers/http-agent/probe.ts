import { get } from 'node:http';
import { AGENT_PROBE_PATH, ProbeAnswerSchema } from '@/lib/contract/agent-protocol';
import type { DriverFailure } from '@/lib/contract/operation';
import type { Clock } from '@/lib/platform/clock';
import type { Outbound } from '@/lib/platform/outbound';
import { err, ok, type Result } from '@/lib/platform/result';
import { failureOf } from './failures';

const ANSWER_BYTES_MAX = 4_096;

/** Asks the node's own address over a connection of its own. Any other process that listens there now is no answer. */
export async function probeAgent(options: { address: string; nodeId: string; timeoutMs: number; clock: Clock; outbound: Outbound; signal: AbortSignal }): Promise<Result<{ answerMs: number }, DriverFailure>> {
  const { address, nodeId, timeoutMs, clock, outbound, signal } = options;
  // It is what the node said of itself: nobody's word makes us call an address that is not allowed.
  const forbidden = outbound.refusalOf(address.slice(0, address.lastIndexOf(':')));
  if (forbidden !== null) return err(failureOf('connection-lost', forbidden));
  const beganMs = clock.monotonicMs();
  const body = await new Promise<Result<string, DriverFailure>>((resolve) => {
    const request = get(`http://${address}${AGENT_PROBE_PATH}`, { agent: false, lookup: outbound.lookup, signal, timeout: timeoutMs }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.length > ANSWER_BYTES_MAX) request.destroy(new Error('The answer is too long'));
      });
      response.on('end', () => { resolve(ok(text)); });
    });
    // The socket's own limit is one of silence; this one is of the whole.
    const limit = clock.after(timeoutMs, () => { request.destroy(new Error(`No answer within ${timeoutMs} ms`)); });
    request.on('error', (error) => { resolve(err(failureOf(clock.monotonicMs() - beganMs >= timeoutMs ? 'timeout' : 'connection-lost', `${address}: ${error.message}`, true))); });
    request.on('close', () => { limit[Symbol.dispose](); });
  });
  if (!body.ok) return body;
  const answer = ProbeAnswerSchema.safeParse(jsonOf(body.value));
  if (!answer.success || answer.data.nodeId !== nodeId) return err(failureOf('node-down', `${address} is answered by something else than this node`, true));
  return ok({ answerMs: clock.monotonicMs() - beganMs });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
