/** Wraps what a manager is given, so that a process dies at an exact instant. Nothing of this is in the product. */
import type { StoreWrite } from '@/lib/contract/storage';
import type { ClusterDriver, DriverStep } from '@/lib/drivers/driver';
import { AgentSession } from '@/lib/drivers/http-agent/agent-session';
import { RespConnection } from '@/lib/drivers/redis-cluster/resp-connection';
import type { ProvisionerCatalogue } from '@/lib/manager/ports';
import type { PrismaStore } from '@/lib/persistence/prisma-store';
import { isCommand, isOrder, type Command, type KillOrder, type Order, type Position } from './kill-point';

export class Executioner {
  #passed = 0;
  #done = false;

  constructor(private readonly order: KillOrder, private readonly struck: () => void) {
    if (isCommand(order.step)) this.#watchCommands(order.step);
    if (isOrder(order.step)) this.#watchOrders(order.step);
  }

  /** The order is taken back: nobody is killed any more. */
  dismiss(): void {
    this.#done = true;
  }

  /** The same store, or the prototype of all; its commits are looked at before and after. */
  watchStore(store: PrismaStore): PrismaStore {
    // The method is called below with the store it belongs to.
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const { commit } = store;
    const watched = async (owner: PrismaStore, writes: readonly StoreWrite[]) => {
      const beginning = this.#begins(writes);
      const ending = this.#ends(writes);
      if (beginning) this.#at('before-intent');
      const committed = await commit.call(owner, writes);
      if (committed.ok && beginning) this.#at('after-intent');
      // A cordon is an effect on what is stored, and on nothing else.
      if (committed.ok && this.order.step === 'cordon' && writes.some(({ kind }) => kind === 'save-node-intent')) this.#at('after-effect');
      if (committed.ok && ending) this.#at('after-completion');
      return committed;
    };
    store.commit = function commitWatched(writes) { return watched(this, writes); };
    return store;
  }

  /** The prototype of drivers that somebody else makes. */
  watchSteps(drivers: Pick<ClusterDriver, 'execute'>): void {
    // The method is called below with the driver it belongs to.
    const { execute } = drivers;
    const ended = (kind: DriverStep['kind']) => { if (this.#isEffect(kind)) this.#at('after-effect'); };
    drivers.execute = async function executeWatched(step, context) {
      const result = await execute.call(this, step, context);
      if (result.ok) ended(step.kind);
      return result;
    };
  }

  watchDriver(driver: ClusterDriver): ClusterDriver {
    const { batches, mending } = driver;
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
      ...(mending !== undefined && {
        mending: {
          look: async (options) => {
            const looked = await mending.look(options);
            if (looked.ok && this.order.step === 'verify-mended' && options.shardIds !== null) this.#at('after-effect');
            return looked;
          },
          mend: async (order, context) => {
            const mended = await mending.mend(order, context);
            if (mended.ok && this.order.step === 'mend-shards') this.#at('after-effect');
            return mended;
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
    const effects: Partial<Record<DriverStep['kind'], KillOrder['step']>> = { 'move': 'move', 'revert-move': 'move', 'transfer': 'move', 'add-node': 'join', 'verify-empty': 'verify-empty', 'remove-node': 'leave' };
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

  /** Every order to every agent passes here on its way, and every word of an agent on one. */
  #watchOrders(wanted: Order): void {
    // The methods are called below with the session they belong to.
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const { call, report } = AgentSession.prototype;
    const at = (position: Position) => { this.#at(position); };
    AgentSession.prototype.call = async function callWatched(command, options) {
      if (command.kind !== wanted) return await call.call(this, command, options);
      at('after-intent');
      const result = await call.call(this, command, options);
      if (result.ok) at('after-effect');
      return result;
    };
    AgentSession.prototype.report = function reportWatched(reports, shards) {
      for (const { key } of reports) if (key.includes(`/${wanted}/`)) at('under-way');
      return report.call(this, reports, shards);
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
