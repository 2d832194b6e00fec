/**
 * One hash slot in a Redis Cluster of a source A with its follower F, a target B and a
 * bystander C: the rules of the engine (cluster.c of Redis 7) that the move protocol rests
 * on, each command as one atomic change. Replication to F is taken as synchronous: what an
 * asynchronous one loses, it loses with or without us.
 */
export type NodeName = 'A' | 'B' | 'C' | 'F';
export type Key = 'k1' | 'k2' | 'new';

export interface NodeState {
  readonly alive: boolean;
  readonly primary: boolean;
  readonly configEpoch: number;
  /** Whom this node takes for the owner of the slot. */
  readonly owner: NodeName;
  readonly migratingTo: NodeName | null;
  readonly importingFrom: NodeName | null;
  readonly keys: readonly Key[];
}

export type Nodes = Readonly<Record<NodeName, NodeState>>;

export type Reply =
  | { readonly ok: true; readonly nodes: Nodes }
  /** unreachable: the node does not answer. refused: it answers with an error. */
  | { readonly ok: false; readonly why: 'unreachable' | 'refused' };

export const NAMES: readonly NodeName[] = ['A', 'B', 'C', 'F'];

export function initialNodes(): Nodes {
  const node = (owner: NodeName, more: Partial<NodeState> = {}): NodeState => ({ alive: true, primary: true, configEpoch: 0, owner, migratingTo: null, importingFrom: null, keys: [], ...more });
  return { A: node('A', { configEpoch: 1, keys: ['k1', 'k2'] }), B: node('A', { configEpoch: 2 }), C: node('A', { configEpoch: 3 }), F: node('A', { primary: false, keys: ['k1', 'k2'] }) };
}

export function withNode(nodes: Nodes, name: NodeName, change: Partial<NodeState>): Nodes {
  const next = { ...nodes, [name]: { ...nodes[name], ...change } };
  // F mirrors the keys of A as long as it follows it.
  return name === 'A' && change.keys !== undefined && !next.F.primary ? { ...next, F: { ...next.F, keys: change.keys } } : next;
}

export function setImporting(nodes: Nodes, name: NodeName, from: NodeName): Reply {
  const node = nodes[name];
  if (!node.alive) return { ok: false, why: 'unreachable' };
  return node.owner === name ? { ok: false, why: 'refused' } : { ok: true, nodes: withNode(nodes, name, { importingFrom: from }) };
}

export function setMigrating(nodes: Nodes, name: NodeName, to: NodeName): Reply {
  const node = nodes[name];
  if (!node.alive) return { ok: false, why: 'unreachable' };
  return node.owner === name ? { ok: true, nodes: withNode(nodes, name, { migratingTo: to }) } : { ok: false, why: 'refused' };
}

export function setStable(nodes: Nodes, name: NodeName): Reply {
  return nodes[name].alive ? { ok: true, nodes: withNode(nodes, name, { migratingTo: null, importingFrom: null }) } : { ok: false, why: 'unreachable' };
}

export function setOwner(nodes: Nodes, name: NodeName, owner: NodeName): Reply {
  const node = nodes[name];
  if (!node.alive) return { ok: false, why: 'unreachable' };
  if (node.owner === name && owner !== name && node.keys.length > 0) return { ok: false, why: 'refused' };
  const takesImport = owner === name && node.importingFrom !== null;
  const highest = Math.max(...NAMES.map((each) => nodes[each].configEpoch));
  return { ok: true, nodes: withNode(nodes, name, {
    owner,
    migratingTo: node.keys.length === 0 ? null : node.migratingTo,
    importingFrom: takesImport ? null : node.importingFrom,
    configEpoch: takesImport && node.configEpoch < highest ? highest + 1 : node.configEpoch,
  }) };
}

/** MIGRATE ... REPLACE of one key; a key that is gone is no error. */
export function migrateKey(nodes: Nodes, from: NodeName, to: NodeName, key: Key): Reply {
  if (!nodes[from].alive) return { ok: false, why: 'unreachable' };
  if (nodes[from].owner !== from) return { ok: false, why: 'refused' };
  if (!nodes[from].keys.includes(key)) return { ok: true, nodes };
  if (!nodes[to].alive) return { ok: false, why: 'unreachable' };
  if (nodes[to].owner !== to && nodes[to].importingFrom === null) return { ok: false, why: 'refused' };
  const arrived = withNode(nodes, to, { keys: sorted([...nodes[to].keys.filter((each) => each !== key), key]) });
  return { ok: true, nodes: withNode(arrived, from, { keys: arrived[from].keys.filter((each) => each !== key) }) };
}

/** A client that follows every redirection creates a key, where the slot is served. `null`: it is not served now. */
export function createKey(nodes: Nodes, key: Key): Nodes | null {
  for (const name of NAMES) {
    const node = nodes[name];
    if (!node.alive || !node.primary || node.owner !== name) continue;
    if (node.migratingTo === null || node.keys.includes(key)) return withNode(nodes, name, { keys: sorted([...node.keys, key]) });
    const asked = nodes[node.migratingTo];
    const takes = asked.alive && (asked.importingFrom !== null || asked.owner === node.migratingTo);
    return takes ? withNode(nodes, node.migratingTo, { keys: sorted([...asked.keys, key]) }) : null;
  }
  return null;
}

/** `teller` says of itself that it owns the slot; a listener believes the higher epoch, and gives up what it held itself. */
export function gossip(nodes: Nodes, teller: NodeName, listener: NodeName): Nodes | null {
  const told = nodes[teller];
  const hears = nodes[listener];
  if (!told.alive || !hears.alive || !told.primary || told.owner !== teller || hears.owner === teller) return null;
  // A slot that is being imported is changed by commands alone.
  if (hears.importingFrom !== null) return null;
  if (nodes[hears.owner].configEpoch >= told.configEpoch) return null;
  // Whoever loses a slot to a claim deletes its keys of it.
  const loses = hears.owner === listener;
  return withNode(nodes, listener, { owner: teller, ...(loses && { keys: [], migratingTo: null }) });
}

/** F takes over what A had as F knows it. Elections take far longer than gossip, so all that live have heard everything by then. */
export function promote(nodes: Nodes): Nodes | null {
  if (nodes.A.alive || nodes.F.primary) return null;
  const quiet = NAMES.every((teller) => NAMES.every((listener) => teller === listener || gossip(nodes, teller, listener) === null));
  if (!quiet) return null;
  const epoch = Math.max(...NAMES.map((each) => nodes[each].configEpoch)) + 1;
  return { ...nodes, F: { ...nodes.F, primary: true, configEpoch: epoch, owner: nodes.F.owner === 'A' ? 'F' : nodes.F.owner } };
}

function sorted(keys: readonly Key[]): Key[] {
  return [...keys].sort();
}
