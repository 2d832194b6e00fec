import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import { VersionedSettingsSchema } from '@/lib/contract/settings';
import { defaultPolicy } from '@/lib/core/scaling/default-policy';
import { systemClock } from '@/lib/platform/system-clock';
import { LocalProcessProvisioner } from '@/lib/provisioners/local-process/local-process-provisioner';
import { RedisProgram } from '@/lib/provisioners/local-process/redis-program';
import type { DemoConsole } from './demo-console';

const NAME = 'this-machine';
/** Apart from the ports of the demo's own servers. */
const PORTS = { min: 22_100, max: 22_199 };
const NODES_MAX = 4;

/** The part of the demo that grows and shrinks by itself: servers that the console starts, and the policy that orders them. */
export class DemoElastic {
  readonly configFile: string;
  readonly #folder: string;

  constructor(private readonly options: { readonly folder: string; readonly serverPath: string }) {
    this.#folder = join(options.folder, 'nodes');
    this.configFile = join(options.folder, 'phantom-scale.json');
    writeFileSync(this.configFile, JSON.stringify({
      provisioners: { [NAME]: { kind: 'local-process', program: { kind: 'redis', path: options.serverPath, directives: { 'cluster-node-timeout': '5000', 'save': '""' } }, folder: this.#folder, portMin: PORTS.min, portMax: PORTS.max, nodesMax: NODES_MAX } },
    }, null, 2));
  }

  /** Chooses the provisioner and saves an automatic policy, as an operator would; gives the most nodes it may have. */
  async begin(console: DemoConsole, { clusterId, leaders, queriesPerNode }: { readonly clusterId: string; readonly leaders: number; readonly queriesPerNode: number }): Promise<number> {
    const { generation, settings } = VersionedSettingsSchema.parse(await console.call('GET', `/clusters/${clusterId}/settings`));
    await console.call('PUT', `/clusters/${clusterId}/settings`, { generation, settings: { ...settings, scaling: { ...settings.scaling, provisioner: NAME } } });
    const base = defaultPolicy();
    const nodeCountMax = leaders + 2;
    const policy: PolicyDocument = {
      ...base, name: 'Demo', mode: 'automatic', intervalMs: 5_000,
      rules: [{ kind: 'target', id: 'queries', metric: 'queriesPerSecond', aggregate: 'mean', target: queriesPerNode, outTolerance: 0.1, inTolerance: 0.15 }],
      bounds: { nodeCountMin: leaders, nodeCountMax, multipleOf: 1 },
      out: { stabilizationMs: 10_000, step: { nodes: 2, percent: 100, periodMs: 10_000 } },
      in: { ...base.in, stabilizationMs: 30_000, cooldownMs: 20_000, paybackMs: 0 },
      prediction: { ...base.prediction, enabled: false },
    };
    await console.call('PUT', `/clusters/${clusterId}/scaling/default/policies/active`, { generation: 0, policy });
    return nodeCountMax;
  }

  /** Ends what the console has started and not given back; it outlives the console on purpose. */
  async stop(): Promise<void> {
    const never = new AbortController().signal;
    for (const clusterId of foldersIn(this.#folder)) {
      const program = new RedisProgram({ path: this.options.serverPath, directives: {}, connection: { tls: { enabled: false, rejectUnauthorized: true } }, clock: systemClock });
      const provisioner = new LocalProcessProvisioner({ clusterId, program, folder: this.#folder, portMin: PORTS.min, portMax: PORTS.max, nodesMax: NODES_MAX, clock: systemClock });
      const listed = await provisioner.list(never);
      for (const { intentId } of listed.ok ? listed.value : []) await provisioner.deprovision(intentId, never);
    }
  }
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
