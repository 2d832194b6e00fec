/**
 * What the names of a cluster stand for, looked up again and again beside the readings, and
 * whether somebody listens there. A name that cannot be looked up keeps what it stood for.
 */
import { connect } from 'node:net';
import type { EngineWarning, NodeObservation } from '@/lib/contract/observation';
import { UNKNOWN_STATS } from '@/lib/contract/node';
import { UNKNOWN_RESOURCES } from '@/lib/contract/resources';
import type { Clock } from '@/lib/platform/clock';
import type { Outbound } from '@/lib/platform/outbound';
import type { NameResolver } from './name-resolver';
import type { SeedName } from './seed-names';

const LOOK_UP_EVERY_MS = 10_000;
const REACH_TIMEOUT_MS = 1_000;
const ADDRESSES_MAX = 256;

export interface DiscoveredOptions {
  readonly names: readonly SeedName[];
  readonly resolver: NameResolver;
  readonly clock: Clock;
  readonly outbound: Outbound;
}

export class DiscoveredAddresses {
  readonly #found = new Map<string, readonly string[]>();
  readonly #problems = new Map<string, string>();
  /** Answered a connection at the last look. */
  readonly #reached = new Map<string, { readonly answerMs: number | null }>();
  #looks = 0;
  #lookedMonotonicMs = -Infinity;
  #looking: Promise<void> | null = null;

  constructor(private readonly options: DiscoveredOptions) {}

  /** Of all names, each once. */
  get addresses(): readonly string[] {
    return [...new Set([...this.#found.values()].flat())].slice(0, ADDRESSES_MAX);
  }

  /** Looks up when it is time. Resolves at once but for the first time, which a first reading needs. */
  async refresh(): Promise<void> {
    const { clock } = this.options;
    if (this.#looking === null && clock.monotonicMs() - this.#lookedMonotonicMs >= LOOK_UP_EVERY_MS) {
      this.#lookedMonotonicMs = clock.monotonicMs();
      this.#looking = this.#look().finally(() => { this.#looking = null; });
    }
    if (this.#looks === 0) await this.#looking;
  }

  /** Addresses that none of these nodes has, as newcomers: they own nothing until somebody accepts them. */
  newcomers(nodes: readonly Pick<NodeObservation, 'address'>[]): NodeObservation[] {
    const known = new Set(nodes.map(({ address }) => address));
    return this.addresses.filter((address) => !known.has(address)).map((address) => {
      const answerMs = this.#reached.get(address)?.answerMs ?? null;
      return {
        id: idOfAddress(address), name: address, address, domain: { region: null, zone: null, rack: null, host: null }, pool: 'default', followerOf: null,
        answered: answerMs !== null, answerMs, reportedFailed: false, member: false, incarnation: 0, sequence: this.#looks,
        capacity: UNKNOWN_RESOURCES, usage: UNKNOWN_RESOURCES, stats: UNKNOWN_STATS, version: null, labels: { foundBy: 'dns' },
      };
    });
  }

  warnings(): EngineWarning[] {
    return [...this.#problems].map(([name, why]) => ({ code: 'partial-reading', message: `The name ${name} cannot be looked up: ${why}`.slice(0, 1_000), nodeId: null, shardId: null, remedy: 'Look at the record, and at the name servers that this server asks' }));
  }

  /** Is somebody listening at the address of this newcomer? `null`: it is none. */
  async probe(nodeId: string): Promise<number | null | undefined> {
    const address = this.addresses.find((candidate) => idOfAddress(candidate) === nodeId);
    return address === undefined ? undefined : await reach(address, this.options);
  }

  async #look(): Promise<void> {
    const { names, resolver } = this.options;
    await Promise.all(names.map(async (name) => {
      try {
        this.#found.set(name.name, await resolver.resolve(name));
        this.#problems.delete(name.name);
      } catch (error) {
        this.#problems.set(name.name, error instanceof Error ? error.message : String(error));
      }
    }));
    await Promise.all(this.addresses.map(async (address) => { this.#reached.set(address, { answerMs: await reach(address, this.options) }); }));
    for (const address of this.#reached.keys()) if (!this.addresses.includes(address)) this.#reached.delete(address);
    this.#looks += 1;
  }
}

/** An id that a newcomer keeps while nobody knows its own. */
function idOfAddress(address: string): string {
  return `found:${address.replaceAll(/[[\]]/g, '')}`;
}

/** How long a connection took; null when there was none. What a record of the DNS says is not allowed by that. */
function reach(address: string, { clock, outbound }: Pick<DiscoveredOptions, 'clock' | 'outbound'>): Promise<number | null> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replaceAll(/[[\]]/g, '');
  if (outbound.refusalOf(host) !== null) return Promise.resolve(null);
  const beganMs = clock.monotonicMs();
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(address.slice(colon + 1)), lookup: outbound.lookup, timeout: REACH_TIMEOUT_MS });
    const end = (answerMs: number | null) => {
      socket.destroy();
      resolve(answerMs);
    };
    socket.once('connect', () => { end(clock.monotonicMs() - beganMs); });
    socket.once('timeout', () => { end(null); });
    socket.once('error', () => { end(null); });
  });
}
