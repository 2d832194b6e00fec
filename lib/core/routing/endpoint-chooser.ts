import type { Endpoint, RoutingChoice } from '@/lib/contract/routing';
import type { Random } from '@/lib/platform/random';

export type Choice = RoutingChoice;

/** What a choice looks at. */
export type Candidate = Pick<Endpoint, 'nodeId' | 'state' | 'weight'>;

/**
 * Spreads requests over endpoints. Only those that are ready are chosen; null when there is
 * none. Deterministic but for `random`, which draws from what it is given.
 *
 * Least connections breaks ties in turn, so that idle nodes share the first requests.
 * Weighted round robin is the smooth one of nginx (Igor Sysoev, 2012): in each turn everybody
 * gains its weight and the richest pays the sum, so that 5:1:1 gives a a b a c a a and not
 * five in a row.
 */
export class EndpointChooser {
  #turn = 0;
  readonly #credit = new Map<string, number>();
  readonly #open = new Map<string, number>();

  constructor(private readonly options: { readonly choice: Choice; readonly random: Random }) {}

  /** The next endpoint; with least connections it counts as busy until `finished`. */
  choose<T extends Candidate>(endpoints: readonly T[]): T | null {
    const ready = endpoints.filter((endpoint) => endpoint.state === 'ready' && endpoint.weight > 0);
    const chosen = this.#pick(ready);
    if (chosen !== null) this.#open.set(chosen.nodeId, this.connectionsOf(chosen.nodeId) + 1);
    return chosen;
  }

  finished(nodeId: string): void {
    const open = this.connectionsOf(nodeId) - 1;
    if (open > 0) this.#open.set(nodeId, open);
    else this.#open.delete(nodeId);
  }

  connectionsOf(nodeId: string): number {
    return this.#open.get(nodeId) ?? 0;
  }

  #pick<T extends Candidate>(ready: readonly T[]): T | null {
    if (ready.length === 0) return null;
    switch (this.options.choice) {
      case 'random': return ready[this.options.random.integer(ready.length)]!;
      case 'round-robin': return this.#inTurn(ready);
      case 'least-connections': {
        const least = Math.min(...ready.map((endpoint) => this.connectionsOf(endpoint.nodeId)));
        return this.#inTurn(ready.filter((endpoint) => this.connectionsOf(endpoint.nodeId) === least));
      }
      case 'weighted-round-robin': return this.#byCredit(ready);
    }
  }

  #inTurn<T>(ready: readonly T[]): T {
    this.#turn += 1;
    return ready[(this.#turn - 1) % ready.length]!;
  }

  #byCredit<T extends Candidate>(ready: readonly T[]): T {
    let richest = ready[0]!;
    let sum = 0;
    for (const endpoint of ready) {
      sum += endpoint.weight;
      this.#credit.set(endpoint.nodeId, (this.#credit.get(endpoint.nodeId) ?? 0) + endpoint.weight);
      if (this.#credit.get(endpoint.nodeId)! > this.#credit.get(richest.nodeId)!) richest = endpoint;
    }
    this.#credit.set(richest.nodeId, this.#credit.get(richest.nodeId)! - sum);
    const present = new Set(ready.map((endpoint) => endpoint.nodeId));
    for (const nodeId of this.#credit.keys()) if (!present.has(nodeId)) this.#credit.delete(nodeId);
    return richest;
  }
}
