import { Text } from '@mantine/core';
import { cssOfColor } from '@/components/charts/color';
import { Legend } from '@/components/charts/legend';
import { metricColorTable, paletteColor, type Palette, type Scheme } from '@/components/charts/shard-colors';
import { roundingOf, SHARD_METRIC_FACTS, type Quality, type ShardMetric } from '@/components/charts/shard-metrics';
import { CODE_UNKNOWN, CODE_ZERO, positionOnScale, scaleTicks, type LogDomain } from '@/components/charts/shard-scale';
import { plural } from '@/lib/client/format';
import { formatShardMetric } from './shard-facts';
import classes from './shard-map.module.css';

interface MetricLegendProps {
  readonly metric: ShardMetric;
  readonly domain: LogDomain | null;
  readonly unknownCount: number;
  readonly quality: Quality;
  readonly qualityText: string;
  readonly scheme: Scheme;
  readonly palette: Palette;
  readonly brightness: number;
}

const STOPS = 24;

/** The log scale with its ticks, and the looks of zero and of unknown. */
export function MetricLegend({ metric, domain, unknownCount, quality, qualityText, scheme, palette, brightness }: MetricLegendProps) {
  const colors = metricColorTable({ scheme, palette, brightness });
  const gradient = Array.from({ length: STOPS + 1 }, (_, stop) => cssOfColor(paletteColor(palette, (stop / STOPS) ** (1 / brightness)))).join(', ');
  const note = quality === 'unknown' ? 'not reported by this cluster' : qualityText;
  return (
    <div>
      <Text size="xs" mb={4}>
        {SHARD_METRIC_FACTS[metric].label} of one shard, log scale{note !== '' && <span className={classes.quality}> {note}</span>}
      </Text>
      {domain === null
        ? <Text size="xs" c="dimmed">No shard has a value above zero.</Text>
        : (
          <>
            <div className={classes.gradient} style={{ backgroundImage: `linear-gradient(90deg, ${gradient})` }} />
            <div className={classes.ticks}>
              {spacedTicks(domain, metric).map(({ value, share }) => (
                <Text key={value} size="xs" className={classes.tick} style={{ left: `${share * 100}%`, transform: `translateX(-${share * 100}%)` }}>{formatShardMetric(metric, value)}</Text>
              ))}
            </div>
          </>
        )}
      <Legend
        label="Looks outside the scale"
        items={[
          { key: 'zero', label: 'zero', color: cssOfColor(colors[CODE_ZERO]!), pattern: 'solid' },
          { key: 'unknown', label: 'unknown', ...(unknownCount > 0 && { detail: plural(unknownCount, 'shard') }), color: cssOfColor(colors[CODE_UNKNOWN]!), pattern: 'hatch' },
        ]}
      />
    </div>
  );
}

const TICK_SPACE = 0.22;

/** Ticks that do not touch each other: both ends, and between them what has room. */
function spacedTicks(domain: LogDomain, metric: ShardMetric): { value: number; share: number }[] {
  const all = scaleTicks(domain, roundingOf(metric)).map((value) => ({ value, share: positionOnScale(value, domain) }));
  const kept: { value: number; share: number }[] = [];
  for (const tick of all) {
    const before = kept.at(-1)?.share ?? -1;
    const isLast = tick.share === 1;
    if (isLast || (tick.share - before >= TICK_SPACE && 1 - tick.share >= TICK_SPACE)) kept.push(tick);
  }
  return kept;
}
