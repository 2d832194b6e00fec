import type { Clock } from '@/lib/platform/clock';
import { OneRole, type Pair } from './one-role';

/** What somebody else may have done to a source's epoch is looked for this often. */
const EPOCH_KNOWN_MS_MAX = 500;

/**
 * Which hand-overs may go on at the same time. A node that is given slots takes a new
 * config epoch and tells everybody what it claims. Until a source is told that a slot is
 * its target's, it claims that slot too, and a claim under an epoch above the target's
 * takes the slot away from the target again, with all its keys. So no node is the source
 * of one hand-over and the target of another at a time; those that share a target or a
 * source, as when a cluster grows or shrinks, do not wait for each other.
 *
 * And the target's new epoch must be above the source's: the target must have heard of
 * it. Once it has, it need not be asked again until the source is given slots itself
 * (or somebody else may have done something).
 */
export class HandOvers {
  readonly #clock: Clock;
  readonly #roles = new OneRole({ perSourceMax: Infinity, perTargetMax: Infinity });
  /** Hand-overs that ended, by their target. */
  readonly #givenTo = new Map<string, number>();
  readonly #known = new Map<string, { readonly given: number; readonly atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async run<T>(pair: Pair, work: () => Promise<T>): Promise<T> {
    return await this.#roles.run(pair, async () => {
      try {
        return await work();
      } finally {
        this.#givenTo.set(pair.targetNodeId, this.#given(pair.targetNodeId) + 1);
      }
    });
  }

  /** May the source have an epoch that the target has not heard of? */
  mayBeAhead(pair: Pair): boolean {
    const known = this.#known.get(keyOf(pair));
    return known === undefined || known.given !== this.#given(pair.sourceNodeId) || this.#clock.monotonicMs() - known.atMs > EPOCH_KNOWN_MS_MAX;
  }

  /** The target has heard of the source's epoch; told within `run`. */
  epochIsKnown(pair: Pair): void {
    this.#known.set(keyOf(pair), { given: this.#given(pair.sourceNodeId), atMs: this.#clock.monotonicMs() });
  }

  #given(nodeId: string): number {
    return this.#givenTo.get(nodeId) ?? 0;
  }
}

function keyOf({ sourceNodeId, targetNodeId }: Pair): string {
  return `${sourceNodeId} ${targetNodeId}`;
}
