import type { NodeProvisioner, ProvisionedNode, ProvisionerFailure, ProvisionerTiming, ProvisionIntent } from '@/lib/contract/provisioner';
import { err, ok, type Result } from '@/lib/platform/result';
import { failureOf, INTERRUPTED } from '../failures';
import { nodesOfAnswer, type HookRequest, type HookTransport } from './hook-protocol';

export interface HookOptions {
  readonly kind: 'command' | 'webhook';
  readonly clusterId: string;
  readonly transport: HookTransport;
  readonly timing: ProvisionerTiming;
}

/** Nodes that somebody else makes: a program of the operator's, or a web service. One call at a time. */
export class HookProvisioner implements NodeProvisioner {
  readonly kind;
  readonly timing;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: HookOptions) {
    this.kind = options.kind;
    this.timing = options.timing;
  }

  async provision({ intentId, zone }: ProvisionIntent, signal: AbortSignal): Promise<Result<ProvisionedNode, ProvisionerFailure>> {
    const answer = await this.#ask({ ...this.#head, action: 'provision', intentId, zone }, signal);
    if (!answer.ok) return answer;
    const [node, ...others] = answer.value;
    return node?.intentId === intentId && others.length === 0 ? ok(node) : err(failureOf('bad-answer', `It was asked for one node, ${intentId}, and answered ${answer.value.length}: ${answer.value.map((one) => one.intentId).join(', ')}`));
  }

  async find(intentId: string, signal: AbortSignal): Promise<Result<ProvisionedNode | null, ProvisionerFailure>> {
    const answer = await this.#ask({ ...this.#head, action: 'find', intentId }, signal);
    return answer.ok ? ok(answer.value.find((node) => node.intentId === intentId) ?? null) : answer;
  }

  list(signal: AbortSignal): Promise<Result<readonly ProvisionedNode[], ProvisionerFailure>> {
    return this.#ask({ ...this.#head, action: 'list' }, signal);
  }

  /** An answer that still names the node says that it is on its way out. */
  async deprovision(intentId: string, signal: AbortSignal): Promise<Result<null, ProvisionerFailure>> {
    const answer = await this.#ask({ ...this.#head, action: 'deprovision', intentId }, signal);
    if (!answer.ok) return answer;
    return answer.value.some((node) => node.intentId === intentId) ? err(failureOf('unavailable', 'It is still being returned')) : ok(null);
  }

  async close(): Promise<void> {
    await this.#tail;
  }

  get #head() {
    return { version: 1, clusterId: this.options.clusterId } as const;
  }

  #ask(request: HookRequest, signal: AbortSignal): Promise<Result<readonly ProvisionedNode[], ProvisionerFailure>> {
    const run = this.#tail.then(async () => {
      if (signal.aborted) return err(INTERRUPTED);
      const text = await this.options.transport.send(request, signal);
      return text.ok ? nodesOfAnswer(text.value) : text;
    });
    this.#tail = run.catch(() => undefined);
    return run;
  }
}
