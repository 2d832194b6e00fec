/** Accepts nodes that are joining without anybody's word, where that is switched on. */
import type { Actor } from '@/lib/contract/primitives';
import type { ManagerResources } from './manager-resources';
import type { MembershipCommands } from './membership-commands';

const AUTOMATION: Actor = { kind: 'automation', name: 'acceptance of new nodes' };
/** One that could not be accepted is tried again after so long. */
const RETRY_MS = 300_000;

export class NewcomerPilot {
  readonly #tried = new Map<string, number>();
  #accepting: Promise<void> | null = null;

  constructor(private readonly resources: ManagerResources, private readonly membership: MembershipCommands) {}

  /** After each reading. */
  decide(): void {
    const { model, log, logger, clusterId } = this.resources;
    if (model.settings.membership.acceptNewNodes !== 'automatically' || model.freeze !== null || model.stale || log.storeFailure !== null) return;
    this.#accepting ??= this.#acceptNext()
      .catch((error: unknown) => { logger.error({ clusterId, error: String(error) }, 'The acceptance of a new node ended by a bug'); })
      .finally(() => { this.#accepting = null; });
  }

  async settled(): Promise<void> {
    await this.#accepting;
  }

  async #acceptNext(): Promise<void> {
    const { model, clock } = this.resources;
    const joining = [...model.nodes.values()].filter((node) => node.lifecycle === 'joining');
    for (const id of this.#tried.keys()) if (!joining.some((node) => node.id === id)) this.#tried.delete(id);
    for (const node of joining) {
      const triedMs = this.#tried.get(node.id) ?? -Infinity;
      if (node.liveness !== 'alive' || clock.monotonicMs() - triedMs < RETRY_MS) continue;
      this.#tried.set(node.id, clock.monotonicMs());
      await this.membership.accept(node.id, { actor: AUTOMATION });
    }
  }
}
