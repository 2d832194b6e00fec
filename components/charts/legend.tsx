import { Group, Text } from '@mantine/core';
import { memo } from 'react';
import type { OwnerPattern } from './owner-style';
import classes from './legend.module.css';

export interface LegendItem {
  readonly key: string;
  readonly label: string;
  readonly detail?: string;
  /** Any CSS colour. */
  readonly color: string;
  readonly pattern: OwnerPattern | 'hatch' | 'cross';
}

/** Swatches with words; the pattern of the swatch is the pattern in the picture. */
export const Legend = memo(({ label, items }: { label: string; items: readonly LegendItem[] }) => (
  <Group component="ul" gap="xs" aria-label={label} className={classes.list}>
      {items.map((item) => (
        <Group key={item.key} component="li" gap={6} wrap="nowrap" className={classes.item}>
          <Swatch color={item.color} pattern={item.pattern} />
          <Text size="xs">{item.label}</Text>
          {item.detail !== undefined && <Text size="xs" c="dimmed">{item.detail}</Text>}
        </Group>
      ))}
  </Group>
));
Legend.displayName = 'Legend';

export function Swatch({ color, pattern }: Pick<LegendItem, 'color' | 'pattern'>) {
  return <span className={classes.swatch} data-pattern={pattern} style={{ backgroundColor: color }} aria-hidden="true" />;
}
