import type { NodeProvisioner, ProvisionedNode, ProvisionerFailure, ProvisionIntent } from '@/lib/contract/provisioner';
import { err, ok, type Result } from '@/lib/platform/result';
import { failureOf, INTERRUPTED } from './failures';

/** The machines that a simulated cluster runs on; its driver has them. */
export interface SimulatedMachines {
  start(intentId: string, zone: string | null): { readonly address: string } | null;
  list(): readonly { readonly intentId: string; readonly address: string }[];
  end(intentId: string): boolean;
}

/** Nodes of PhantomDB: they are there at once, and let in by the driver like any other. */
export class SimulatorProvisioner implements NodeProvisioner {
  readonly kind = 'simulator';
  readonly timing = { readyWithinMs: 60_000, pollMs: 500 };

  constructor(private readonly machines: SimulatedMachines) {}

  provision({ intentId, zone }: ProvisionIntent, signal: AbortSignal): Promise<Result<ProvisionedNode, ProvisionerFailure>> {
    if (signal.aborted) return Promise.resolve(err(INTERRUPTED));
    const started = this.machines.start(intentId, zone);
    return Promise.resolve(started === null
      ? err(failureOf('quota', 'A simulated cluster has room for no more nodes'))
      : ok({ intentId, state: 'ready', address: started.address }));
  }

  find(intentId: string, signal: AbortSignal): Promise<Result<ProvisionedNode | null, ProvisionerFailure>> {
    if (signal.aborted) return Promise.resolve(err(INTERRUPTED));
    return Promise.resolve(ok(this.#nodes().find((node) => node.intentId === intentId) ?? null));
  }

  list(signal: AbortSignal): Promise<Result<readonly ProvisionedNode[], ProvisionerFailure>> {
    return Promise.resolve(signal.aborted ? err(INTERRUPTED) : ok(this.#nodes()));
  }

  deprovision(intentId: string, signal: AbortSignal): Promise<Result<null, ProvisionerFailure>> {
    if (signal.aborted) return Promise.resolve(err(INTERRUPTED));
    return Promise.resolve(this.machines.end(intentId) ? ok(null) : err(failureOf('refused', 'The node is a member of the cluster, or about to be one: it leaves first')));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #nodes(): ProvisionedNode[] {
    return this.machines.list().map((node) => ({ ...node, state: 'ready' as const })).sort((a, b) => (a.intentId < b.intentId ? -1 : 1));
  }
}
