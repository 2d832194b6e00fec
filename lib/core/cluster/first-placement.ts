/**
 * Where the shards of a new cluster go: primaries in turn over all nodes, and the other copies
 * on the nodes that follow, with the nodes dealt out zone by zone, so that neighbours are in
 * different zones as far as there are several. Even, and the same for the same nodes.
 *
 * @returns per shard the node ids, primary first; `replicationFactor` of them, or as many as there are nodes
 */
export function firstPlacement(options: { readonly shardCount: number; readonly replicationFactor: number; readonly nodes: readonly { readonly id: string; readonly zone: string | null }[] }): string[][] {
  const { shardCount, replicationFactor } = options;
  const dealt = dealByZone(options.nodes);
  const copies = Math.min(replicationFactor, dealt.length);
  return Array.from({ length: shardCount }, (_, shardId) => {
    // Each round of primaries shifts the others by one, so that no node has all its copies at its neighbour.
    const round = Math.floor(shardId / dealt.length);
    return copiesFrom(dealt, { start: shardId % dealt.length, shift: round, copies });
  });
}

interface Placed { readonly id: string; readonly zone: string | null }

function dealByZone(nodes: readonly Placed[]): Placed[] {
  const zones = new Map<string, Placed[]>();
  for (const node of [...nodes].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const zone = node.zone ?? '';
    zones.set(zone, [...(zones.get(zone) ?? []), node]);
  }
  const piles = [...zones.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pile]) => pile);
  const longest = Math.max(0, ...piles.map((pile) => pile.length));
  return Array.from({ length: longest }, (_, index) => piles.flatMap((pile) => pile[index] ?? [])).flat();
}

function copiesFrom(dealt: readonly Placed[], { start, shift, copies }: { start: number; shift: number; copies: number }): string[] {
  const primary = dealt[start];
  if (primary === undefined) return [];
  const others = dealt.slice(start + 1).concat(dealt.slice(0, start));
  const turned = others.length === 0 ? [] : others.slice(shift % others.length).concat(others.slice(0, shift % others.length));
  const chosen = [primary];
  const zones = new Set([primary.zone]);
  for (const candidates of [turned.filter((node) => !zones.has(node.zone)), turned]) {
    for (const node of candidates) {
      if (chosen.length >= copies) break;
      if (chosen.includes(node) || (candidates !== turned && zones.has(node.zone))) continue;
      chosen.push(node);
      zones.add(node.zone);
    }
  }
  return chosen.map((node) => node.id);
}
