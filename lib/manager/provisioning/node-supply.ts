/**
 * Where new nodes come from and go to. For each node that is wanted there is an intent,
 * stored before the provisioner is called; whatever reply is lost, the intent is looked up
 * before it is asked for again, so it makes at most one node (S7). A node whose intent has
 * come to nothing is given back, tried again until it is.
 */
import type { NodeProvisioner, ProvisionedNode, ProvisionerFailure, ProvisionerOffer, ProvisionRecord } from '@/lib/contract/provisioner';
import type { Operation } from '@/lib/contract/operation';
import type { Refusal } from '@/lib/contract/plan';
import type { Actor } from '@/lib/contract/primitives';
import { askAgainMs, restMs } from '@/lib/core/execution/provision-patience';
import { sleep, type Clock } from '@/lib/platform/clock';
import type { Random } from '@/lib/platform/random';
import { err, ok, type Result } from '@/lib/platform/result';
import type { ClusterModel } from '../cluster-model';
import { refusal } from '../commands';
import type { EventDraft } from '../event-log';
import { intentIdOf, type ProvisionLedger } from './provision-ledger';
import type { ProvisionerShelf } from './provisioner-shelf';

export interface SupplyParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly model: ClusterModel;
  readonly ledger: ProvisionLedger;
  readonly shelf: ProvisionerShelf;
}

/** How the calls about one intent go; not kept over a restart, which tries again at once. */
export interface Tries {
  readonly attempts: number;
  readonly nextAtMs: number | null;
  readonly lastFailure: (ProvisionerFailure & { readonly atMs: number }) | null;
}

export interface Rest {
  readonly failures: number;
  readonly untilMs: number | null;
  readonly lastFailure: Tries['lastFailure'];
}

/** failed: nothing came of it. stopped: we do not wait any longer. */
export type Supplied = { readonly status: 'done' | 'failed' | 'stopped'; readonly message: string | null };

const NO_TRIES: Tries = { attempts: 0, nextAtMs: null, lastFailure: null };
const RESTED: Rest = { failures: 0, untilMs: null, lastFailure: null };
const STOPPED: Supplied = { status: 'stopped', message: null };

export class NodeSupply {
  readonly #tries = new Map<string, Tries>();
  #rest: Rest = RESTED;

  constructor(private readonly parts: SupplyParts) {}

  get ledger(): ProvisionLedger {
    return this.parts.ledger;
  }

  get rest(): Rest {
    return this.#rest;
  }

  /** What new nodes come from; `null`: they join by their addresses. */
  get source(): ProvisionerOffer | null {
    return this.parts.shelf.inForce;
  }

  triesOf(intentId: string): Tries {
    return this.#tries.get(intentId) ?? NO_TRIES;
  }

  /** Why automation may not ask for nodes now; a person may, and so tries whether it works again. */
  restingFor(actor: Actor): Refusal | null {
    const { untilMs, failures, lastFailure } = this.#rest;
    const leftMs = untilMs === null ? 0 : untilMs - this.#nowMs;
    if (leftMs <= 0 || actor.kind === 'operator') return null;
    return refusal('provisioner-resting', `The provisioner has failed ${failures} times in a row and is asked again in ${Math.ceil(leftMs / 1_000)} s: ${lastFailure?.message ?? ''}`.slice(0, 500), { numbers: { failures, secondsLeft: Math.ceil(leftMs / 1_000) } });
  }

