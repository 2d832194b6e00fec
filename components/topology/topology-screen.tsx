'use client';

import { Group, SegmentedControl, Text, Title } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import dynamic from 'next/dynamic';
import { parseAsStringLiteral, useQueryState } from 'nuqs';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useCluster, useFreshness, useLiveView } from '@/components/realtime/use-cluster';
import { Panel, StalePanel } from '@/components/ui/panel';
import { EmptyState, LoadingState } from '@/components/ui/states';
import { plural } from '@/lib/client/format';
import type { Node } from '@/lib/contract/node';
import { useTopologyModel } from './topology-model';
import { TopologyTreeTable } from './topology-tree-table';

// The drawing's library is not loaded where the tree is shown instead.
const TopologyGraph = dynamic(() => import('./topology-graph').then((module) => module.TopologyGraph), { ssr: false, loading: () => <LoadingState what="the drawing" /> });

/** Where the nodes stand and how they are, with the moves between them. */
export function TopologyScreen() {
  useLiveView('nodes');
  useLiveView('shards');
  useLiveView('moves');
  const nodes = useCluster((state) => state.nodes);
  const freshness = useFreshness();
  return (
    <>
      <Title order={1} mb="sm">Topology</Title>
      <StalePanel {...freshness}>
        {nodes === null && <LoadingState what="the nodes" />}
        {nodes?.length === 0 && <EmptyState title="This cluster has no nodes">They appear here as soon as one answers.</EmptyState>}
        {nodes !== null && nodes.length > 0 && <Topology nodes={nodes} />}
      </StalePanel>
    </>
  );
}

function Topology({ nodes }: { readonly nodes: readonly Node[] }) {
  const clusterId = useClusterId();
  const model = useTopologyModel(clusterId, nodes);
  const narrow = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: true });
  const [chosen, setView] = useQueryState('view', parseAsStringLiteral(['graph', 'tree']).withOptions({ history: 'replace' }));
  const view = chosen ?? (narrow ? 'tree' : 'graph');
  const moveCount = model.flows.reduce((sum, flow) => sum + flow.moveCount, 0);
  return (
    <Panel
      title={`${plural(nodes.length, 'node')} in ${plural(model.zones.length, 'zone')}`}
      note={moveCount === 0 ? 'no move in flight' : `${plural(moveCount, 'move')} in flight`}
      actions={(
        <SegmentedControl
          aria-label="View" value={view} onChange={(next) => void setView(next)}
          data={[{ value: 'graph', label: 'Drawing' }, { value: 'tree', label: 'Tree' }]}
        />
      )}
    >
      {view === 'graph' ? <TopologyGraph model={model} /> : <TopologyTreeTable model={model} />}
      <Group gap="xs" mt="xs">
        <Text size="xs" c="dimmed">Bars: usage of capacity, the mark is the safety line. Hatched: values older than two observation intervals.</Text>
      </Group>
    </Panel>
  );
}
