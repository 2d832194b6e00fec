'use client';

import { Button, Group, Select, Text, Tooltip } from '@mantine/core';
import { useClipboard, useMediaQuery } from '@mantine/hooks';
import Link from 'next/link';
import { useState } from 'react';
import { rangesOfMarks } from '@/components/charts/shard-ranges';
import { formatBytes, formatCount, plural } from '@/lib/client/format';
import type { NodeChoice } from './map-controls';
import type { SelectionSums } from './shard-facts';
import { LINK_CHARACTERS_MAX } from './use-shard-selection';
import classes from './shard-map.module.css';

interface SelectionBarProps {
  readonly clusterId: string;
  readonly view: 'map' | 'table';
  readonly selected: Uint8Array;
  readonly sums: SelectionSums;
  readonly targets: readonly NodeChoice[];
  /** Why this cluster cannot move shards; `null` when it can. */
  readonly cannotMove: string | null;
  readonly extending: boolean;
  readonly onExtending: (extending: boolean) => void;
  readonly onClear: () => void;
}

/** What is selected and what can be done with it. */
export function SelectionBar({ clusterId, view, selected, sums, targets, cannotMove, extending, onExtending, onClear }: SelectionBarProps) {
  const [target, setTarget] = useState<string | null>(null);
  const touch = useMediaQuery('(pointer: coarse)', false, { getInitialValueInEffect: true });
  const clipboard = useClipboard({ timeout: 1_500 });
  const ranges = rangesOfMarks(selected);
  const tooLong = ranges.length > LINK_CHARACTERS_MAX ? `These are ${formatCount(ranges.split(',').length)} separate ranges, more than an address carries. Select less, or plan by node.` : null;
  const reason = cannotMove ?? tooLong;
  const query = new URLSearchParams({ scope: 'shards', shards: ranges, ...(target !== null && { target }) });
  const unknown = sums.unknownCount > 0 ? `, ${plural(sums.unknownCount, 'shard')} of unknown size` : '';
  if (sums.count === 0 && view === 'table') return null;
  if (sums.count === 0) {
    return (
      <Text size="xs" c="dimmed">
        {touch
          ? 'Tap a shard to select it. “Extend to next press” then makes a range of it.'
          : 'Drag over shards to select them, Ctrl adds, Shift extends. By keyboard: arrows, Shift with arrows, Space, Ctrl A, Escape; Enter opens the details.'}
      </Text>
    );
  }
  const label = `Plan a move of ${plural(sums.count, 'shard')}`;
  return (
    <div>
      <Text size="sm" fw={600} aria-live="polite">{plural(sums.count, 'shard')} selected</Text>
      <Text size="xs" c="dimmed">{sums.bytes === null ? 'size unknown' : `${formatBytes(sums.bytes)} per copy${unknown}`}</Text>
      <Text size="xs" className={classes.ranges} title={ranges}>{ranges}</Text>
      <Group gap="xs" mt={6}>
        <Button variant="default" onClick={() => clipboard.copy(ranges)}>{clipboard.copied ? 'Copied' : 'Copy ranges'}</Button>
        {view === 'map' && <Button variant={extending ? 'light' : 'default'} aria-pressed={extending} onClick={() => onExtending(!extending)}>Extend to next press</Button>}
        <Button variant="default" onClick={onClear}>Clear</Button>
      </Group>
      <Group gap="xs" mt={6} align="flex-end">
        <Select
          label="Target" size="xs" w={180} placeholder="Planner chooses" searchable clearable limit={60} value={target} onChange={setTarget} data={[...targets]}
        />
        {reason === null
          ? <Button component={Link} href={`/${clusterId}/operations/new?${query.toString()}`}>{label}</Button>
          : <Tooltip label={reason} multiline maw={280}><Button data-disabled aria-disabled aria-description={reason}>{label}</Button></Tooltip>}
      </Group>
    </div>
  );
}