  /** The stage `provision` of an operation: until its node answers, nothing comes of it, or the signal. */
  async provide(operation: Operation, { ordinal, count, signal }: { readonly ordinal: number; readonly count: number; readonly signal: AbortSignal }): Promise<Supplied> {
    const wanted = Array.from({ length: count - ordinal }, (_, later) => intentIdOf(operation.id, ordinal + later));
    const known = this.ledger.get(wanted[0]!) !== null;
    const stored = await this.#storeIntents(operation, wanted, signal);
    if (stored !== null) return stored;
    const record = this.ledger.get(wanted[0]!)!;
    const provisioner = this.parts.shelf.open(record.provisioner);
    if (provisioner === null) return { status: 'failed', message: `The provisioner ${record.provisioner} is not configured any more` };
    // The others are on their way while this one is waited for; what comes of them is seen when it is their turn.
    if (!known) await Promise.all(wanted.slice(1).map((intentId) => this.#ask(provisioner, intentId, { lookFirst: false, signal })));
    return this.#untilReady(provisioner, record, { lookFirst: known || ordinal > 0, signal });
  }

  /** Gives back what came of an intent; stored first, so that it is never forgotten. */
  async giveBack(intentId: string, { reason, signal }: { readonly reason: string; readonly signal: AbortSignal }): Promise<Result<string, string>> {
    const before = this.ledger.get(intentId);
    if (before === null) return ok('It is returned already');
    const record: ProvisionRecord = { ...before, status: 'returning', reason: before.reason ?? reason.slice(0, 500) };
    if (before.status !== 'returning' && !await this.ledger.save([record], [], signal)) return err('It could not be stored that it is to be returned');
    const provisioner = this.parts.shelf.open(record.provisioner);
    if (provisioner === null) return err(`The provisioner ${record.provisioner} is not configured any more; the node stays where it is`);
    const returned = await provisioner.deprovision(intentId, signal);
    if (!returned.ok) {
      this.#failedTry(intentId, returned.error);
      return err(`${nameOf(record)} could not be returned yet: ${returned.error.message}`);
    }
    this.#tries.delete(intentId);
    const dropped = await this.ledger.drop(intentId, [draftOf('provisioner.returned', record, `${nameOf(record)} was returned to ${record.provisioner}: ${record.reason ?? reason}`)], signal);
    return dropped ? ok(`${nameOf(record)} was returned`) : err('It was returned; that could not be stored');
  }

  /** As `giveBack`, some times in a row. */
  async giveBackSoon(intentId: string, options: { readonly reason: string; readonly signal: AbortSignal }, triesMax = 3): Promise<Result<string, string>> {
    for (let attempt = 1; ; attempt += 1) {
      const returned = await this.giveBack(intentId, options);
      if (returned.ok || attempt >= triesMax || options.signal.aborted || this.triesOf(intentId).lastFailure?.retryable !== true) return returned;
      await sleep(this.parts.clock, Math.max(0, (this.triesOf(intentId).nextAtMs ?? 0) - this.#nowMs), options.signal).catch(() => undefined);
    }
  }

  get #nowMs(): number {
    return Math.round(this.parts.clock.wallMs());
  }

  async #storeIntents(operation: Operation, intentIds: readonly string[], signal: AbortSignal): Promise<Supplied | null> {
    const fresh = intentIds.filter((intentId) => this.ledger.get(intentId) === null);
    if (fresh.length === 0) return null;
    const { source } = this;
    if (source === null) return { status: 'failed', message: 'This cluster has no provisioner any more' };
    const zones = operation.joins.map(({ zone }) => zone);
    const records = fresh.map((intentId): ProvisionRecord => ({
      intentId, clusterId: operation.clusterId, provisioner: source.name, operationId: operation.id, zone: zones[Number(intentId.slice(intentId.lastIndexOf('-') + 1))] ?? null,
      status: 'asked', address: null, nodeId: null, askedAtMs: this.#nowMs, reason: null,
    }));
    const text = records.length === 1 ? 'A node is' : `${records.length} nodes are`;
    const saved = await this.ledger.save(records, [{ type: 'provisioner.asked', severity: 'notice', operationId: operation.id, message: `${text} asked for from ${source.name}`, data: { provisioner: source.name, nodes: records.length } }], signal);
    return saved ? null : STOPPED;
  }

  async #untilReady(provisioner: NodeProvisioner, record: ProvisionRecord, { lookFirst, signal }: { readonly lookFirst: boolean; readonly signal: AbortSignal }): Promise<Supplied> {
    const { clock } = this.parts;
    const { readyWithinMs, pollMs } = provisioner.timing;
    const deadlineMs = record.askedAtMs + readyWithinMs;
    for (let look = lookFirst; ; look = true) {
      const answer = await this.#ask(provisioner, record.intentId, { lookFirst: look, signal });
      if (signal.aborted) return STOPPED;
      if (answer.ok && answer.value.state === 'ready' && answer.value.address !== null) return this.#ready(record, answer.value.address, signal);
      if (!answer.ok && !answer.error.retryable) return this.#cameToNothing(record, answer.error, signal);
      if (this.#nowMs >= deadlineMs) {
        const last = answer.ok ? `it is ${answer.value.state}` : answer.error.message;
        return this.#cameToNothing(record, { code: 'timeout', message: `No node within ${Math.round(readyWithinMs / 1_000)} s: ${last}`.slice(0, 500), retryable: true }, signal);
      }
      const waitMs = answer.ok ? pollMs : Math.max(0, (this.triesOf(record.intentId).nextAtMs ?? 0) - this.#nowMs);
      await sleep(clock, Math.max(1, Math.min(waitMs, deadlineMs - this.#nowMs)), signal).catch(() => undefined);
    }
  }

  /** One call, or two: what may have been made already is looked for first. */
  async #ask(provisioner: NodeProvisioner, intentId: string, { lookFirst, signal }: { readonly lookFirst: boolean; readonly signal: AbortSignal }): Promise<Result<ProvisionedNode, ProvisionerFailure>> {
    if (lookFirst) {
      const found = await provisioner.find(intentId, signal);
      if (!found.ok) return this.#noted(intentId, found);
      if (found.value !== null && found.value.state !== 'stopped') return ok(found.value);
    }
    return this.#noted(intentId, await provisioner.provision({ intentId, zone: this.ledger.get(intentId)?.zone ?? null }, signal));
  }

  #noted<T extends Result<unknown, ProvisionerFailure>>(intentId: string, answer: T): T {
    if (!answer.ok && answer.error.code !== 'interrupted') this.#failedTry(intentId, answer.error);
    return answer;
  }

  async #ready(record: ProvisionRecord, address: string, signal: AbortSignal): Promise<Supplied> {
    const ready: ProvisionRecord = { ...record, status: 'ready', address };
    this.#tries.delete(record.intentId);
    this.#rest = RESTED;
    if (!await this.ledger.save([ready], [draftOf('provisioner.ready', ready, `${address} is ready, from ${record.provisioner}`)], signal)) return STOPPED;
    return { status: 'done', message: `${address} is ready` };
  }

  async #cameToNothing(record: ProvisionRecord, failure: ProvisionerFailure, signal: AbortSignal): Promise<Supplied> {
    const failures = this.#rest.failures + 1;
    const atMs = this.#nowMs;
    this.#rest = { failures, untilMs: atMs + restMs(failures), lastFailure: { ...failure, atMs } };
    const message = `${record.provisioner} made no node (${failure.code}): ${failure.message}`.slice(0, 500);
    const returning: ProvisionRecord = { ...record, status: 'returning', reason: message };
    await this.ledger.save([returning], [draftOf('provisioner.failed', record, message, 'warning')], signal);
    return { status: 'failed', message };
  }

  #failedTry(intentId: string, failure: ProvisionerFailure): void {
    const { clock, random, model } = this.parts;
    const attempts = this.triesOf(intentId).attempts + 1;
    const nowMs = Math.round(clock.wallMs());
    this.#tries.set(intentId, { attempts, nextAtMs: nowMs + askAgainMs(attempts, random.next()), lastFailure: { ...failure, atMs: nowMs } });
    model.touch();
  }
}

export function nameOf({ address, intentId }: Pick<ProvisionRecord, 'address' | 'intentId'>): string {
  return address ?? `The node of ${intentId}`;
}

export function draftOf(type: EventDraft['type'], record: ProvisionRecord, message: string, severity: EventDraft['severity'] = 'notice'): EventDraft {
  return { type, severity, operationId: record.operationId, message: message.slice(0, 1_000), data: { intentId: record.intentId, provisioner: record.provisioner } };
}
