import type { LiveMove } from '@/lib/contract/live';
import type { Node } from '@/lib/contract/node';
import { RESOURCES, utilizationOf, type ResourceVector } from '@/lib/contract/resources';

/** Zone > leader > followers, in an order that depends on names alone: nothing jumps when values change. */
export interface ZoneBranch {
  /** Region and zone joined; unique. */
  readonly key: string;
  readonly label: string;
  readonly leaders: readonly LeaderBranch[];
}

export interface LeaderBranch {
  readonly node: Node;
  readonly followers: readonly Node[];
}

const natural = new Intl.Collator('en', { numeric: true });

function byName(a: Node, b: Node): number {
  return natural.compare(a.name, b.name) || natural.compare(a.id, b.id);
}

/** A follower whose leader is not known stands as a branch of its own, so that no node is ever left out. */
export function topologyTree(nodes: readonly Node[]): readonly ZoneBranch[] {
  const ids = new Set(nodes.map((node) => node.id));
  const followers = new Map<string, Node[]>();
  const zones = new Map<string, { label: string; leaders: Node[] }>();
  for (const node of [...nodes].sort(byName)) {
    if (node.followerOf !== null && ids.has(node.followerOf)) {
      followers.set(node.followerOf, [...(followers.get(node.followerOf) ?? []), node]);
      continue;
    }
    const { region, zone } = node.domain;
    const key = `${region ?? ''}/${zone ?? ''}`;
    const known = zones.get(key);
    if (known !== undefined) known.leaders.push(node);
    else zones.set(key, { label: zoneLabel(region, zone), leaders: [node] });
  }
  return [...zones]
    .map(([key, { label, leaders }]): ZoneBranch => ({ key, label, leaders: leaders.map((node) => ({ node, followers: followers.get(node.id) ?? [] })) }))
    .sort((a, b) => natural.compare(a.key, b.key));
}

function zoneLabel(region: string | null, zone: string | null): string {
  if (zone === null) return region === null ? 'Zone unknown' : `${region}, zone unknown`;
  return region === null ? zone : `${region} / ${zone}`;
}

/** Moves in flight between two nodes, as one flow. */
export interface MoveFlow {
  readonly key: string;
  readonly sourceNodeId: string;
  readonly targetNodeId: string;
  readonly moveCount: number;
  readonly bytesDone: number;
  /** `null` when the size of one of them is unknown. */
  readonly bytes: number | null;
}

export function moveFlows(moves: readonly LiveMove[]): readonly MoveFlow[] {
  const flows = new Map<string, MoveFlow>();
  for (const { sourceNodeId, targetNodeId, bytes, bytesDone, status } of moves) {
    if (status === 'pending' || status === 'done' || status === 'failed' || status === 'reverted') continue;
    const key = `${sourceNodeId} ${targetNodeId}`;
    const flow = flows.get(key) ?? { key, sourceNodeId, targetNodeId, moveCount: 0, bytesDone: 0, bytes: 0 };
    flows.set(key, {
      ...flow,
      moveCount: flow.moveCount + 1,
      bytesDone: flow.bytesDone + bytesDone,
      bytes: flow.bytes === null || bytes === null ? null : flow.bytes + bytes,
    });
  }
  return [...flows.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Mean utilization of the nodes that tell, per resource; `null` where none does. */
export function meanUtilization(nodes: readonly Node[]): ResourceVector {
  const all = nodes.map(utilizationOf);
  const entries = RESOURCES.map((resource) => {
    const known = all.flatMap((utilization) => utilization[resource] ?? []);
    return [resource, known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length] as const;
  });
  return Object.fromEntries(entries) as unknown as ResourceVector;
}
