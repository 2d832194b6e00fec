/**
 * Requests over kept connections, each in one packet where it fits into one. Not `fetch`: it
 * sends the head and the body of a request apart, and a small body then waits 40 ms for the
 * receiver's delayed acknowledgement of the head.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** Shorter than the 75 s that our servers keep an idle connection: whoever closes first must be the client. */
const IDLE_MS_MAX = 30_000;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** A set of kept connections. Redirects are not followed. */
export class HttpClient {
  readonly #http = new HttpAgent({ keepAlive: true, noDelay: true, timeout: IDLE_MS_MAX });
  readonly #https = new HttpsAgent({ keepAlive: true, noDelay: true, timeout: IDLE_MS_MAX });

  /** @throws Error when there is no answer: refused, cut off, too late, aborted */
  send(options: HttpRequest): Promise<HttpAnswer> {
    const { method, url, body, timeoutMs, signal } = options;
    const isSecure = url.startsWith('https:');
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const request = (isSecure ? httpsRequest : httpRequest)(url, {
        method, agent: isSecure ? this.#https : this.#http,
        headers: { ...options.headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
      }, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > ANSWER_BYTES_MAX) request.destroy(new Error(`An answer of more than ${ANSWER_BYTES_MAX} bytes`));
          else chunks.push(chunk);
        });
        response.on('end', () => { resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }); });
        response.on('error', reject);
      });
      const limit = setTimeout(() => request.destroy(new Error(`No answer within ${timeoutMs} ms`)), timeoutMs);
      const onAbort = () => request.destroy(signal?.reason as Error);
      signal?.addEventListener('abort', onAbort, { once: true });
      request.on('error', reject);
      request.on('close', () => {
        clearTimeout(limit);
        signal?.removeEventListener('abort', onAbort);
        // Closed before its answer was whole.
        reject(new Error('The connection was cut off'));
      });
      request.end(body);
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}
