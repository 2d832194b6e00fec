import type { RoutingChoice } from '@/lib/contract/routing';
import { EndpointChooser, type Candidate } from '@/lib/core/routing/endpoint-chooser';
import { createRandom, type Random } from '@/lib/platform/random';
import { isServing, type PhantomNode } from './phantom-node';

/** Clients hold so many connections for each node that serves. */
const SESSIONS_PER_NODE = 24;
/**
 * With more nodes, what the choice comes to is counted at once: each client that chooses looks
 * at all of them, which together would hold the event loop for a tenth of a second.
 */
const CHOSEN_ONE_BY_ONE_MAX = 48;

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
    const random = createRandom(`clients/${seed}`);
    const counts = new Float64Array(nodeCount);
    if (endpoints.length > CHOSEN_ONE_BY_ONE_MAX) {
      connectMany(counts, endpoints, choice === 'random' ? random : choice === 'weighted-round-robin' ? 'by-weight' : 'evenly');
      return counts;
    }
    const chooser = new EndpointChooser({ choice, random });
    for (let session = 0; session < SESSIONS_PER_NODE * endpoints.length; session += 1) {
      const chosen = chooser.choose(endpoints);
      if (chosen !== null) counts[chosen.index]! += 1;
    }
    return counts;
  }
}

/** Turns and the fewest connections come to even numbers, weights to proportional ones, to one more or less. */
function connectMany(counts: Float64Array, endpoints: readonly { readonly index: number; readonly weight: number }[], how: Random | 'evenly' | 'by-weight'): void {
  const sessions = SESSIONS_PER_NODE * endpoints.length;
  if (typeof how === 'object') {
    for (let session = 0; session < sessions; session += 1) counts[endpoints[how.integer(endpoints.length)]!.index]! += 1;
    return;
  }
  const weightOf = (endpoint: { readonly weight: number }) => (how === 'evenly' ? 1 : endpoint.weight);
  const total = endpoints.reduce((sum, endpoint) => sum + weightOf(endpoint), 0);
  let weights = 0;
  let connected = 0;
  for (const endpoint of endpoints) {
    weights += weightOf(endpoint);
    const upToHere = Math.round((sessions * weights) / total);
    counts[endpoint.index] = upToHere - connected;
    connected = upToHere;
  }
}
