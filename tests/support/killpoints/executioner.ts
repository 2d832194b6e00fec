/** Wraps what a manager is given, so that a process dies at an exact instant. Nothing of this is in the product. */
import type { StoreWrite } from '@/lib/contract/storage';
import type { ClusterDriver, DriverStep } from '@/lib/drivers/driver';
import { RespConnection } from '@/lib/drivers/redis-cluster/resp-connection';
import type { ProvisionerCatalogue } from '@/lib/manager/ports';
import type { PrismaStore } from '@/lib/persistence/prisma-store';
import { isCommand, type Command, type KillOrder, type Position } from './kill-point';

export class Executioner {
  #passed = 0;
  #done = false;

  constructor(private readonly order: KillOrder, private readonly struck: () => void) {
    if (isCommand(order.step)) this.#watchCommands(order.step);
  }

  /** The same store; its commits are looked at before and after. */
  watchStore(store: PrismaStore): PrismaStore {
    const commit = store.commit.bind(store);
    store.commit = async (writes) => {
      const beginning = this.#begins(writes);
      const ending = this.#ends(writes);
      if (beginning) this.#at('before-intent');
      const committed = await commit(writes);
      if (committed.ok && beginning) this.#at('after-intent');
      // A cordon is an effect on what is stored, and on nothing else.
      if (committed.ok && this.order.step === 'cordon' && writes.some(({ kind }) => kind === 'save-node-intent')) this.#at('after-effect');
      if (committed.ok && ending) this.#at('after-completion');
      return committed;
    };
    return store;
  }

  watchDriver(driver: ClusterDriver): ClusterDriver {
    const { batches } = driver;
    const sampleNodes = driver.sampleNodes?.bind(driver);
    const foresee = driver.foresee?.bind(driver);
    return {
      kind: driver.kind,
      get capabilities() { return driver.capabilities; },
      observe: (options) => driver.observe(options),
      probe: (nodeId, signal) => driver.probe(nodeId, signal),
      execute: async (step, context) => {
        const result = await driver.execute(step, context);
        if (result.ok && this.#isEffect(step.kind)) this.#at('after-effect');
        return result;
      },
      ...(batches !== undefined && {
        batches: {
          movesMax: batches.movesMax,
          bytesMax: batches.bytesMax,
          execute: async (moves, context) => {
            const results = await batches.execute(moves, context);
            for (const result of results) if (result.ok && this.#isEffect('move')) this.#at('after-effect');
            return results;
          },
        },
      }),
      ...(sampleNodes !== undefined && { sampleNodes }),
      ...(foresee !== undefined && { foresee }),
      inspectMove: (move, signal) => driver.inspectMove(move, signal),
      close: () => driver.close(),
    };
  }

  /** The same provisioners; what they have done is looked at before anybody hears of it. */
  watchProvisioners(catalogue: ProvisionerCatalogue): ProvisionerCatalogue {
    return {
      offered: (kind) => catalogue.offered(kind),
      open: (name, cluster) => {
        const provisioner = catalogue.open(name, cluster);
        return provisioner === null ? null : {
          kind: provisioner.kind,
          timing: provisioner.timing,
          provision: async (intent, signal) => this.#supplied('provision', await provisioner.provision(intent, signal)),
          find: (intentId, signal) => provisioner.find(intentId, signal),
          list: (signal) => provisioner.list(signal),
          deprovision: async (intentId, signal) => this.#supplied('deprovision', await provisioner.deprovision(intentId, signal)),
          close: () => provisioner.close(),
        };
      },
    };
  }

  #supplied<T extends { readonly ok: boolean }>(step: KillOrder['step'], answer: T): T {
    if (answer.ok && this.order.step === step) this.#at('after-effect');
    return answer;
  }

  #begins(writes: readonly StoreWrite[]): boolean {
    const { step } = this.order;
    if (step === 'provision') return writes.some((write) => write.kind === 'save-provision' && write.provision.status === 'asked');
    return writes.some((write) => (write.kind === 'save-move' && step === 'move' && write.expected === 'pending' && write.move.status === 'copying')
      || (write.kind === 'save-operation' && write.operation.stages.some((stage) => stage.kind === step && stage.status === 'running' && stage.message === null)));
  }

  #ends(writes: readonly StoreWrite[]): boolean {
    const { step } = this.order;
    if (step === 'provision') return writes.some((write) => write.kind === 'save-provision' && write.provision.status === 'ready');
    if (step === 'deprovision') return writes.some((write) => write.kind === 'delete-provision');
    return writes.some((write) => (write.kind === 'save-move' && step === 'move' && write.move.status === 'done')
      || (write.kind === 'save-operation' && write.operation.stages.some((stage) => stage.kind === step && stage.status === 'done')));
  }

  #isEffect(kind: DriverStep['kind']): boolean {
    const effects: Partial<Record<DriverStep['kind'], KillOrder['step']>> = { 'move': 'move', 'add-node': 'join', 'verify-empty': 'verify-empty', 'remove-node': 'leave' };
    return effects[kind] === this.order.step;
  }

  /** Every command of every connection passes here on its way to its socket. */
  #watchCommands(wanted: Command): void {
    // The method is called below with the connection it belongs to.
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const send = RespConnection.prototype.send;
    const at = (position: Position) => { this.#at(position); };
    RespConnection.prototype.send = function sendWatched(commands) {
      const wantedHere = commands.filter(([name, ...args]) => protocolCommands(name, args.map(String), this.endpoint.port) === wanted);
      for (const _ of wantedHere) at('after-intent');
      const replies = send.call(this, commands);
      if (wantedHere.length > 0) void replies.then(() => { for (const _ of wantedHere) at('after-effect'); }, () => undefined);
      return replies;
    };
  }

  #at(position: Position): void {
    if (this.#done || position !== this.order.position) return;
    this.#passed += 1;
    if (this.#passed <= this.order.after) return;
    this.#done = true;
    process.kill(this.order.victim === 'manager' ? process.pid : this.order.victimPid, 'SIGKILL');
    this.struck();
  }
}

/** Ports of the two ends, to tell whom a SETSLOT NODE is told to. */
let ends: { readonly sourcePort: number; readonly targetPort: number } | null = null;

export function setEnds(of: { readonly sourcePort: number; readonly targetPort: number }): void {
  ends = of;
}

function protocolCommands(name: string, args: readonly string[], port: number): Command | null {
  if (name.toUpperCase() === 'MIGRATE') return 'migrate';
  if (name.toUpperCase() !== 'CLUSTER' || args[0]?.toUpperCase() !== 'SETSLOT') return null;
  const kind = args[2]?.toUpperCase();
  if (kind === 'IMPORTING') return 'importing';
  if (kind === 'MIGRATING') return 'migrating';
  if (kind !== 'NODE') return null;
  return port === ends?.targetPort ? 'owned-by-target' : port === ends?.sourcePort ? 'told-to-source' : 'told-to-others';
}
