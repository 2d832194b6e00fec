import { Group, Text } from '@mantine/core';
import type { Scheme } from './shard-colors';
import { seriesStyleOf } from './series-colors';
import type { ThresholdLine } from './time-series-props';
import type { TimeSeriesData } from './time-series-rows';

/** Which line is which: colour, dash and word. */
export function Legend({ series, thresholds, scheme }: { series: readonly TimeSeriesData[]; thresholds: readonly ThresholdLine[]; scheme: Scheme }) {
  return (
    <Group gap="md" mt={2}>
      {series.length > 1 && series.map(({ key, label }, index) => {
        const style = seriesStyleOf(index, scheme);
        return <LineItem key={key} label={label} color={style.color} dash={style.dash} />;
      })}
      {thresholds.map(({ label }) => <LineItem key={label} label={label} color="var(--ps-critical)" dash="4 4" />)}
    </Group>
  );
}

function LineItem({ label, color, dash }: { label: string; color: string; dash: string }) {
  return (
    <Group gap={6} wrap="nowrap">
      <svg width={22} height={8} aria-hidden="true"><line x1={0} x2={22} y1={4} y2={4} stroke={color} strokeWidth={2} strokeDasharray={dash} /></svg>
      <Text size="xs">{label}</Text>
    </Group>
  );
}
