'use client';

import '@xyflow/react/dist/base.css';
import { BaseEdge, Controls, EdgeLabelRenderer, Handle, MarkerType, Position, ReactFlow, type Edge, type EdgeProps, type Node as FlowNode, type NodeProps } from '@xyflow/react';
import { useComputedColorScheme } from '@mantine/core';
import { useMemo } from 'react';
import { ResourceBars } from '@/components/charts/node-bars';
import { StatusBadge } from '@/components/ui/status-badge';
import { formatBytes, plural } from '@/lib/client/format';
import { nodeWords } from '@/lib/client/status';
import { BOXES_MAX, densityFor, flowPath, layoutTopology, layoutZoneCards, type Box, type Density, type TopologyLayout } from './topology-layout';
import { CompactCard, CompactFollowerCard, FollowerCard, LeaderCard } from './node-card';
import type { TopologyModel } from './topology-model';
import { meanUtilization, type MoveFlow, type ZoneBranch } from './topology-tree';
import classes from './topology.module.css';

/** What a drawn element carries; React Flow draws it again only when one of these changed. */
type ZoneData = { readonly label: string; readonly note: string };
type ZoneCardData = { readonly zone: ZoneBranch; readonly model: TopologyModel };
type NodeData = { readonly nodeId: string; readonly model: TopologyModel; readonly leaderZone: string | null; readonly density: Density };
type ZoneNode = FlowNode<ZoneData, 'zone'>;
type ZoneCardNode = FlowNode<ZoneCardData, 'zone-card'>;
type LeaderNode = FlowNode<NodeData, 'leader'>;
type FollowerNode = FlowNode<NodeData, 'follower'>;
type AnyNode = ZoneNode | ZoneCardNode | LeaderNode | FollowerNode;
type MoveEdge = Edge<{ readonly flow: MoveFlow; readonly source: Box; readonly target: Box }, 'move'>;

const ARROW = { type: MarkerType.ArrowClosed, color: 'var(--ps-accent)', width: 14, height: 14 } as const;
/** The controls lie below the drawing, not on it. */
const FIT = { padding: { top: '8px', left: '8px', right: '8px', bottom: '44px' }, maxZoom: 1 } as const;
const nodeTypes = { zone: ZoneBox, 'zone-card': ZoneCard, leader: LeaderBox, follower: FollowerBox };
const edgeTypes = { move: MoveLine };

/** The drawing: zones as frames, nodes as boxes, moves in flight as lines between them. */
export function TopologyGraph({ model }: { readonly model: TopologyModel }) {
  const scheme = useComputedColorScheme('light');
  const { zones, flows } = model;
  const boxCount = zones.reduce((sum, zone) => sum + zone.leaders.reduce((held, leader) => held + 1 + leader.followers.length, 0), 0);
  const grouped = boxCount > BOXES_MAX;
  const density = densityFor(boxCount);
  const layout = useMemo(() => (grouped ? layoutZoneCards(zones) : layoutTopology(zones, density)), [zones, grouped, density]);
  const nodes = useMemo(() => flowNodes({ model, layout, grouped, density }), [model, layout, grouped, density]);
  const edges = useMemo(() => flows.flatMap((flow): MoveEdge[] => {
    const source = layout.boxes.get(flow.sourceNodeId);
    const target = layout.boxes.get(flow.targetNodeId);
    if (source === undefined || target === undefined) return [];
    return [{ id: flow.key, type: 'move', source: flow.sourceNodeId, target: flow.targetNodeId, data: { flow, source, target }, zIndex: 10, focusable: false, markerEnd: ARROW }];
  }), [flows, layout]);
  return (
    <div className={classes.canvas} style={{ aspectRatio: `${Math.max(1, layout.width)} / ${Math.max(1, layout.height)}` }}>
      <ReactFlow<AnyNode, MoveEdge>
        nodes={nodes} edges={edges} nodeTypes={nodeTypes} edgeTypes={edgeTypes} colorMode={scheme} fitView fitViewOptions={FIT}
        minZoom={0.1} maxZoom={2} nodesDraggable={false} nodesConnectable={false} nodesFocusable={false} edgesFocusable={false} elementsSelectable={false}
        disableKeyboardA11y onlyRenderVisibleElements={boxCount > 100} zoomOnScroll={false} preventScrolling={false} zoomOnDoubleClick={false}
      >
        <Controls showInteractive={false} orientation="horizontal" fitViewOptions={FIT} />
      </ReactFlow>
    </div>
  );
}

