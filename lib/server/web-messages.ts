import type { IncomingMessage, ServerResponse } from 'node:http';
import { BODY_BYTES_MAX } from '@/lib/api/request-input';

/**
 * A request of Node's HTTP server as the web's Request, or null when the client left
 * before its body was here. Of a body that is too large only so much is taken as shows
 * that it is; the rest is read and dropped, so that the connection can go on.
 * @throws TypeError on an unusable URL
 */
export async function toWebRequest(incoming: IncomingMessage): Promise<Request | null> {
  const method = incoming.method ?? 'GET';
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const one of [value].flat()) if (one !== undefined) headers.append(name, one);
  }
  const url = new URL(incoming.url ?? '/', 'http://localhost');
  const body = await readBody(incoming);
  if (body === null) return null;
  // The web's Request has no body with a GET; it is dropped, as most servers do.
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers });
  return new Request(url, { method, headers, ...(body.length > 0 && { body }) });
}

function readBody(incoming: IncomingMessage): Promise<Buffer<ArrayBuffer> | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let byteCount = 0;
    incoming.on('data', (chunk: Buffer) => {
      if (byteCount <= BODY_BYTES_MAX) chunks.push(chunk);
      byteCount += chunk.length;
      if (byteCount > BODY_BYTES_MAX) resolve(Buffer.concat(chunks));
    });
    incoming.on('end', () => resolve(Buffer.concat(chunks)));
    // Both come after 'end' too, when they change nothing.
    incoming.on('error', () => resolve(null));
    incoming.on('close', () => resolve(null));
  });
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
