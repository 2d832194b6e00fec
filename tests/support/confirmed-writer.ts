import { Redis } from 'ioredis';
import { hashSlotOf } from '../../scripts/redis/hash-slot';

export interface ConfirmedReport {
  readonly acknowledged: number;
  /** Writes that WAIT said a follower has. */
  readonly confirmed: number;
  readonly lost: number;
  readonly confirmedLost: number;
}

const RETRY_MS = 50;

/**
 * Writes new keys one after another and asks by WAIT, on the connection of the write,
 * whether a follower has it: redirects are followed here, since a cluster client sends
 * WAIT anywhere. Failed writes are tried as another key; they promised nothing.
 */
export class ConfirmedWriter {
  readonly #clients = new Map<string, Redis>();
  readonly #owners = new Map<number, string>();
  readonly #acknowledged: { readonly key: string; readonly isConfirmed: boolean }[] = [];
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(private readonly seeds: readonly string[], private readonly prefix: string) {
    this.#done = this.#run();
  }

  get acknowledged(): number {
    return this.#acknowledged.length;
  }

  async stop(): Promise<ConfirmedReport> {
    this.#stopped = true;
    await this.#done;
    let lost = 0, confirmedLost = 0;
    for (const { key, isConfirmed } of this.#acknowledged) {
      const found = await this.#send(key, (client, asking) => asking ? askingFirst(client, ['GET', key]) : client.get(key), 100);
      if (found?.reply !== null && found !== null) continue;
      lost += 1;
      if (isConfirmed) confirmedLost += 1;
    }
    for (const client of this.#clients.values()) client.disconnect();
    return { acknowledged: this.acknowledged, confirmed: this.#acknowledged.filter(({ isConfirmed }) => isConfirmed).length, lost, confirmedLost };
  }

  async #run(): Promise<void> {
    for (let n = 0; !this.#stopped; n += 1) {
      const key = `${this.prefix}:${n}`;
      const written = await this.#send(key, (client, asking) => asking ? askingFirst(client, ['SET', key, n]) : client.set(key, n), 1);
      if (written === null) continue;
      const followers = await written.client.call('WAIT', 1, 200).catch(() => 0);
      this.#acknowledged.push({ key, isConfirmed: Number(followers) >= 1 });
    }
  }

  /** Follows redirects; `null` when it failed otherwise `triesMax` times. */
  async #send(key: string, command: (client: Redis, asking: boolean) => Promise<unknown>, triesMax: number): Promise<{ client: Redis; reply: unknown } | null> {
    const slot = hashSlotOf(key);
    let address = this.#owners.get(slot) ?? this.seeds[slot % this.seeds.length]!;
    let asking = false;
    for (let tries = 0, hops = 0; tries < triesMax && hops < 200; hops += 1) {
      const client = this.#client(address);
      try {
        const reply = await command(client, asking);
        return { client, reply };
      } catch (error) {
        const redirect = /^(MOVED|ASK) \d+ (\S+)$/.exec(error instanceof Error ? error.message : '');
        asking = redirect?.[1] === 'ASK';
        if (redirect?.[2] !== undefined) {
          address = redirect[2];
          if (!asking) this.#owners.set(slot, address);
          continue;
        }
        tries += 1;
        this.#owners.delete(slot);
        address = this.seeds[(slot + tries) % this.seeds.length]!;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    return null;
  }

  #client(address: string): Redis {
    const known = this.#clients.get(address);
    if (known !== undefined) return known;
    const [host = '', port = ''] = address.split(':');
    const client = new Redis({ host, port: Number(port), maxRetriesPerRequest: 0, commandTimeout: 1_000, retryStrategy: () => RETRY_MS });
    client.on('error', () => { /* Told by the command that fails for it. */ });
    this.#clients.set(address, client);
    return client;
  }
}

async function askingFirst(client: Redis, command: readonly [string, ...(string | number)[]]): Promise<unknown> {
  const replies = await client.pipeline().call('ASKING').call(...command).exec();
  const [error, reply] = replies?.[1] ?? [new Error('No reply'), null];
  if (error !== null) throw error;
  return reply;
}
