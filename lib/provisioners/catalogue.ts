import { join } from 'node:path';
import type { Connection } from '@/lib/contract/connection';
import type { NodeProvisioner, ProvisionerOffer } from '@/lib/contract/provisioner';
import type { ClusterRecord } from '@/lib/contract/storage';
import { assertNever } from '@/lib/platform/assert';
import type { Clock } from '@/lib/platform/clock';
import type { Outbound } from '@/lib/platform/outbound';
import { HookProvisioner } from './hook/hook-provisioner';
import { ProgramTransport } from './hook/program-transport';
import { WebhookTransport } from './hook/webhook-transport';
import { AgentProgram } from './local-process/agent-program';
import { LocalProcessProvisioner } from './local-process/local-process-provisioner';
import type { NodeProgram } from './local-process/node-program';
import { RedisProgram } from './local-process/redis-program';
import type { ProvisionerConfig, ProvisionersConfig } from './provisioner-config';
import { StandbyProvisioner } from './standby-provisioner';
import { SimulatorProvisioner, type SimulatedMachines } from './simulator-provisioner';

export interface CatalogueParts {
  readonly config: ProvisionersConfig;
  readonly clock: Clock;
  readonly outbound: Outbound;
  /** Absolute path of the server's own folder. */
  readonly dataDir: string;
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
    return config === undefined || !suits(config, connection.kind) ? null : this.#open(name, config, { id, connection });
  }

  #open(name: string, config: ProvisionerConfig, cluster: Pick<ClusterRecord, 'id' | 'connection'>): NodeProvisioner | null {
    const { clock, dataDir, outbound } = this.parts;
    const clusterId = cluster.id;
    switch (config.kind) {
      case 'local-process': {
        const program = this.#program(config.program, cluster);
        return program === null ? null : new LocalProcessProvisioner({ ...config, program, clusterId, clock });
      }
      case 'standby': return new StandbyProvisioner({ ...config, clusterId, clock, outbound, claimsFile: join(dataDir, 'provisioners', `${name}.json`) });
      case 'command': return new HookProvisioner({ kind: config.kind, clusterId, timing: config, transport: new ProgramTransport({ ...config, clock }) });
      case 'webhook': return new HookProvisioner({ kind: config.kind, clusterId, timing: config, transport: new WebhookTransport({ ...config, clock, outbound }) });
      default: return assertNever(config);
    }
  }

  #program(program: Extract<ProvisionerConfig, { kind: 'local-process' }>['program'], { id, connection }: Pick<ClusterRecord, 'id' | 'connection'>): NodeProgram | null {
    const { clock, issueToken } = this.parts;
    if (program.kind === 'redis') return connection.kind === 'redis-cluster' ? new RedisProgram({ ...program, connection, clock }) : null;
    return new AgentProgram({ ...program, issueToken: () => issueToken(id), clock });
  }
}

/** Can it make nodes that join this kind of cluster? */
function suits(config: ProvisionerConfig, kind: Connection['kind']): boolean {
  if (config.kind !== 'local-process') return config.for === kind;
  return kind === (config.program.kind === 'redis' ? 'redis-cluster' : 'http-agent');
}

function aboutOf(config: ProvisionerConfig): string {
  switch (config.kind) {
    case 'local-process': return `${config.program.kind === 'redis' ? 'Servers' : 'Nodes with agents'} on this machine, at most ${config.nodesMax}, ports ${config.portMin} to ${config.portMax}`;
    case 'standby': return `${config.nodes.length} nodes that wait to be taken`;
    case 'command': return 'A program of the operator\'s';
    case 'webhook': return `A web service at ${new URL(config.url).host}`;
    default: return assertNever(config);
  }
}
