/** One process of the simulated cluster and what is wrong with it at the moment. */
export interface PhantomNode {
  /** Position in every per-node array; a removed node keeps its own. */
  readonly index: number;
  readonly id: string;
  readonly zone: string;
  /** Counts its starts. */
  incarnation: number;
  /** Readings given since its start. */
  sequence: number;
  /** False until it has joined, and again after it left. */
  member: boolean;
  removed: boolean;
  /** True: its process runs and was not told to join yet. */
  waiting: boolean;
  /** False: the process is gone; its disk is not. */
  running: boolean;
  /** False: it serves, but its answers do not reach the manager. */
  answering: boolean;
  /** True: nobody reaches it, neither clients nor nodes nor the manager. */
  isolated: boolean;
  /** >= 1: how much longer everything takes on it. */
  slowFactor: number;
  /** The others call it failed and promoted what they could. */
  failed: boolean;
  /** What it was made for: the key of a step, or the intent of a provisioner; null for the first nodes. */
  readonly joinKey: string | null;
  /** Counts its losses, so that a failover that was called off is told from the next one. */
  outages: number;
}

/** A healthy node that has not joined yet. */
export function newNode(options: { index: number; id: string; zone: string; joinKey: string | null }): PhantomNode {
  return {
    ...options, incarnation: 1, sequence: 0, member: false, removed: false, waiting: false,
    running: true, answering: true, isolated: false, slowFactor: 1, failed: false, outages: 0,
  };
}

/** Where it is reached. */
export function addressOf(node: Pick<PhantomNode, 'id'>): string {
  return `${node.id}.phantom:7400`;
}

/** Do clients and other nodes reach it? */
export function isServing(node: PhantomNode): boolean {
  return node.member && node.running && !node.isolated;
}

/** node-01, node-02, ...; as many digits as the first cluster needs, so that names sort. */
export function nodeName(number: number, digits: number): string {
  return `node-${String(number).padStart(digits, '0')}`;
}

export function zoneName(zone: number): string {
  return `zone-${String.fromCharCode(97 + zone)}`;
}
