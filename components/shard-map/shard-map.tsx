'use client';

import { useComputedColorScheme } from '@mantine/core';
import { useResizeObserver, useViewportSize } from '@mantine/hooks';
import dynamic from 'next/dynamic';
import { useMemo, useState } from 'react';
import { Legend } from '@/components/charts/legend';
import { blockLabelsOf, emphasisOfNode, metricPicture, metricTables, ownerPicture, ownerTables } from '@/components/charts/map-pictures';
import { suitableLayout, type ShardPlacement } from '@/components/charts/shard-layout';
import { roundingOf, SHARD_METRIC_FACTS } from '@/components/charts/shard-metrics';
import { useCluster } from '@/components/realtime/use-cluster';
import { Panel } from '@/components/ui/panel';
import { LoadingState } from '@/components/ui/states';
import { formatCount } from '@/lib/client/format';
import type { ShardTable } from '@/lib/contract/shard-table';
import { fittedLayout } from './fitted-layout';
import { KeyFinder } from './key-finder';
import { MapControls } from './map-controls';
import { MapGrid } from './map-grid';
import { MetricLegend } from './metric-legend';
import { useNodeNames } from '@/components/charts/node-names';
import { ownerItemsOf } from './owner-items';
import { SelectionBar } from './selection-bar';
import { ShardDetails } from './shard-details';
import { factsOf, qualityWords, sumsOf } from './shard-facts';
import { useShardUrl } from './shard-url';
import { useShardSelection } from './use-shard-selection';
import classes from './shard-map.module.css';

const ShardTableView = dynamic(() => import('./shard-table-view').then((module) => module.ShardTableView), { ssr: false, loading: () => <LoadingState what="the table" /> });

const HEIGHT_MIN_PX = 260;
const HEIGHT_MAX_PX = 900;
/** Header, title, controls and read-out around the picture. */
const AROUND_PX = 250;

/** The map or its table, with what belongs to both: filter, selection, details, legend. */
export function ShardMap({ clusterId, table }: { readonly clusterId: string; readonly table: ShardTable }) {
  const [url, setUrl] = useShardUrl();
  const scheme = useComputedColorScheme('light');
  const viewport = useViewportSize();
  const [frameRef, frame] = useResizeObserver<HTMLDivElement>();
  const [extending, setExtending] = useState(false);
  const moves = useCluster((state) => state.moves);
  const leaderIds = useCluster((state) => state.nodes?.filter((node) => node.followerOf === null).map((node) => node.id) ?? null);
  const canMove = useCluster((state) => state.summary?.capabilities.moveShard ?? false);
  // Loads change with every delta and owners seldom: what hangs on owners alone is not made again.
  const { shardCount, replicaMax, nodeIds, replicas } = table;
  const placement = useMemo((): ShardPlacement => ({ shardCount, replicaMax, nodeIds, replicas }), [shardCount, replicaMax, nodeIds, replicas]);
  const names = useNodeNames(nodeIds);

  // Decided once: the map must not change its order under the eye while shards move.
  const [suitable] = useState(() => suitableLayout(placement));
  const arranged = url.layout ?? suitable;
  const heightPx = Math.min(HEIGHT_MAX_PX, Math.max(HEIGHT_MIN_PX, viewport.height - AROUND_PX));
  const layout = useMemo(() => fittedLayout(placement, {
    kind: arranged, widthPx: frame.width, heightPx, nodeIndexes: leaderIds?.map(names.indexOf).filter((index) => index >= 0) ?? [],
  }), [placement, arranged, frame.width, heightPx, leaderIds, names]);
  const selection = useShardSelection({ layout, clusterId });
  const emphasis = useMemo(() => (url.node === '' ? null : emphasisOfNode(placement, names.indexOf(url.node))), [placement, url.node, names]);
  const blockLabels = useMemo(() => blockLabelsOf(layout, (index) => names.nameOf(nodeIds[index]!)), [layout, names, nodeIds]);
  const { mode, palette, brightness } = url;
  const colors = useMemo(() => (mode === 'owner' ? ownerTables(scheme) : metricTables({ scheme, palette, brightness })), [mode, scheme, palette, brightness]);
  const metric = SHARD_METRIC_FACTS[url.metric];
  const column = metric.column(table);
  const shown = useMemo(() => {
    const options = { scheme, colors, emphasis, blockLabels };
    return mode === 'owner' ? { picture: ownerPicture(placement, options), domain: null, unknownCount: 0 } : metricPicture(column, roundingOf(url.metric), options);
  }, [mode, placement, column, url.metric, scheme, colors, emphasis, blockLabels]);

  const facts = (shardId: number) => factsOf(table, shardId, moves);
  const choices = useMemo(() => (leaderIds ?? []).map((nodeId) => ({ value: nodeId, label: names.nameOf(nodeId) })), [leaderIds, names]);
  const owners = useMemo(() => ownerItemsOf(placement, leaderIds ?? [], names), [placement, leaderIds, names]);
  // Blocks that carry their owner's name are their own legend.
  const named = mode === 'owner' && (layout.blocks[0]?.row ?? 0) > 0;
  const openShard = url.shard !== null && url.shard >= 0 && url.shard < shardCount ? url.shard : null;
  return (
    <Panel title={`${formatCount(shardCount)} shards`} note={url.mode === 'owner' ? 'by owner of the primary' : `by ${metric.label.toLowerCase()}`}>
      <KeyFinder clusterId={clusterId} asked={url.key} setUrl={setUrl} names={names} />
      <MapControls url={url} setUrl={setUrl} nodes={choices} layout={arranged} />
      <div className={classes.body} data-view={url.view}>
        <div ref={frameRef}>
          {url.view === 'map'
            ? (
              <MapGrid
                layout={layout} picture={shown.picture} heightPx={heightPx} selection={selection} factsOf={facts} names={names}
                extending={extending} onExtended={() => setExtending(false)} onOpen={(shard) => void setUrl({ shard })}
              />
            )
            : <ShardTableView {...{ clusterId, table, url, setUrl, selection, names }} />}
        </div>
        <div className={classes.side}>
          <SelectionBar
            clusterId={clusterId} view={url.view} selected={selection.grid.selected} sums={sumsOf(table, selection.grid.selected)} targets={choices}
            cannotMove={canMove ? null : 'This cluster cannot move shards'} extending={extending} onExtending={setExtending}
            onClear={() => void selection.dispatch({ kind: 'clear' })}
          />
          {openShard !== null && <ShardDetails facts={facts(openShard)} names={names} clusterId={clusterId} onClose={() => void setUrl({ shard: null })} />}
          {url.view === 'map' && !named && (mode === 'owner'
            ? <Legend label="Owners of primaries" items={owners} />
            : (
              <MetricLegend
                metric={url.metric} domain={shown.domain} unknownCount={shown.unknownCount} quality={metric.quality(table)}
                qualityText={qualityWords(table, metric.quality(table))} scheme={scheme} palette={palette} brightness={brightness}
              />
            ))}
        </div>
      </div>
    </Panel>
  );
}
