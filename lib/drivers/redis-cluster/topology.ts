import { err, ok, type Result } from '@/lib/platform/result';
import { formatEndpoint, type Endpoint } from './endpoints';

/** Hash slots of a Redis Cluster, fixed by its specification. */
export const SLOT_COUNT = 16_384;

export interface SlotRange {
  readonly first: number;
  readonly last: number;
}

/** One line of CLUSTER NODES: a node as the asked node knows it. */
export interface ClusterNodeLine {
  readonly id: string;
  /** Announced address; `null` while the node knows none of itself or of that one (`noaddr`). */
  readonly endpoint: Endpoint | null;
  readonly hostname: string | null;
  /** Port of the cluster bus; `null` when not told. */
  readonly busPort: number | null;
  readonly flags: ReadonlySet<string>;
  readonly leaderId: string | null;
  readonly configEpoch: number;
  readonly linkConnected: boolean;
  readonly slots: readonly SlotRange[];
  /** Only a node itself tells its open slots, in the line flagged `myself`. */
  readonly migrating: ReadonlyMap<number, string>;
  readonly importing: ReadonlyMap<number, string>;
}

/** What one node answered to CLUSTER NODES. */
export interface ClusterView {
  readonly self: ClusterNodeLine;
  /** All nodes it knows, itself included; nodes in handshake are left out, their ids are not theirs yet. */
  readonly nodes: ReadonlyMap<string, ClusterNodeLine>;
}

/** Parses CLUSTER NODES (Redis 7.0 to 8, Valkey 7.2 to 9); the error says which line is not understood. */
export function parseClusterNodes(text: string): Result<ClusterView, string> {
  const nodes = new Map<string, ClusterNodeLine>();
  let self: ClusterNodeLine | null = null;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const node = parseLine(line.trimEnd());
    if (node === null) return err(`CLUSTER NODES has a line that is not understood: ${line.slice(0, 200)}`);
    if (node.flags.has('handshake')) continue;
    nodes.set(node.id, node);
    if (node.flags.has('myself')) self = node;
  }
  return self === null ? err('CLUSTER NODES names no "myself"') : ok({ self, nodes });
}

/** Only what the node says of itself, from the same answer; `null` when it is not understood. */
export function parseSelf(text: string): ClusterNodeLine | null {
  for (let at = text.indexOf('myself'); at >= 0; at = text.indexOf('myself', at + 1)) {
    const end = text.indexOf('\n', at);
    const line = parseLine(text.slice(text.lastIndexOf('\n', at) + 1, end < 0 ? text.length : end).trimEnd());
    // A host may be called so, too.
    if (line?.flags.has('myself') === true) return line;
  }
  return null;
}

// <id> <ip:port@cport[,hostname[,aux=value]*]> <flags> <leader> <ping-sent> <pong-recv> <config-epoch> <link-state> <slot>...
const HEAD_FIELDS = 8;

function parseLine(line: string): ClusterNodeLine | null {
  const head: string[] = [];
  let at = 0;
  while (head.length < HEAD_FIELDS && at <= line.length) {
    const space = line.indexOf(' ', at);
    const end = space < 0 ? line.length : space;
    head.push(line.slice(at, end));
    at = end + 1;
  }
  const [id, address, flagList, leader, , , epoch, link] = head;
  if (id === undefined || address === undefined || flagList === undefined || leader === undefined || epoch === undefined || link === undefined) return null;
  const configEpoch = Number(epoch);
  const parsedSlots = parseSlots(line, at);
  if (id === '' || !Number.isInteger(configEpoch) || parsedSlots === null) return null;
  return {
    id,
    ...parseAddress(address),
    flags: new Set(flagList.split(',')),
    leaderId: leader === '-' ? null : leader,
    configEpoch,
    linkConnected: link === 'connected',
    ...parsedSlots,
  };
}

function parseAddress(text: string): Pick<ClusterNodeLine, 'endpoint' | 'hostname' | 'busPort'> {
  const [socket = '', hostname = ''] = text.split(',');
  const [clientPart = '', bus = ''] = socket.split('@');
  const colon = clientPart.lastIndexOf(':');
  const host = clientPart.slice(0, Math.max(colon, 0));
  const port = Number(clientPart.slice(colon + 1));
  const usable = colon > 0 && host !== '' && Number.isInteger(port) && port > 0;
  return {
    endpoint: usable ? { host, port } : null,
    hostname: hostname === '' || hostname === '?' ? null : hostname,
    busPort: Number(bus) > 0 ? Number(bus) : null,
  };
}

