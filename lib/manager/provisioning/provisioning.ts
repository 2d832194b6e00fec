import type { Provisioning } from '@/lib/contract/provisioner';
import type { ClusterRecord, Store } from '@/lib/contract/storage';
import type { Clock } from '@/lib/platform/clock';
import type { Random } from '@/lib/platform/random';
import type { ClusterModel } from '../cluster-model';
import type { EventLog } from '../event-log';
import type { ManagerLogger } from '../manager-logger';
import type { ProvisionerCatalogue } from '../ports';
import { NodeSupply } from './node-supply';
import { ProvisionLedger } from './provision-ledger';
import { ProvisionerShelf } from './provisioner-shelf';
import { SupplyRounds } from './supply-rounds';

export interface ProvisioningParts {
  readonly record: ClusterRecord;
  readonly catalogue: ProvisionerCatalogue;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly model: ClusterModel;
  readonly log: EventLog;
  readonly logger: ManagerLogger;
}

/** Everything about the provisioner of one cluster: what operations use, what goes on beside them, what is shown. */
export class ClusterProvisioning {
  readonly rounds: SupplyRounds;

  private constructor(readonly supply: NodeSupply, private readonly shelf: ProvisionerShelf, rounds: Omit<ConstructorParameters<typeof SupplyRounds>[0], 'supply' | 'shelf'>) {
    this.rounds = new SupplyRounds({ ...rounds, supply, shelf });
  }

  static async load(parts: ProvisioningParts): Promise<ClusterProvisioning> {
    const { record, catalogue, store, clock, random, model, log, logger } = parts;
    const clusterId = record.id;
    const ledger = new ProvisionLedger({ clusterId, clock, log, model }, await store.provisions(clusterId));
    const shelf = new ProvisionerShelf(catalogue, record, model);
    return new ClusterProvisioning(new NodeSupply({ clock, random, model, ledger, shelf }), shelf, { clusterId, clock, store, model, logger });
  }

  /** Is there one of that name? `null` chooses none. */
  knows(name: string | null): boolean {
    return name === null || this.shelf.offered.some((offer) => offer.name === name);
  }

  view(chosen: string | null): Provisioning {
    const { supply, shelf } = this;
    const { rest } = supply;
    return {
      provisioner: supply.source, chosen, offered: [...shelf.offered],
      restingUntilMs: rest.untilMs, failures: rest.failures, lastFailure: rest.lastFailure,
      provisions: supply.ledger.all().map(({ clusterId: _, ...record }) => ({ ...record, ...shownTries(supply.triesOf(record.intentId)) })),
      findings: this.rounds.findings(),
    };
  }

  async close(): Promise<void> {
    await this.rounds.close();
    await this.shelf.close();
  }
}

function shownTries({ attempts, nextAtMs, lastFailure }: ReturnType<NodeSupply['triesOf']>) {
  return { attempts, nextTryAtMs: nextAtMs, lastFailure };
}
