/**
 * Beside the operations: nodes that are owed back are returned until they are, nodes that
 * came too late are found and returned, and what nobody here can explain is said.
 * Nothing is taken from a cluster here: a node that is a member, or may be one, stays.
 */
import { isTerminal } from '@/lib/contract/operation';
import type { NodeProvisioner, ProvisionedNode, ProvisionFinding, ProvisionRecord } from '@/lib/contract/provisioner';
import type { Store } from '@/lib/contract/storage';
import type { Clock } from '@/lib/platform/clock';
import type { ClusterModel } from '../cluster-model';
import type { ManagerLogger } from '../manager-logger';
import { draftOf, nameOf, type NodeSupply } from './node-supply';
import { operationIdOf } from './provision-ledger';
import type { ProvisionerShelf } from './provisioner-shelf';

export interface RoundParts {
  readonly clusterId: string;
  readonly clock: Clock;
  readonly store: Store;
  readonly model: ClusterModel;
  readonly logger: ManagerLogger;
  readonly supply: NodeSupply;
  readonly shelf: ProvisionerShelf;
}

/** How often a provisioner is asked for everything it has. */
const LIST_EVERY_MS = 60_000;
const ROUND_EVERY_MS = 2_000;
const STRANGERS_MAX = 20;

export class SupplyRounds {
  readonly #abort = new AbortController();
  #running: Promise<void> | null = null;
  #dueMs = -Infinity;
  #listDueMs = -Infinity;
  /** By provisioner, why it could not be asked last. */
  readonly #failing = new Map<string, string>();
  readonly #strangers = new Map<string, string>();

  constructor(private readonly parts: RoundParts) {}

  /** Call after each reading; the work goes on beside the loop. */
  round(): void {
    const nowMs = this.parts.clock.monotonicMs();
    if (this.#running !== null || nowMs < this.#dueMs || this.#abort.signal.aborted) return;
    this.#dueMs = nowMs + ROUND_EVERY_MS;
    this.#running = this.#work()
      .catch((error: unknown) => { this.parts.logger.error({ clusterId: this.parts.clusterId, error: String(error) }, 'Looking after the provisioner ended by a bug'); })
      .finally(() => { this.#running = null; });
  }

  async close(): Promise<void> {
    this.#abort.abort(new Error('The manager is closing'));
    await this.#running;
  }

  findings(): ProvisionFinding[] {
    const { supply, shelf, model } = this.parts;
    const findings: ProvisionFinding[] = [];
    for (const record of supply.ledger.all()) {
      const { intentId } = record;
      const tries = supply.triesOf(intentId);
      if (shelf.open(record.provisioner) === null) findings.push({ code: 'unknown-provisioner', intentId, message: `${nameOf(record)} was made by ${record.provisioner}, which is not configured any more: it cannot be returned` });
      else if (record.status === 'returning' && this.#memberAt(record) !== null) findings.push({ code: 'still-member', intentId, message: `${nameOf(record)} is to be returned and is still a member: empty it and let it leave` });
      else if (record.status === 'returning' && tries.lastFailure !== null) findings.push({ code: 'not-returned', intentId, message: `${nameOf(record)} could not be returned in ${tries.attempts} tries: ${tries.lastFailure.message}`.slice(0, 500) });
      else if (record.status === 'returning' && record.reason?.startsWith(LATE) === true) findings.push({ code: 'late', intentId, message: `${nameOf(record)} came after its operation had ended and is being returned` });
      else if (record.status === 'joined' && !model.stale && record.nodeId !== null && !model.nodes.has(record.nodeId) && !this.#inHand(record)) findings.push({ code: 'not-member', intentId, message: `${nameOf(record)} is no member any more, though nobody here let it go; it is left running` });
    }
    for (const [name, failure] of this.#failing) findings.push({ code: 'failing', intentId: null, message: `${name}: ${failure}`.slice(0, 500) });
    for (const [intentId, message] of this.#strangers) findings.push({ code: 'stranger', intentId, message });
    return findings.slice(0, 200);
  }

  async #work(): Promise<void> {
    const { clock, model } = this.parts;
    // Without a fresh picture nobody knows who is a member.
    if (model.stale || model.state.observedAtMs === null) return;
    if (clock.monotonicMs() >= this.#listDueMs) {
      this.#listDueMs = clock.monotonicMs() + LIST_EVERY_MS;
      await this.#list();
    }
    await this.#giveBackOwed();
  }

  async #giveBackOwed(): Promise<void> {
    const { supply, clock } = this.parts;
    for (const record of supply.ledger.all()) {
      if (this.#abort.signal.aborted) return;
      if (record.status === 'joined' || this.#inHand(record) || this.#memberAt(record) !== null) continue;
      if ((supply.triesOf(record.intentId).nextAtMs ?? 0) > clock.wallMs()) continue;
      await supply.giveBack(record.intentId, { reason: 'Its operation has ended without it', signal: this.#abort.signal });
    }
  }

  /** An operation that is open deals with it. */
  #inHand(record: ProvisionRecord): boolean {
    return this.parts.model.operations.some((operation) => operation.id === record.operationId
      || operation.stages.some((stage) => (stage.kind === 'deprovision' || stage.kind === 'leave') && stage.nodeId === record.nodeId && record.nodeId !== null));
  }

  #memberAt(record: ProvisionRecord): string | null {
    if (record.address === null) return null;
    return [...this.parts.model.nodes.values()].find((node) => node.address === record.address)?.id ?? null;
  }

  async #list(): Promise<void> {
    const { supply, shelf } = this.parts;
    const names = new Set([...supply.ledger.all().map(({ provisioner }) => provisioner), ...(supply.source === null ? [] : [supply.source.name])]);
    this.#strangers.clear();
    for (const name of names) {
      const provisioner = shelf.open(name);
      if (provisioner === null) continue;
      const listed = await this.#listOne(name, provisioner);
      if (listed === null) return;
      for (const node of listed) await this.#look(name, node);
    }
  }

  async #listOne(name: string, provisioner: NodeProvisioner): Promise<readonly ProvisionedNode[] | null> {
    const listed = await provisioner.list(this.#abort.signal);
    if (this.#abort.signal.aborted) return null;
    if (listed.ok) this.#failing.delete(name);
    else this.#failing.set(name, listed.error.message);
    return listed.ok ? listed.value : [];
  }

  /** A node of which nothing is on record: late, or not ours. */
  async #look(provisioner: string, node: ProvisionedNode): Promise<void> {
    const { supply, store, model, clusterId, clock } = this.parts;
    const { intentId, address } = node;
    if (supply.ledger.get(intentId) !== null) return;
    const operationId = operationIdOf(intentId);
    if (operationId !== null && model.operations.some(({ id }) => id === operationId)) return;
    const operation = operationId === null ? null : await store.operation(operationId);
    if (operation?.clusterId !== clusterId || !isTerminal(operation.status)) {
      if (this.#strangers.size < STRANGERS_MAX) this.#strangers.set(intentId, `${provisioner} has ${address ?? 'a node'} (${intentId}), which nobody here asked for; it is left alone`);
      return;
    }
    const record: ProvisionRecord = {
      intentId, clusterId, provisioner, operationId: operation.id, zone: null, status: 'returning', address, nodeId: null, askedAtMs: Math.round(clock.wallMs()),
      reason: `${LATE}: its operation ended as ${operation.status}`,
    };
    await supply.ledger.save([record], [draftOf('provisioner.found', record, `${nameOf(record)} came after its operation had ended as ${operation.status}; it is returned`, 'warning')], this.#abort.signal);
  }
}

const LATE = 'It came late';