function flowNodes({ model, layout, grouped, density }: { model: TopologyModel; layout: TopologyLayout; grouped: boolean; density: Density }): AnyNode[] {
  const frames = new Map(layout.zones.map(({ key, box }) => [key, box]));
  return model.zones.flatMap((zone): AnyNode[] => {
    const frame = frames.get(zone.key)!;
    const place = (box: Box) => ({ position: { x: box.x, y: box.y }, width: box.width, height: box.height });
    if (grouped) return [{ id: `zone ${zone.key}`, type: 'zone-card', ...place(frame), data: { zone, model } }];
    const note = plural(zone.leaders.length, 'node');
    const drawn: AnyNode[] = [{ id: `zone ${zone.key}`, type: 'zone', ...place(frame), zIndex: -1, data: { label: zone.label, note } }];
    for (const { node, followers } of zone.leaders) {
      drawn.push({ id: node.id, type: 'leader', ...place(layout.boxes.get(node.id)!), data: { nodeId: node.id, model, leaderZone: node.domain.zone, density } });
      for (const follower of followers) {
        drawn.push({ id: follower.id, type: 'follower', ...place(layout.boxes.get(follower.id)!), data: { nodeId: follower.id, model, leaderZone: node.domain.zone, density } });
      }
    }
    return drawn;
  });
}

function ZoneBox({ data }: NodeProps<ZoneNode>) {
  return <div className={classes.zone}><span className={classes.zoneLabel}>{data.label}</span> <span className={classes.zoneNote}>{data.note}</span></div>;
}

function LeaderBox({ data: { nodeId, model, density } }: NodeProps<LeaderNode>) {
  const props = model.cardOf(nodeId);
  return props !== null && <><Ends />{density === 'compact' ? <CompactCard {...props} /> : <LeaderCard {...props} />}</>;
}

function FollowerBox({ data: { nodeId, model, leaderZone, density } }: NodeProps<FollowerNode>) {
  const props = model.cardOf(nodeId);
  return props !== null && <><Ends />{density === 'compact' ? <CompactFollowerCard {...props} /> : <FollowerCard {...props} leaderZone={leaderZone} />}</>;
}

/** React Flow ties lines to handles; ours draw themselves from box to box, so the handles are not seen. */
function Ends() {
  return (
    <>
      <Handle type="source" position={Position.Right} isConnectable={false} className={classes.handle ?? ''} />
      <Handle type="target" position={Position.Left} isConnectable={false} className={classes.handle ?? ''} />
    </>
  );
}

/** Beyond the number of boxes one can look at: a zone as one card with its counts. */
function ZoneCard({ data: { zone, model } }: NodeProps<ZoneCardNode>) {
  const all = zone.leaders.flatMap(({ node, followers }) => [node, ...followers]);
  const words = new Map<string, { status: ReturnType<typeof nodeWords>; count: number }>();
  for (const node of all) {
    const status = nodeWords(node, model.nowMs);
    words.set(status.label, { status, count: (words.get(status.label)?.count ?? 0) + 1 });
  }
  return (
    <article className={classes.card} data-tone="neutral" aria-label={zone.label}>
      <div className={classes.cardHead}><span className={classes.zoneLabel}>{zone.label}</span> <span className={classes.zoneNote}>{plural(all.length, 'node')}</span></div>
      <div className={classes.fact}>{[...words.values()].map(({ status, count }) => <StatusBadge key={status.label} status={status} variant="plain">{count} {status.label}</StatusBadge>)}</div>
      <div className={classes.zoneNote}>Mean utilization</div>
      <ResourceBars ratios={meanUtilization(zone.leaders.map(({ node }) => node))} safetyLines={model.safetyLines} />
    </article>
  );
}

function MoveLine({ id, data, markerEnd }: EdgeProps<MoveEdge>) {
  if (data === undefined) return null;
  const { path, labelX, labelY } = flowPath(data.source, data.target);
  const { moveCount, bytes, bytesDone } = data.flow;
  return (
    <>
      <BaseEdge id={id} path={path} className={classes.flow ?? ''} {...(markerEnd !== undefined && { markerEnd })} />
      <EdgeLabelRenderer>
        <div className={classes.flowLabel} style={{ transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)` }}>
          {plural(moveCount, 'move')}{bytes !== null && `, ${formatBytes(bytesDone)} of ${formatBytes(bytes)}`}
        </div>
      </EdgeLabelRenderer>
    </>
  );
}
