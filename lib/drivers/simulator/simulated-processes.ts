import type { PhantomCluster } from './phantom-cluster';
import { addressOf } from './phantom-node';

/** What a provisioner can do with the machines that a simulated cluster runs on. Joining is not part of it: that is the driver's. */
export class SimulatedProcesses {
  constructor(private readonly cluster: PhantomCluster) {}

  /** Starts the process of this intent, or finds it; `null`: there is no room for another. */
  start(intentId: string, zone: string | null): { readonly address: string } | null {
    this.cluster.core.catchUp();
    const node = this.cluster.steps.startProcess(intentId, zone);
    return node === null ? null : { address: addressOf(node) };
  }

  /** Those that run for a provisioner, members or not. A node that a step made by itself has the key of that step, which has a slash. */
  list(): readonly { readonly intentId: string; readonly address: string }[] {
    this.cluster.core.catchUp();
    return this.cluster.core.nodes.flatMap((node) => (node.joinKey === null || node.joinKey.includes('/') || node.removed ? [] : [{ intentId: node.joinKey, address: addressOf(node) }]));
  }

  /** False: it is a member and stays. One that is not there has ended. */
  end(intentId: string): boolean {
    this.cluster.core.catchUp();
    return this.cluster.steps.endProcess(intentId);
  }
}
