import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

/** A request of Node's HTTP server as the web's Request; the body streams. @throws TypeError on an unusable URL */
export function toWebRequest(incoming: IncomingMessage): Request {
  const method = incoming.method ?? 'GET';
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const one of [value].flat()) if (one !== undefined) headers.append(name, one);
  }
  const url = new URL(incoming.url ?? '/', 'http://localhost');
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers });
  // The DOM's type of a stream and Node's are the same object under two names.
  const body = Readable.toWeb(incoming) as unknown as BodyInit;
  return new Request(url, { method, headers, body, duplex: 'half' } as RequestInit);
}

/** Sends a web Response; resolves once it is handed to the system or the client is gone. */
export async function sendWebResponse(response: Response, outgoing: ServerResponse): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) outgoing.setHeader(name, value);
  if (response.status !== 204 && response.status !== 304) outgoing.setHeader('content-length', body.length);
  await new Promise<void>((resolve) => {
    outgoing.once('close', resolve);
    outgoing.end(body);
  });
}
