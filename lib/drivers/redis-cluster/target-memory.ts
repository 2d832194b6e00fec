import type { DriverFailure } from '@/lib/contract/operation';
import type { Clock } from '@/lib/platform/clock';
import { failureOf } from './failures';
import type { NodeClient } from './node-client';
import { parseFields, quantityOf, textOf } from './replies';

const AGE_MS_MAX = 1_000;

interface Reading {
  readonly atMs: number;
  readonly usedBytes: number;
  /** 0: no limit. */
  readonly maxBytes: number;
  readonly policy: string;
}

/**
 * Refuses a slot that the target has no room for, before its first key moves. A target
 * that evicts would lose data without any error; one that does not would stop us half-way.
 */
export class TargetMemory {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #readings = new Map<string, Promise<Reading | null>>();

  constructor(options: { clock: Clock; timeoutMs: number }) {
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs;
  }

  /** `arrivingBytes`: estimate of what will arrive, asked for only where there is a limit. A target that does not tell its memory is not refused here; MIGRATE will tell. */
  async refuses({ client, nodeId, arrivingBytes }: { client: NodeClient; nodeId: string; arrivingBytes: () => Promise<number> }): Promise<DriverFailure | null> {
    const known = await this.#readings.get(nodeId) ?? null;
    const isFresh = known !== null && this.#clock.monotonicMs() - known.atMs < AGE_MS_MAX;
    const reading = isFresh ? known : await this.#ask(client, nodeId);
    if (reading === null || reading.maxBytes === 0) return null;
    const bytes = await arrivingBytes();
    if (bytes === 0 || reading.usedBytes + bytes <= reading.maxBytes) return null;
    return failureOf('target-out-of-memory', `${client.address} uses ${reading.usedBytes} of ${reading.maxBytes} bytes (maxmemory, ${reading.policy}); `
      + `the slot brings about ${Math.ceil(bytes)} more. Raise maxmemory or choose another target`);
  }

  async #ask(client: NodeClient, nodeId: string): Promise<Reading | null> {
    const asking = this.#read(client);
    this.#readings.set(nodeId, asking);
    return await asking;
  }

  async #read(client: NodeClient): Promise<Reading | null> {
    const text = textOf(await client.call(['INFO', 'memory'], { timeoutMs: this.#timeoutMs }), 'INFO');
    if (!text.ok) return null;
    const fields = parseFields(text.value);
    const usedBytes = quantityOf(fields, 'used_memory');
    const maxBytes = quantityOf(fields, 'maxmemory');
    if (usedBytes === null || maxBytes === null) return null;
    return { atMs: this.#clock.monotonicMs(), usedBytes, maxBytes, policy: fields.get('maxmemory_policy') ?? 'noeviction' };
  }
}
