import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { SeedName } from './seed-names';

/** Looks names up. Rejects when nobody answers or the name is not known. */
export interface NameResolver {
  /** `host:port`, IPv6 hosts in brackets; in the order that the names give. */
  resolve(name: SeedName): Promise<readonly string[]>;
}

const QUERY_TIMEOUT_MS = 2_000;
const TRIES = 2;

/** Asks the servers given (`address` or `address:port`), or those of the system. */
export class DnsResolver implements NameResolver {
  readonly #dns: Resolver;

  constructor(servers: readonly string[] = []) {
    this.#dns = new Resolver({ timeout: QUERY_TIMEOUT_MS, tries: TRIES });
    if (servers.length > 0) this.#dns.setServers([...servers]);
  }

  async resolve(name: SeedName): Promise<readonly string[]> {
    if (name.kind === 'addresses') return (await this.#addressesOf(name.name)).map((host) => endpointText(host, name.port));
    const records = await this.#dns.resolveSrv(name.name);
    const each = await Promise.all([...records].sort((a, b) => a.priority - b.priority || b.weight - a.weight)
      .map(async (record) => (await this.#addressesOf(record.name)).map((host) => endpointText(host, record.port))));
    return each.flat();
  }

  /** Both families; one that has nothing is no failure while the other has. */
  async #addressesOf(name: string): Promise<readonly string[]> {
    if (isIP(name) !== 0) return [name];
    const [four, six] = await Promise.allSettled([this.#dns.resolve4(name), this.#dns.resolve6(name)]);
    const found = [four, six].flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    if (found.length === 0 && four.status === 'rejected') throw four.reason;
    return found;
  }
}

function endpointText(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