const ZERO = 48;
const SPACE = 32;
const DASH = 45;
const BRACKET = 91;

/**
 * The slots behind position `at`. Read character by character: moves leave thousands of
 * ranges behind, and every primary tells them all at every question.
 */
function parseSlots(line: string, at: number): Pick<ClusterNodeLine, 'slots' | 'migrating' | 'importing'> | null {
  const slots: SlotRange[] = [];
  const migrating = new Map<number, string>();
  const importing = new Map<number, string>();
  let i = at;
  while (i < line.length) {
    const code = line.charCodeAt(i);
    if (code === SPACE) {
      i += 1;
    } else if (code === BRACKET) {
      const space = line.indexOf(' ', i);
      const end = space < 0 ? line.length : space;
      const open = /^\[(\d+)-([<>])-([^\]]+)\]$/.exec(line.slice(i, end));
      if (open === null) return null;
      (open[2] === '>' ? migrating : importing).set(Number(open[1]), open[3] ?? '');
      i = end;
    } else {
      const first = readNumber(line, i);
      const ranged = line.charCodeAt(first.end) === DASH;
      const last = ranged ? readNumber(line, first.end + 1) : first;
      const closed = last.end >= line.length || line.charCodeAt(last.end) === SPACE;
      if (first.end === i || (ranged && last.end === first.end + 1) || !closed || first.value > last.value || last.value >= SLOT_COUNT) return null;
      slots.push({ first: first.value, last: last.value });
      i = last.end;
    }
  }
  return { slots, migrating, importing };
}

function readNumber(line: string, at: number): { value: number; end: number } {
  let value = 0;
  let end = at;
  for (; end < line.length; end += 1) {
    const digit = line.charCodeAt(end) - ZERO;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return { value, end };
}

export function isPrimary(line: ClusterNodeLine): boolean {
  return line.flags.has('master');
}

const ownersByNodes = new WeakMap<ClusterView['nodes'], readonly (string | null)[]>();

/** Node id per slot by these lines; `null`: nobody. Made once per answer. */
function ownersByLines(nodes: ClusterView['nodes']): readonly (string | null)[] {
  const known = ownersByNodes.get(nodes);
  if (known !== undefined) return known;
  const owners = new Array<string | null>(SLOT_COUNT).fill(null);
  for (const node of nodes.values()) {
    for (const { first, last } of node.slots) owners.fill(node.id, first, last + 1);
  }
  ownersByNodes.set(nodes, owners);
  return owners;
}

/** Node id per slot as this node sees it; `null`: nobody. What it says of itself wins. */
export function ownersInView({ self, nodes }: ClusterView): readonly (string | null)[] {
  const owners = ownersByLines(nodes);
  if (nodes.get(self.id) === self) return owners;
  const fresh = owners.map((owner) => owner === self.id ? null : owner);
  for (const { first, last } of self.slots) fresh.fill(self.id, first, last + 1);
  return fresh;
}

/** The owner of the slot as this node sees it; `null`: none. */
export function ownerInView({ self, nodes }: ClusterView, slot: number): string | null {
  if (hasSlot(self.slots, slot)) return self.id;
  const owner = ownersByLines(nodes)[slot] ?? null;
  return owner === self.id ? null : owner;
}

/** Ranges ascend, as the server writes them. */
function hasSlot(ranges: readonly SlotRange[], slot: number): boolean {
  let low = 0, high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const { first, last } = ranges[middle]!;
    if (slot < first) high = middle - 1;
    else if (slot > last) low = middle + 1;
    else return true;
  }
  return false;
}

export function slotCountOf(ranges: readonly SlotRange[]): number {
  return ranges.reduce((count, range) => count + range.last - range.first + 1, 0);
}

/** Short label for people: `host:port`, else the start of the id. */
export function nameOf(line: Pick<ClusterNodeLine, 'id' | 'endpoint'>): string {
  return line.endpoint === null ? line.id.slice(0, 12) : formatEndpoint(line.endpoint);
}
