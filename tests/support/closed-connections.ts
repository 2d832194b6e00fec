import type { Cluster, Redis } from 'ioredis';

/** Remembers which nodes ended connections of a cluster client, other than those that the client ended itself. */
export class ClosedConnections {
  readonly #reasons = new Map<string, string>();

  constructor(private readonly cluster: Cluster) {
    for (const node of cluster.nodes()) this.#watch(node);
    cluster.on('+node', (node: Redis) => { this.#watch(node); });
  }

  /** Of nodes that hold slots now, as one line each. */
  async byMembers(): Promise<string[]> {
    await new Promise<void>((resolve, reject) => {
      this.cluster.refreshSlotsCache((error) => { if (error instanceof Error) reject(error); else resolve(); });
    });
    const members = new Set(this.cluster.nodes().map(addressOf));
    return [...this.#reasons].filter(([address]) => members.has(address)).map(([address, reason]) => `${address}, a member, ended a connection: ${reason}`);
  }

  #watch(node: Redis): void {
    node.on('connect', () => {
      const { stream } = node;
      const note = (reason: string) => { if (!stream.writableEnded) this.#reasons.set(addressOf(node), reason); };
      stream.once('end', () => { note('end of stream'); });
      stream.once('error', (error: Error) => { note(error.message); });
    });
  }
}

function addressOf({ options }: Redis): string {
  return `${options.host ?? ''}:${options.port ?? 0}`;
}
