'use client';

import { Group, SegmentedControl, Select, Slider, Text } from '@mantine/core';
import { memo, useId } from 'react';
import { SHARD_METRIC_FACTS, SHARD_METRICS } from '@/components/charts/shard-metrics';
import { BRIGHTNESS_MAX, BRIGHTNESS_MIN, type SetShardUrl, type ShardUrl } from './shard-url';
import classes from './shard-map.module.css';

export interface NodeChoice { readonly value: string; readonly label: string }

interface MapControlsProps {
  readonly url: ShardUrl;
  readonly setUrl: SetShardUrl;
  readonly nodes: readonly NodeChoice[];
  /** The layout in force, chosen or suitable. */
  readonly layout: 'id' | 'owner';
}

/** What the map shows and how; every choice is in the address. */
export const MapControls = memo(({ url, setUrl, nodes, layout }: MapControlsProps) => {
  const brightnessId = useId();
  const isMap = url.view === 'map';
  return (
    <Group gap="sm" align="flex-end" className={classes.controls}>
      <SegmentedControl
        aria-label="View" value={url.view} onChange={(view) => void setUrl({ view })}
        data={[{ value: 'map', label: 'Map' }, { value: 'table', label: 'Table' }]}
      />
      {isMap && (
        <SegmentedControl
          aria-label="Colour by" value={url.mode} onChange={(mode) => void setUrl({ mode })}
          data={[{ value: 'owner', label: 'Owner' }, { value: 'metric', label: 'Metric' }]}
        />
      )}
      {isMap && url.mode === 'metric' && (
        <Select
          aria-label="Metric" w={120} size="xs" allowDeselect={false} value={url.metric}
          onChange={(metric) => { if (metric !== null) void setUrl({ metric }); }}
          data={SHARD_METRICS.map((metric) => ({ value: metric, label: SHARD_METRIC_FACTS[metric].label }))}
        />
      )}
      {isMap && (
        <SegmentedControl
          aria-label="Arrange" value={layout} onChange={(next) => void setUrl({ layout: next })}
          data={[{ value: 'id', label: 'By shard id' }, { value: 'owner', label: 'By owner' }]}
        />
      )}
      <Select
        aria-label="Filter by node" w={180} size="xs" placeholder="All nodes" searchable clearable limit={60} nothingFoundMessage="No node of that name"
        value={url.node === '' ? null : url.node} onChange={(node) => void setUrl({ node: node ?? '' })} data={[...nodes]}
      />
      {isMap && url.mode === 'metric' && (
        <>
          <SegmentedControl
            aria-label="Palette" value={url.palette} onChange={(palette) => void setUrl({ palette })}
            data={[{ value: 'viridis', label: 'Viridis' }, { value: 'cividis', label: 'Cividis' }]}
          />
          <div className={classes.brightness}>
            <Text size="xs" id={brightnessId}>Brightness</Text>
            <Slider
              size="sm" min={BRIGHTNESS_MIN} max={BRIGHTNESS_MAX} step={0.25} value={url.brightness} label={null}
              thumbProps={{ 'aria-labelledby': brightnessId }} onChange={(brightness) => void setUrl({ brightness })}
            />
          </div>
        </>
      )}
    </Group>
  );
});
MapControls.displayName = 'MapControls';
