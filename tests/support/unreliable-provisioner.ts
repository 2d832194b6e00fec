import type { NodeProvisioner, ProvisionedNode, ProvisionerFailure, ProvisionIntent } from '@/lib/contract/provisioner';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';

/**
 * What happens to one call of `provision`: the node is made and the reply lost; nothing is
 * done; it is ready some seconds later; it is made long after everybody has given up; it is
 * never made; there is none to be had.
 */
export type Misfortune = 'none' | 'reply-lost' | 'unavailable' | 'slow' | 'late' | 'never' | 'quota';

const SLOW_MS = 8_000;
const LATE_MS = 600_000;

const failure = (code: ProvisionerFailure['code'], retryable: boolean): { readonly ok: false; readonly error: ProvisionerFailure } => err({ code, message: `As this test wants it: ${code}`, retryable });

/** A real provisioner behind a bad line: what it makes is made, only later, or without a word. */
export class UnreliableProvisioner implements NodeProvisioner {
  readonly kind;
  readonly timing;
  readonly calls: ('provision' | 'find' | 'list' | 'deprovision')[] = [];
  refuseReturns = false;
  readonly #pending = new Map<string, ProvisionIntent>();

  constructor(private readonly inner: NodeProvisioner, private readonly clock: Clock, private readonly misfortunes: readonly Misfortune[]) {
    this.kind = inner.kind;
    this.timing = inner.timing;
  }

  #met = 0;

  async provision(intent: ProvisionIntent, signal: AbortSignal): Promise<Result<ProvisionedNode, ProvisionerFailure>> {
    this.calls.push('provision');
    if (this.#pending.has(intent.intentId)) return ok({ intentId: intent.intentId, state: 'starting', address: null });
    const misfortune = this.misfortunes[this.#met] ?? 'none';
    this.#met += 1;
    switch (misfortune) {
      case 'none': return this.inner.provision(intent, signal);
      case 'reply-lost':
        await this.inner.provision(intent, signal);
        return failure('timeout', true);
      case 'unavailable': return failure('unavailable', true);
      case 'quota': return failure('quota', false);
      case 'slow': return this.#later(intent, SLOW_MS, { cancelable: true });
      // It has been ordered somewhere where nothing can be called off.
      case 'late': return this.#later(intent, LATE_MS, { cancelable: false });
      case 'never': {
        this.#pending.set(intent.intentId, intent);
        return ok({ intentId: intent.intentId, state: 'starting', address: null });
      }
    }
  }

  find(intentId: string, signal: AbortSignal): Promise<Result<ProvisionedNode | null, ProvisionerFailure>> {
    this.calls.push('find');
    return this.#pending.has(intentId) ? Promise.resolve(ok({ intentId, state: 'starting', address: null })) : this.inner.find(intentId, signal);
  }

  list(signal: AbortSignal): Promise<Result<readonly ProvisionedNode[], ProvisionerFailure>> {
    this.calls.push('list');
    return this.inner.list(signal);
  }

  async deprovision(intentId: string, signal: AbortSignal): Promise<Result<null, ProvisionerFailure>> {
    this.calls.push('deprovision');
    if (this.refuseReturns) return failure('unavailable', true);
    this.#pending.delete(intentId);
    return this.inner.deprovision(intentId, signal);
  }

  /** What would never have come comes. */
  comeNow(): void {
    for (const intent of this.#pending.values()) void this.inner.provision(intent, new AbortController().signal);
    this.#pending.clear();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #later(intent: ProvisionIntent, delayMs: number, { cancelable }: { readonly cancelable: boolean }): Result<ProvisionedNode, ProvisionerFailure> {
    this.#pending.set(intent.intentId, intent);
    this.clock.after(delayMs, () => {
      if (cancelable && !this.#pending.has(intent.intentId)) return;
      this.#pending.delete(intent.intentId);
      void this.inner.provision(intent, new AbortController().signal);
    });
    return ok({ intentId: intent.intentId, state: 'starting', address: null });
  }
}
