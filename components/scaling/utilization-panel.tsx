'use client';

import { SegmentedControl, Stack } from '@mantine/core';
import { parseAsStringLiteral, useQueryState } from 'nuqs';
import { RESOURCE_LABELS } from '@/components/charts/node-facts';
import { TimeSeries } from '@/components/charts/time-series';
import { useMetrics } from '@/components/realtime/use-metrics';
import { useRoundedNow } from '@/components/realtime/use-live-store';
import { Panel } from '@/components/ui/panel';
import { ProblemState } from '@/components/ui/states';
import { useZone } from '@/components/ui/zone-provider';
import { toApiProblem } from '@/lib/client/api-problem';
import { formatDuration, formatRatio } from '@/lib/client/format';
import { formatTimeOfDay } from '@/lib/client/format-time';
import { RESOURCES } from '@/lib/contract/vocabulary';
import type { VersionedSettings } from '@/lib/contract/settings';

const WINDOWS = { '15m': 900_000, '2h': 7_200_000, '24h': 86_400_000 } as const;
const WINDOW_KEYS = ['15m', '2h', '24h'] as const;

/** The recorded means against the targets and lines that are in force. */
export function UtilizationPanel({ settings }: { readonly settings: VersionedSettings['settings'] }) {
  const [range, setRange] = useQueryState('range', parseAsStringLiteral(WINDOW_KEYS).withDefault('15m'));
  const { zone } = useZone();
  const windowMs = WINDOWS[range];
  const recorded = useMetrics({ metrics: [...RESOURCES, 'imbalance'], windowMs });
  const nowMs = useRoundedNow(10_000);
  const formatTime = (atMs: number) => formatTimeOfDay(atMs, zone);
  if (recorded.error !== null) return <Panel title="Recorded"><ProblemState what="the recorded series" problem={toApiProblem(recorded.error)} onRetry={() => void recorded.refetch()} /></Panel>;
  const seriesOf = (metric: string) => recorded.data?.series.find((series) => series.metric === metric) ?? null;
  return (
    <Panel title="Recorded" note="against what is in force" actions={<SegmentedControl aria-label="Range" value={range} onChange={(value) => void setRange(value)} data={WINDOW_KEYS.map((value) => ({ value, label: value }))} />}>
      <Stack gap="lg">
        {RESOURCES.map((resource) => {
          const series = seriesOf(resource);
          return (
            <TimeSeries
              key={resource} title={RESOURCE_LABELS[resource]} window={`mean over nodes and ${formatDuration(series?.stepMs ?? 10_000)}`} heightPx={120}
              series={[{ key: resource, label: RESOURCE_LABELS[resource], points: series?.points.map((point) => ({ atMs: point.atMs, value: point.mean })) ?? [] }]}
              fromMs={nowMs - windowMs} toMs={nowMs} format={formatRatio} formatTime={formatTime} zoneKey={zone} valueMax={1}
              thresholds={[
                { value: settings.scaling.targetUtilization[resource], label: `Target ${formatRatio(settings.scaling.targetUtilization[resource])}` },
                { value: settings.safetyLines[resource], label: `Safety line ${formatRatio(settings.safetyLines[resource])}` },
              ]}
            />
          );
        })}
        <TimeSeries
          title="Imbalance" window={`worst dimension, mean over ${formatDuration(seriesOf('imbalance')?.stepMs ?? 10_000)}`} heightPx={120}
          series={[{ key: 'imbalance', label: 'Imbalance', points: seriesOf('imbalance')?.points.map((point) => ({ atMs: point.atMs, value: point.mean })) ?? [] }]}
          fromMs={nowMs - windowMs} toMs={nowMs} format={formatRatio} formatTime={formatTime} zoneKey={zone}
          thresholds={[{ value: settings.rebalancing.imbalanceThreshold, label: `Threshold ${formatRatio(settings.rebalancing.imbalanceThreshold)}` }]}
        />
      </Stack>
    </Panel>
  );
}
