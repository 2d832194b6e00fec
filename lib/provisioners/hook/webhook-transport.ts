/**
 * A web service of the operator's. Both ways are signed with a secret that both have: the
 * service knows that it is us, and we know that the address which is to join the cluster
 * comes from it. A signature covers the time and the body; the answer's covers the
 * request's signature, so that an old answer is no answer to a new question.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ProvisionerFailure } from '@/lib/contract/provisioner';
import type { Clock } from '@/lib/platform/clock';
import { NOT_ALLOWED, type Outbound } from '@/lib/platform/outbound';
import { err, ok, type Result } from '@/lib/platform/result';
import { failureOf, INTERRUPTED, messageOf } from '../failures';
import { ANSWER_BYTES_MAX, type HookRequest, type HookTransport } from './hook-protocol';
import { lookupElsewhere } from './outbound-guard';

export interface WebhookOptions {
  readonly url: string;
  /** Absolute; read at each call, so that the secret can be changed. */
  readonly secretFile: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly outbound: Outbound;
}

const SECRET_BYTES_MIN = 16;

export function signRequest(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`request\n${timestamp}\n${body}`).digest('hex');
}

export function signAnswer(secret: string, requestSignature: string, body: string): string {
  return createHmac('sha256', secret).update(`answer\n${requestSignature}\n${body}`).digest('hex');
}

export class WebhookTransport implements HookTransport {
  constructor(private readonly options: WebhookOptions) {}

  async send(request: HookRequest, signal: AbortSignal): Promise<Result<string, ProvisionerFailure>> {
    const secret = this.#secret();
    if (!secret.ok) return secret;
    const url = new URL(this.options.url);
    const forbidden = this.options.outbound.refusalOf(url.hostname);
    if (forbidden !== null) return err(failureOf('refused', forbidden));
    const body = JSON.stringify(request);
    const timestamp = String(Math.round(this.options.clock.wallMs()));
    const signature = signRequest(secret.value, timestamp, body);
    const headers = {
      'content-type': 'application/json', 'content-length': Buffer.byteLength(body),
      'idempotency-key': 'intentId' in request ? `${request.intentId}/${request.action}` : request.action,
      'x-phantom-scale-timestamp': timestamp, 'x-phantom-scale-signature': `sha256=${signature}`,
    };
    const answer = await this.#post(url, { headers, body, signal });
    return answer.ok ? judge(answer.value, secret.value, signature) : answer;
  }

  #secret(): Result<string, ProvisionerFailure> {
    try {
      const secret = readFileSync(this.options.secretFile, 'utf8').trim();
      return Buffer.byteLength(secret) < SECRET_BYTES_MIN ? err(failureOf('refused', `The secret is shorter than ${SECRET_BYTES_MIN} bytes`)) : ok(secret);
    } catch (error) {
      return err(failureOf('refused', `The secret cannot be read: ${messageOf(error)}`));
    }
  }

  #post(url: URL, { headers, body, signal }: { readonly headers: Record<string, string | number>; readonly body: string; readonly signal: AbortSignal }): Promise<Result<Answer, ProvisionerFailure>> {
    const { timeoutMs, clock, outbound } = this.options;
    if (signal.aborted) return Promise.resolve(err(INTERRUPTED));
    return new Promise((resolve) => {
      let failure: ProvisionerFailure | null = null;
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      // No agent: a connection that was checked is used once.
      const request = send(url, { method: 'POST', headers, agent: false, lookup: lookupElsewhere(outbound) }, (response) => {
        collect(response, (why) => { giveUp(why); }, (text) => { end(ok({ status: response.statusCode ?? 0, signature: String(response.headers['x-phantom-scale-signature'] ?? ''), body: text })); });
      });
      const giveUp = (why: ProvisionerFailure) => {
        failure ??= why;
        request.destroy(new Error(why.message));
      };
      const onAbort = () => { giveUp(INTERRUPTED); };
      const limit = clock.after(timeoutMs, () => { giveUp(failureOf('timeout', `No answer within ${timeoutMs} ms`)); });
      const end = (result: Result<Answer, ProvisionerFailure>) => {
        limit[Symbol.dispose]();
        signal.removeEventListener('abort', onAbort);
        resolve(result);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      request.on('error', (error: NodeJS.ErrnoException) => {
        end(err(failure ?? failureOf(error.code === NOT_ALLOWED ? 'refused' : 'unavailable', error.message)));
      });
      request.end(body);
    });
  }
}

interface Answer {
  readonly status: number;
  readonly signature: string;
  readonly body: string;
}

function collect(response: IncomingMessage, tooMuch: (why: ProvisionerFailure) => void, done: (text: string) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) tooMuch(failureOf('bad-answer', `The answer is longer than ${ANSWER_BYTES_MAX} bytes`));
    else chunks.push(chunk);
  });
  response.on('end', () => { done(Buffer.concat(chunks).toString()); });
}

/** Nothing that is not signed is read, error or not. A redirect is not followed. */
function judge({ status, signature, body }: Answer, secret: string, requestSignature: string): Result<string, ProvisionerFailure> {
  if (isSigned(signature, signAnswer(secret, requestSignature, body))) return ok(body);
  if (status === 429 || status >= 500) return err(failureOf('unavailable', `It answered with status ${status}`));
  if (status === 401 || status === 403) return err(failureOf('refused', `It does not take our signature (status ${status})`));
  return err(failureOf('bad-answer', signature === '' ? `The answer (status ${status}) is not signed` : `The signature of the answer (status ${status}) is wrong`));
}

function isSigned(header: string, expected: string): boolean {
  const given = Buffer.from(header);
  const wanted = Buffer.from(`sha256=${expected}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
