import type { ClusterCore } from './cluster-core';
import { MEMBERSHIP } from './cluster-parameters';
import { nodeDown } from './failures';
import { isServing, type PhantomNode } from './phantom-node';
import { assert } from '@/lib/platform/assert';

/**
 * What can go wrong, for tests and the Simulator screen. Each call takes effect at present;
 * naming a node that is no member is a bug of the caller.
 */
export class Faults {
  constructor(private readonly core: ClusterCore) {}

  /** Ends the process. Its disk stays; copies to and from it fail, their sources complete. */
  kill(nodeId: string): void {
    const node = this.#member(nodeId);
    if (!node.running) return;
    node.running = false;
    this.#lost(node);
  }

  /** Starts the process again (or anew, when it runs): a new incarnation with the data of its disk. */
  restart(nodeId: string): void {
    const node = this.#member(nodeId);
    if (node.running) this.kill(nodeId);
    node.running = true;
    node.incarnation += 1;
    node.sequence = 0;
    this.#back(node);
  }

  /** Everything takes `factor` (>= 1) times as long on it; 1 heals. */
  slow(nodeId: string, factor: number): void {
    assert(factor >= 1 && Number.isFinite(factor), `A slow factor is 1 or more, not ${factor}`);
    const node = this.#member(nodeId);
    node.slowFactor = factor;
    this.core.nodeChanged(node);
  }

  /** Its answers no longer reach the manager; clients and nodes notice nothing. */
  silence(nodeId: string, silent = true): void {
    const node = this.#member(nodeId);
    node.answering = !silent;
    this.core.nodeChanged(node);
  }

  /** Cut off from everybody: as good as dead for the others, but it comes back with the same incarnation. */
  isolate(nodeId: string, isolated = true): void {
    const node = this.#member(nodeId);
    if (node.isolated === isolated) return;
    node.isolated = isolated;
    if (isolated) this.#lost(node);
    else if (node.running) this.#back(node);
    else this.core.nodeChanged(node);
  }

  /** Dies and comes back `times` times, `upMs` and `downMs` of simulated time each. */
  flap(nodeId: string, options: { upMs: number; downMs: number; times: number }): void {
    const node = this.#member(nodeId);
    const { core } = this;
    const cycleMs = options.upMs + options.downMs;
    for (let time = 0; time < options.times; time += 1) {
      const startMs = core.nowMs + time * cycleMs;
      core.agenda.add(startMs, () => { if (node.member) this.kill(nodeId); });
      core.agenda.add(startMs + options.downMs, () => { if (node.member && !node.running) this.restart(nodeId); });
    }
  }

  #lost(node: PhantomNode): void {
    const { core } = this;
    node.outages += 1;
    for (const move of [...core.moves.all()]) {
      if (move.origin === node.index || move.target === node.index) core.moves.fail(move, nodeDown(node.id));
    }
    core.nodeChanged(node);
    core.scheduleFailover(node);
  }

  #back(node: PhantomNode): void {
    const { core } = this;
    if (!isServing(node)) {
      core.nodeChanged(node);
      return;
    }
    node.failed = false;
    node.outages += 1;
    core.nodeChanged(node);
    // It may hold the only living secondary of a shard whose primary is gone for good.
    core.agenda.add(core.nowMs + MEMBERSHIP.failoverMs, () => { core.promoteOrphans(); });
  }

  #member(nodeId: string): PhantomNode {
    this.core.catchUp();
    const node = this.core.node(nodeId);
    assert(node?.member, `${nodeId} is no member of the cluster`);
    return node;
  }
}
