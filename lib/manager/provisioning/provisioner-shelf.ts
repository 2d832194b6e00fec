import type { NodeProvisioner, ProvisionerOffer } from '@/lib/contract/provisioner';
import type { ClusterRecord } from '@/lib/contract/storage';
import type { ClusterModel } from '../cluster-model';
import type { ProvisionerCatalogue } from '../ports';

/** The provisioners of one cluster: which one is chosen, and those that are in use because they made something. */
export class ProvisionerShelf {
  readonly #open = new Map<string, NodeProvisioner>();

  constructor(private readonly catalogue: ProvisionerCatalogue, private readonly record: ClusterRecord, private readonly model: ClusterModel) {}

  get offered(): readonly ProvisionerOffer[] {
    return this.catalogue.offered(this.record.connection.kind);
  }

  /** What new nodes come from; `null`: nobody makes any. */
  get inForce(): ProvisionerOffer | null {
    const chosen = this.model.settings.scaling.provisioner;
    if (chosen !== null) return this.offered.find(({ name }) => name === chosen) ?? null;
    return this.offered.find(({ kind }) => kind === 'simulator') ?? null;
  }

  /** `null`: there is none of that name any more. */
  open(name: string): NodeProvisioner | null {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const opened = this.catalogue.open(name, this.record);
    if (opened !== null) this.#open.set(name, opened);
    return opened;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((provisioner) => provisioner.close()));
  }
}
