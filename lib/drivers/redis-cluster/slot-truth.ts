import type { DriverFailure } from '@/lib/contract/operation';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import type { ClusterReader } from './cluster-reader';
import { primaryIds } from './cluster-reader';
import type { Connections } from './connections';
import { failureOf } from './failures';
import type { SlotView } from './inspect-move';
import { readView } from './node-reading';
import { textOf } from './replies';
import { isPrimary, ownerInView, parseSelf, type ClusterNodeLine, type ClusterView } from './topology';

/** Moves that begin within this time of each other share one look at their ends. */
const ENDS_AGE_MS_MAX = 20;

/** What every primary that answered says, read side by side at one time. */
export interface Truth {
  /** Monotonic time before the first question went out. */
  readonly beganAtMs: number;
  readonly views: ReadonlyMap<string, ClusterView>;
  readonly silent: ReadonlyMap<string, DriverFailure>;
}

/**
 * Reads the primaries' own views for moves. Up to 64 moves begin at once and each needs
 * the truth: callers that ask while a reading runs share the next one. A reading is
 * never given to a caller who asked for a later one (`notBeforeMs`).
 */
export class TruthReader {
  readonly #reader: ClusterReader;
  readonly #connections: Connections;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #last: Truth | null = null;
  #running: Promise<Result<Truth, DriverFailure>> | null = null;
  #next: Promise<Result<Truth, DriverFailure>> | null = null;
  readonly #ends = new Map<string, { readonly base: ClusterView; readonly beganAtMs: number; readonly view: Promise<ClusterView | null> }>();

  constructor(options: { reader: ClusterReader; connections: Connections; clock: Clock; timeoutMs: number }) {
    this.#reader = options.reader;
    this.#connections = options.connections;
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs;
  }

  /** A reading that began at `notBeforeMs` (monotonic) or later. */
  async read({ notBeforeMs }: { notBeforeMs: number }): Promise<Result<Truth, DriverFailure>> {
    if (this.#last !== null && this.#last.beganAtMs >= notBeforeMs) return ok(this.#last);
    if (this.#running === null) return await this.#start();
    const running = this.#running;
    this.#next ??= running.then(async () => {
      this.#next = null;
      return await this.#start();
    });
    return await this.#next;
  }

  /**
   * The same truth with the two ends' own lines read anew, at most ENDS_AGE_MS_MAX ago:
   * open flags are told by nobody else, and setting one of ours would overwrite another's.
   */
  async withFreshEnds(truth: Truth, nodeIds: readonly string[], { notBeforeMs }: { notBeforeMs: number }): Promise<Truth> {
    const views = new Map(truth.views);
    await Promise.all(nodeIds.map(async (id) => {
      const base = truth.views.get(id);
      if (base === undefined) return;
      const fresh = await this.#end(base, Math.max(notBeforeMs, this.#clock.monotonicMs() - ENDS_AGE_MS_MAX));
      if (fresh === null) views.delete(id);
      else views.set(id, fresh);
    }));
    return { ...truth, views };
  }

  async #end(base: ClusterView, notBeforeMs: number): Promise<ClusterView | null> {
    const known = this.#ends.get(base.self.id);
    if (known !== undefined && known.base === base && known.beganAtMs >= notBeforeMs) return await known.view;
    const end = { base, beganAtMs: this.#clock.monotonicMs(), view: this.#readEnd(base) };
    this.#ends.set(base.self.id, end);
    return await end.view;
  }

  /** `null`: it did not answer, or another node did. */
  async #readEnd(base: ClusterView): Promise<ClusterView | null> {
    const endpoint = this.#reader.endpointOf(base.self.id) ?? base.self.endpoint;
    if (endpoint === null) return null;
    const text = textOf(await this.#connections.client(endpoint, 'control').call(['CLUSTER', 'NODES'], { timeoutMs: this.#timeoutMs }), 'CLUSTER NODES');
    const self = text.ok ? parseSelf(text.value) : null;
    return self?.id === base.self.id ? { self, nodes: base.nodes } : null;
  }

  async #start(): Promise<Result<Truth, DriverFailure>> {
    const reading = this.#readAll();
    this.#running = reading;
    const result = await reading;
    if (this.#running === reading) this.#running = null;
    return result;
  }

  async #readAll(): Promise<Result<Truth, DriverFailure>> {
    if (this.#reader.lines.size === 0) {
      const first = await this.#reader.read(new AbortController().signal);
      if (!first.ok) return first;
    }
    const beganAtMs = this.#clock.monotonicMs();
    const views = new Map<string, ClusterView>();
    const silent = new Map<string, DriverFailure>();
    const pending = new Set(primaryIds(this.#reader.lines));
    for (const asked = new Set<string>(); pending.size > 0;) {
      const round = [...pending];
      pending.clear();
      for (const id of round) asked.add(id);
      await Promise.all(round.map(async (id) => {
        const view = await this.#viewOf(id, views);
        if (view.ok) views.set(view.value.self.id, view.value);
        else silent.set(id, view.error);
      }));
      // Primaries that came or were promoted since the last observation.
      for (const view of views.values()) {
        for (const line of view.nodes.values()) {
          if (isPrimary(line) && !asked.has(line.id) && !line.flags.has('noaddr')) pending.add(line.id);
        }
      }
    }
    if (views.size === 0) return err([...silent.values()][0] ?? failureOf('connection-lost', 'No primary answered', true));
    this.#last = { beganAtMs, views, silent };
    return ok(this.#last);
  }

  async #viewOf(id: string, views: ReadonlyMap<string, ClusterView>): Promise<Result<ClusterView, DriverFailure>> {
    const heard = [...views.values()].flatMap((view) => view.nodes.get(id)?.endpoint ?? [])[0];
    const endpoint = this.#reader.endpointOf(id) ?? heard ?? null;
    if (endpoint === null) return err(failureOf('node-down', `Node ${id.slice(0, 12)} has no address that is known`, true));
    const view = await readView(this.#connections.client(endpoint, 'control'), this.#timeoutMs);
    if (view.ok && view.value.self.id !== id) return err(failureOf('topology-changed', `Another node answers at the address of ${id.slice(0, 12)}`));
    return view;
  }
}

/** Each primary's view of one slot. A node that lost its slots and follows somebody now is no primary and says nothing. */
export function slotViews(truth: Truth, slot: number): Map<string, SlotView> {
  const slotView = new Map<string, SlotView>();
  for (const [nodeId, view] of truth.views) {
    if (!isPrimary(view.self)) continue;
    slotView.set(nodeId, {
      nodeId,
      configEpoch: view.self.configEpoch,
      ownerId: ownerInView(view, slot),
      migratingTo: view.self.migrating.get(slot) ?? null,
      importingFrom: view.self.importing.get(slot) ?? null,
    });
  }
  return slotView;
}

/** The newest line about a node among the views: its own where it answered. */
export function lineIn(truth: Truth, nodeId: string): ClusterNodeLine | null {
  const own = truth.views.get(nodeId);
  if (own !== undefined) return own.self;
  for (const view of truth.views.values()) {
    const line = view.nodes.get(nodeId);
    if (line !== undefined) return line;
  }
  return null;
}
