/** Where a process listens. IPv6 hosts are kept without brackets. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port` or `[v6]:port`; `null` when it is neither or the port is not 1..65535. */
export function parseEndpoint(text: string): Endpoint | null {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const port = Number(text.slice(colon + 1));
  return colon > 0 && host !== '' && Number.isInteger(port) && port >= 1 && port <= 65_535 ? { host, port } : null;
}

/** `host:port`, an IPv6 host in brackets. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
