import type { Connection } from '@/lib/contract/connection';
import type { NodeProvisioner, ProvisionerOffer } from '@/lib/contract/provisioner';
import type { ClusterRecord } from '@/lib/contract/storage';
import type { Clock } from '@/lib/platform/clock';
import { AgentProgram } from './local-process/agent-program';
import { LocalProcessProvisioner } from './local-process/local-process-provisioner';
import type { NodeProgram } from './local-process/node-program';
import { RedisProgram } from './local-process/redis-program';
import type { ProvisionerConfig, ProvisionersConfig } from './provisioner-config';
import { SimulatorProvisioner, type SimulatedMachines } from './simulator-provisioner';

export interface CatalogueParts {
  readonly config: ProvisionersConfig;
  readonly clock: Clock;
  /** The machines of a simulated cluster; `null`: it is none. */
  readonly machinesOf: (clusterId: string) => SimulatedMachines | null;
  /** A token that enrols one agent of the cluster. */
  readonly issueToken: (clusterId: string) => Promise<string | null>;
}

const SIMULATOR: ProvisionerOffer = { name: 'simulator', kind: 'simulator', about: 'Simulated nodes, ready at once' };

/** The port ProvisionerCatalogue of lib/manager: which provisioners there are, for which clusters. */
export class Catalogue {
  constructor(private readonly parts: CatalogueParts) {}

  offered(kind: Connection['kind']): readonly ProvisionerOffer[] {
    if (kind === 'simulator') return [SIMULATOR];
    return Object.entries(this.parts.config).flatMap(([name, config]) => (suits(config, kind) ? [{ name, kind: config.kind, about: aboutOf(config) }] : []));
  }

  /** `null`: there is none of that name for this kind of cluster. */
  open(name: string, { id, connection }: Pick<ClusterRecord, 'id' | 'connection'>): NodeProvisioner | null {
    if (connection.kind === 'simulator') {
      const machines = name === SIMULATOR.name ? this.parts.machinesOf(id) : null;
      return machines === null ? null : new SimulatorProvisioner(machines);
    }
    const config = this.parts.config[name];
    return config === undefined || !suits(config, connection.kind) ? null : this.#open(config, { id, connection });
  }

  #open(config: ProvisionerConfig, cluster: Pick<ClusterRecord, 'id' | 'connection'>): NodeProvisioner | null {
    const program = this.#program(config.program, cluster);
    return program === null ? null : new LocalProcessProvisioner({ ...config, program, clusterId: cluster.id, clock: this.parts.clock });
  }

  #program(program: Extract<ProvisionerConfig, { kind: 'local-process' }>['program'], { id, connection }: Pick<ClusterRecord, 'id' | 'connection'>): NodeProgram | null {
    const { clock, issueToken } = this.parts;
    if (program.kind === 'redis') return connection.kind === 'redis-cluster' ? new RedisProgram({ ...program, connection, clock }) : null;
    return new AgentProgram({ ...program, issueToken: () => issueToken(id), clock });
  }
}

/** Can it make nodes that join this kind of cluster? */
function suits(config: ProvisionerConfig, kind: Connection['kind']): boolean {
  return kind === (config.program.kind === 'redis' ? 'redis-cluster' : 'http-agent');
}

function aboutOf(config: ProvisionerConfig): string {
  return config.program.kind === 'redis' ? `Servers on this machine, at most ${config.nodesMax}, ports ${config.portMin} to ${config.portMax}` : `Nodes with agents on this machine, at most ${config.nodesMax}, ports ${config.portMin} to ${config.portMax}`;
}
