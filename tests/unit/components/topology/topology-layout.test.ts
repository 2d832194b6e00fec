import { describe, expect, it } from 'vitest';
import { densityFor, flowPath, layoutTopology, layoutZoneCards, type Box } from '@/components/topology/topology-layout';
import { meanUtilization, moveFlows, topologyTree } from '@/components/topology/topology-tree';
import type { LiveMove } from '@/lib/contract/live';
import { UNKNOWN_STATS, type Node } from '@/lib/contract/node';

function nodeOf(id: string, overrides: Partial<Node> = {}, zone: string | null = 'a'): Node {
  return {
    id, name: id, address: `${id}:1`, domain: { region: null, zone, rack: null, host: null }, pool: 'default',
    lifecycle: 'active', liveness: 'alive', livenessReason: { code: 'answering', silentMs: 0, limitMs: 3_000 }, livenessSinceMs: 0, incarnation: 1,
    capacity: { cpu: 4, memory: 100, disk: 100, network: 100 }, usage: { cpu: 2, memory: 50, disk: null, network: 10 }, stats: UNKNOWN_STATS,
    version: null, labels: {}, cordoned: false, maintenanceUntilMs: null, quarantinedUntilMs: null, flags: [], followerOf: null, observedAtMs: 0, ...overrides,
  };
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

const fleet = Array.from({ length: 37 }, (_, index) => nodeOf(`node-${index}`, index % 5 === 4 ? { followerOf: `node-${index - 1}` } : {}, `zone-${index % 3}`));

describe('the tree of zones', () => {
  it('orders zones and nodes by name as people count, whatever order they arrive in', () => {
    const tree = topologyTree(fleet);
    expect(topologyTree([...fleet].reverse())).toEqual(tree);
    expect(tree.map((zone) => zone.label)).toEqual(['zone-0', 'zone-1', 'zone-2']);
    const names = tree[0]!.leaders.map(({ node }) => node.name);
    expect(names.indexOf('node-6')).toBeLessThan(names.indexOf('node-12'));
  });

  it('loses no node: a follower without its leader and a node without a zone are shown', () => {
    const nodes = [nodeOf('lonely', { followerOf: 'gone' }), nodeOf('nowhere', {}, null), nodeOf('leader'), nodeOf('f', { followerOf: 'leader' }, 'b')];
    const tree = topologyTree(nodes);
    const shown = tree.flatMap((zone) => zone.leaders.flatMap(({ node, followers }) => [node.id, ...followers.map((follower) => follower.id)]));
    expect(shown.sort()).toEqual(['f', 'leader', 'lonely', 'nowhere']);
    expect(tree.map((zone) => zone.label)).toContain('Zone unknown');
  });
});

describe('the layout', () => {
  it('is the same for the same nodes, and values do not move anything', () => {
    const busier = fleet.map((node) => ({ ...node, usage: { ...node.usage, cpu: 4 } }));
    expect(layoutTopology(topologyTree(busier), 'full')).toEqual(layoutTopology(topologyTree(fleet), 'full'));
  });

  it.each(['full', 'compact'] as const)('no two boxes touch and every box is inside a zone, drawn %s', (density) => {
    const layout = layoutTopology(topologyTree(fleet), density);
    const boxes = [...layout.boxes.values()];
    expect(boxes.length).toBe(fleet.length);
    for (const [index, box] of boxes.entries()) {
      for (const other of boxes.slice(index + 1)) expect(overlap(box, other)).toBe(false);
      expect(layout.zones.some(({ box: zone }) => box.x >= zone.x && box.y >= zone.y && box.x + box.width <= zone.x + zone.width && box.y + box.height <= zone.y + zone.height)).toBe(true);
    }
  });

  it('one node and no node are drawn too, and cards do not overlap', () => {
    expect(layoutTopology(topologyTree([nodeOf('only')]), densityFor(1)).boxes.size).toBe(1);
    expect(layoutTopology([], densityFor(0)).width).toBe(0);
    const cards = layoutZoneCards(topologyTree(fleet)).zones;
    expect(overlap(cards[0]!.box, cards[1]!.box)).toBe(false);
  });
});

describe('flows', () => {
  const move = (overrides: Partial<LiveMove>): LiveMove => ({ operationId: 'op', index: 0, shardId: 1, sourceNodeId: 'a', targetNodeId: 'b', status: 'copying', bytes: 10, bytesDone: 4, ...overrides });

  it('joins the moves in flight between two nodes and leaves out what has ended or not begun', () => {
    const flows = moveFlows([move({}), move({ shardId: 2 }), move({ status: 'done' }), move({ status: 'pending' }), move({ sourceNodeId: 'b', targetNodeId: 'a', bytes: null })]);
    expect(flows.map(({ key, moveCount, bytes, bytesDone }) => [key, moveCount, bytes, bytesDone])).toEqual([['a b', 2, 20, 8], ['b a', 1, null, 4]]);
  });

  it('starts and ends at the edges of the boxes, and the way back is another line', () => {
    const left = { x: 0, y: 0, width: 100, height: 100 };
    const right = { x: 400, y: 0, width: 100, height: 100 };
    const there = flowPath(left, right);
    const back = flowPath(right, left);
    expect(there.path.startsWith('M100,')).toBe(true);
    expect(there.labelY).not.toBe(back.labelY);
  });

  it('unknown utilization is left out of a mean and never counted as zero', () => {
    const mean = meanUtilization([nodeOf('a'), nodeOf('b', { usage: { cpu: null, memory: 100, disk: null, network: 0 } })]);
    expect(mean).toEqual({ cpu: 0.5, memory: 0.75, disk: null, network: 0.05 });
  });
});
