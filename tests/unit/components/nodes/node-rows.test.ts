import { describe, expect, it } from 'vitest';
import { filterNodeRows, isSameRow, NODE_EXPORT_COLUMNS, nodeExportRows, nodeRows, type NodeRow } from '@/components/nodes/node-rows';
import { toCsv } from '@/lib/client/export-file';
import { UNKNOWN_STATS, type Node } from '@/lib/contract/node';
import { UNKNOWN_RESOURCES } from '@/lib/contract/resources';

const NOW_MS = 1_000_000;
const RULE = { observedAtMs: NOW_MS, observationIntervalMs: 1_000 };

function nodeOf(id: string, overrides: Partial<Node> = {}): Node {
  return {
    id, name: id, address: `${id}:1`, domain: { region: null, zone: 'a', rack: null, host: null }, pool: 'default',
    lifecycle: 'active', liveness: 'alive', livenessReason: { code: 'answering', silentMs: 0, limitMs: 3_000 }, livenessSinceMs: 0, incarnation: 1,
    capacity: { cpu: 4, memory: 100, disk: 100, network: 100 }, usage: { cpu: 2, memory: 50, disk: 10, network: 10 }, stats: UNKNOWN_STATS,
    version: null, labels: {}, cordoned: false, maintenanceUntilMs: null, quarantinedUntilMs: null, flags: [], followerOf: null, observedAtMs: NOW_MS, ...overrides,
  };
}

function rowsOf(nodes: readonly Node[], counts: ReadonlyMap<string, { primaries: number; shards: number }> | null = new Map()): readonly NodeRow[] {
  return nodeRows({ nodes, counts, nodeIds: nodes.map((node) => node.id), nowMs: NOW_MS, rule: RULE });
}

describe('rows of the nodes table', () => {
  it('holdings are unknown until the shard table is there, and zero only when it says so', () => {
    expect(rowsOf([nodeOf('a')], null)[0]!.counts).toBeNull();
    expect(rowsOf([nodeOf('a')])[0]!.counts).toEqual({ primaries: 0, shards: 0 });
  });

  it('a follower holds nothing of its own and names its leader by name', () => {
    const [leader, follower] = rowsOf([nodeOf('a', { name: 'first' }), nodeOf('b', { followerOf: 'a' })]);
    expect(follower!.counts).toBeNull();
    expect(follower!.leaderName).toBe('first');
    expect(leader!.followerCount).toBe(1);
  });

  it('imbalance is the worst resource against the mean of active leaders; followers and dead nodes do not count in it', () => {
    const nodes = [
      nodeOf('a', { usage: { cpu: 3, memory: 50, disk: 10, network: 10 } }),
      nodeOf('b', { usage: { cpu: 1, memory: 50, disk: 10, network: 10 } }),
      nodeOf('dead', { liveness: 'dead', usage: { cpu: 4, memory: 100, disk: 100, network: 100 } }),
      nodeOf('f', { followerOf: 'a', usage: { cpu: 4, memory: 100, disk: 100, network: 100 } }),
    ];
    const rows = rowsOf(nodes);
    expect(rows[0]!.excess).toEqual({ resource: 'cpu', ratio: 0.5 });
    expect(rows[3]!.excess).toBeNull();
  });

  it('a node that tells nothing has no imbalance, not an imbalance of zero', () => {
    expect(rowsOf([nodeOf('a'), nodeOf('b', { usage: UNKNOWN_RESOURCES })])[1]!.excess).toBeNull();
  });

  it('when the whole picture is old, no single node is called late', () => {
    const rows = nodeRows({ nodes: [nodeOf('a')], counts: null, nodeIds: ['a'], nowMs: NOW_MS + 60_000, rule: RULE });
    expect(rows[0]!.stale).toBe(false);
  });

  it('values two intervals behind the cluster are stale and carry their age; a clock tick over fresh ones changes no row', () => {
    const fresh = nodeOf('a', { observedAtMs: NOW_MS - 2_900 });
    const old = nodeOf('b', { observedAtMs: NOW_MS - 3_100 });
    const never = nodeOf('c', { observedAtMs: null });
    const rows = rowsOf([fresh, old, never]);
    expect(rows.map((row) => [row.stale, row.staleMs])).toEqual([[false, null], [true, 3_100], [true, null]]);
    const later = nodeRows({ nodes: [fresh, old, never], counts: new Map(), nodeIds: ['a', 'b', 'c'], nowMs: NOW_MS + 50, rule: RULE });
    expect(isSameRow(rows[0]!, later[0]!)).toBe(true);
    expect(isSameRow(rows[1]!, later[1]!)).toBe(false);
  });
});

describe('filters of the nodes table', () => {
  const rows = rowsOf([
    nodeOf('node-1', { labels: { team: 'search' } }), nodeOf('node-2', { cordoned: true, domain: { region: null, zone: null, rack: null, host: null } }), nodeOf('node-3', { liveness: 'dead' }),
  ]);
  const idsOf = (filter: Parameters<typeof filterNodeRows>[1]) => filterNodeRows(rows, filter).map((row) => row.node.id);

  it('every word of the search must be found, in whatever field', () => {
    expect(idsOf({ search: 'NODE search', statuses: [], zones: [] })).toEqual(['node-1']);
    expect(idsOf({ search: 'node nowhere', statuses: [], zones: [] })).toEqual([]);
  });

  it('choices within a filter are alternatives, filters among each other all hold', () => {
    expect(idsOf({ search: '', statuses: ['Cordoned', 'Dead'], zones: [] })).toEqual(['node-2', 'node-3']);
    expect(idsOf({ search: '', statuses: ['Cordoned', 'Dead'], zones: ['a'] })).toEqual(['node-3']);
    expect(idsOf({ search: '', statuses: [], zones: [''] })).toEqual(['node-2']);
  });
});

describe('the export', () => {
  it('has every column in every row, and an empty cell for what is unknown', () => {
    const exported = nodeExportRows(rowsOf([nodeOf('a', { usage: UNKNOWN_RESOURCES })], null));
    expect(Object.keys(exported[0]!)).toEqual([...NODE_EXPORT_COLUMNS]);
    const [head, row] = toCsv(exported, NODE_EXPORT_COLUMNS).split('\r\n');
    const cell = (name: string) => row!.split(',')[head!.split(',').indexOf(name)];
    expect([cell('cpuUtilization'), cell('shards'), cell('id')]).toEqual(['', '', 'a']);
  });
});
