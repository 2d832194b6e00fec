import type { RoutingChoice } from '@/lib/contract/routing';
import { EndpointChooser, type Candidate } from '@/lib/core/routing/endpoint-chooser';
import { createRandom } from '@/lib/platform/random';
import { isServing, type PhantomNode } from './phantom-node';

/** Clients hold so many connections for each node that serves. */
const SESSIONS_PER_NODE = 24;

/**
 * Which node each client has connected to, chosen as every other client of ours does. When
 * nodes come, go or slow down, the clients connect anew. A function of the nodes and the
 * seed alone: a restart finds the same connections.
 */
export class ClientSessions {
  #made: { readonly of: string; readonly counts: Float64Array } | null = null;

  constructor(private readonly options: { readonly choice: RoutingChoice; readonly seed: number }) {}

  /** Connections by node index. */
  counts(nodes: readonly PhantomNode[]): Float64Array {
    const endpoints = nodes.filter(isServing).map((node): Candidate & { readonly index: number } => ({ nodeId: node.id, index: node.index, state: 'ready', weight: Math.max(1, Math.round(100 / node.slowFactor)) }));
    const of = endpoints.map(({ index, weight }) => `${index}:${weight}`).join(' ');
    if (this.#made?.of !== of || this.#made.counts.length !== nodes.length) this.#made = { of, counts: this.#connect(endpoints, nodes.length) };
    return this.#made.counts;
  }

  #connect(endpoints: readonly (Candidate & { readonly index: number })[], nodeCount: number): Float64Array {
    const { choice, seed } = this.options;
    const chooser = new EndpointChooser({ choice, random: createRandom(`clients/${seed}`) });
    const counts = new Float64Array(nodeCount);
    for (let session = 0; session < SESSIONS_PER_NODE * endpoints.length; session += 1) {
      const chosen = chooser.choose(endpoints);
      if (chosen !== null) counts[chosen.index]! += 1;
    }
    return counts;
  }
}
