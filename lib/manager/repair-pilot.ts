/** Repairs dead nodes without anybody's word, where that is switched on. Never while automation is frozen or the picture is stale. */
import type { Actor } from '@/lib/contract/primitives';
import type { Node } from '@/lib/contract/node';
import { isLeader } from '@/lib/core/cluster/cluster-state';
import { holdingsOf } from '@/lib/core/load/holdings';
import type { ManagerResources } from './manager-resources';
import type { RepairCommands } from './repair-commands';

const AUTOMATION: Actor = { kind: 'automation', name: 'automatic repair' };
/** What could not be repaired is tried again after so long, or when something has changed about it. */
const RETRY_MS = 300_000;

interface Tried {
  readonly monotonicMs: number;
  readonly shards: number;
  readonly primaries: number;
}

export class RepairPilot {
  readonly #tried = new Map<string, Tried>();
  readonly #refused = new Map<string, string>();
  #ordering: Promise<void> | null = null;

  constructor(private readonly resources: ManagerResources, private readonly repairs: RepairCommands) {}

  /** After each reading. */
  decide(): void {
    const { model, log, logger, clusterId } = this.resources;
    if (model.settings.health.repair !== 'automatic' || model.freeze !== null || model.stale || log.storeFailure !== null) return;
    this.#ordering ??= this.#repairNext()
      .catch((error: unknown) => { logger.error({ clusterId, error: String(error) }, 'The automatic repair ended by a bug'); })
      .finally(() => { this.#ordering = null; });
  }

  /** Resolves when nothing is being ordered any more. */
  async settled(): Promise<void> {
    await this.#ordering;
  }

  async #repairNext(): Promise<void> {
    const { model, driver, clock, log } = this.resources;
    if (!driver.capabilities.repair) return;
    for (const id of this.#tried.keys()) if (model.nodes.get(id)?.liveness !== 'dead') this.#tried.delete(id);
    const nowMs = clock.wallMs();
    const dead = [...model.nodes.values()].filter((node) => isLeader(node) && node.liveness === 'dead' && (node.maintenanceUntilMs === null || node.maintenanceUntilMs <= nowMs));
    if (dead.length === 0) return;
    const holdings = new Map(holdingsOf(model.state).map((holding) => [holding.nodeId, holding]));
    for (const node of dead) {
      const { shards, primaries } = holdings.get(node.id) ?? { shards: 0, primaries: 0 };
      const tried = this.#tried.get(node.id);
      const isDue = tried === undefined || tried.shards !== shards || tried.primaries !== primaries || clock.monotonicMs() - tried.monotonicMs > RETRY_MS;
      if (shards === 0 || !isDue || model.operations.some((operation) => operation.nodeIds.includes(node.id))) continue;
      this.#tried.set(node.id, { monotonicMs: clock.monotonicMs(), shards, primaries });
      const ordered = await this.repairs.repair({ nodeId: node.id, partial: true }, { actor: AUTOMATION });
      if (ordered.ok) this.#refused.delete(node.id);
      else if (ordered.error.code === 'refused') this.#tell(node, ordered.error.refusals[0]?.message ?? 'refused');
      else log.record({ type: 'repair.refused', actor: AUTOMATION, severity: 'warning', nodeId: node.id, message: `${node.name} is not repaired: ${ordered.error.code}` });
    }
  }

  /** Once for each reason. */
  #tell(node: Node, why: string): void {
    if (this.#refused.get(node.id) === why) return;
    this.#refused.set(node.id, why);
    this.resources.log.record({ type: 'repair.refused', actor: AUTOMATION, severity: 'warning', nodeId: node.id, message: `${node.name} is not repaired: ${why}`.slice(0, 1_000) });
  }
}
