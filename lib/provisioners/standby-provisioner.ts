import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import * as z from 'zod';
import type { NodeProvisioner, ProvisionedNode, ProvisionerFailure, ProvisionIntent } from '@/lib/contract/provisioner';
import type { Clock } from '@/lib/platform/clock';
import type { Outbound } from '@/lib/platform/outbound';
import { err, ok, type Result } from '@/lib/platform/result';
import { failureOf, INTERRUPTED, messageOf } from './failures';

export interface StandbyNode {
  /** host:port of a running, empty process. */
  readonly address: string;
  readonly zone: string | null;
}

export interface StandbyOptions {
  readonly clusterId: string;
  readonly nodes: readonly StandbyNode[];
  /** Absolute; who has taken what. One file per pool, over all clusters that take from it. */
  readonly claimsFile: string;
  readonly clock: Clock;
  readonly outbound: Outbound;
}

const ClaimsSchema = z.strictObject({ format: z.literal(1), claims: z.array(z.strictObject({ address: z.string(), clusterId: z.string(), intentId: z.string() })) });
type Claim = z.infer<typeof ClaimsSchema>['claims'][number];

const ANSWER_MS_MAX = 1_000;

/** Nodes that are there already and wait: taken from a list, and put back on it when they have left the cluster, empty. */
export class StandbyProvisioner implements NodeProvisioner {
  readonly kind = 'standby';
  readonly timing = { readyWithinMs: 60_000, pollMs: 1_000 };
  #tail: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: StandbyOptions) {}

  provision({ intentId, zone }: ProvisionIntent, signal: AbortSignal): Promise<Result<ProvisionedNode, ProvisionerFailure>> {
    return this.#oneByOne(signal, async () => {
      const before = this.#claimOf(intentId);
      const claim = before === null ? await this.#take(intentId, zone) : ok(before);
      return claim.ok ? ok(await this.#state(claim.value)) : claim;
    });
  }

  find(intentId: string, signal: AbortSignal): Promise<Result<ProvisionedNode | null, ProvisionerFailure>> {
    return this.#oneByOne(signal, async () => {
      const claim = this.#claimOf(intentId);
      return ok(claim === null ? null : await this.#state(claim));
    });
  }

  list(signal: AbortSignal): Promise<Result<readonly ProvisionedNode[], ProvisionerFailure>> {
    return this.#oneByOne(signal, async () => ok(await Promise.all(this.#ours().map((claim) => this.#state(claim)))));
  }

  deprovision(intentId: string, signal: AbortSignal): Promise<Result<null, ProvisionerFailure>> {
    return this.#oneByOne(signal, () => {
      const claims = this.#read();
      const left = claims.filter((claim) => claim.clusterId !== this.options.clusterId || claim.intentId !== intentId);
      if (left.length < claims.length) this.#write(left);
      return Promise.resolve(ok(null));
    });
  }

  async close(): Promise<void> {
    await this.#tail;
  }

  /** The file is read and written in one go; only looking whether a node answers takes time, and no second claim comes between. */
  #oneByOne<T>(signal: AbortSignal, work: () => Promise<Result<T, ProvisionerFailure>>): Promise<Result<T, ProvisionerFailure>> {
    const run = this.#tail.then(async () => {
      if (signal.aborted) return err(INTERRUPTED);
      try {
        return await work();
      } catch (error) {
        if (error instanceof Error && 'code' in error) return err(failureOf('unavailable', `Who has taken which standby node cannot be read or kept: ${messageOf(error)}`));
        throw error;
      }
    });
    this.#tail = run.catch(() => undefined);
    return run;
  }

  async #take(intentId: string, zone: string | null): Promise<Result<Claim, ProvisionerFailure>> {
    const { nodes, clusterId } = this.options;
    const suiting = nodes.filter((node) => zone === null || node.zone === zone);
    let silent = 0;
    for (const { address } of suiting) {
      if (this.#read().some((claim) => claim.address === address)) continue;
      if (!await answers(this.options, address)) {
        silent += 1;
        continue;
      }
      // Another cluster may have taken it while it was asked.
      const claims = this.#read();
      if (claims.some((claim) => claim.address === address)) continue;
      const claim: Claim = { address, clusterId, intentId };
      this.#write([...claims, claim]);
      return ok(claim);
    }
    return err(failureOf('quota', `No standby node is free${zone === null ? '' : ` in ${zone}`}: of ${suiting.length}, ${silent} do not answer and the others are taken`));
  }

  async #state({ intentId, address }: Claim): Promise<ProvisionedNode> {
    return { intentId, address, state: await answers(this.options, address) ? 'ready' : 'stopped' };
  }

  #claimOf(intentId: string): Claim | null {
    return this.#ours().find((claim) => claim.intentId === intentId) ?? null;
  }

  #ours(): Claim[] {
    return this.#read().filter(({ clusterId }) => clusterId === this.options.clusterId).sort((a, b) => (a.intentId < b.intentId ? -1 : 1));
  }

  #read(): Claim[] {
    let text: string;
    try {
      text = readFileSync(this.options.claimsFile, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
    const parsed = ClaimsSchema.safeParse(jsonOf(text));
    // Taken for empty, it would give nodes away twice.
    if (!parsed.success) throw Object.assign(new Error(`${this.options.claimsFile} is not what it should be`), { code: 'EBADCLAIMS' });
    return parsed.data.claims;
  }

  #write(claims: readonly Claim[]): void {
    const { claimsFile } = this.options;
    mkdirSync(dirname(claimsFile), { recursive: true });
    writeFileSync(`${claimsFile}.tmp`, JSON.stringify({ format: 1, claims }));
    renameSync(`${claimsFile}.tmp`, claimsFile);
  }
}

function answers({ clock, outbound }: Pick<StandbyOptions, 'clock' | 'outbound'>, address: string): Promise<boolean> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  if (outbound.refusalOf(host) !== null) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(address.slice(colon + 1)), lookup: outbound.lookup });
    const end = (answered: boolean) => {
      limit[Symbol.dispose]();
      socket.destroy();
      resolve(answered);
    };
    const limit = clock.after(ANSWER_MS_MAX, () => { end(false); });
    socket.once('connect', () => { end(true); });
    socket.once('error', () => { end(false); });
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
