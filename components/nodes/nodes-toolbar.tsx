'use client';

import { Button, Checkbox, Group, Popover, Stack, Text, TextInput } from '@mantine/core';
import { IconColumns, IconFilter, IconSearch, type Icon } from '@tabler/icons-react';
import { memo } from 'react';
import { ExportMenu } from '@/components/charts/export-menu';
import { FilterChip } from '@/components/charts/filter-chip';
import { formatCount, plural } from '@/lib/client/format';
import { NODE_COLUMNS } from './node-columns';
import { NODE_EXPORT_COLUMNS, nodeExportRows, type NodeRow } from './node-rows';
import type { NodeUrl, SetNodeUrl } from './node-url';

interface NodesToolbarProps {
  readonly clusterId: string;
  readonly all: readonly NodeRow[];
  readonly shown: readonly NodeRow[];
  readonly url: NodeUrl;
  readonly setUrl: SetNodeUrl;
}

const ZONE_UNKNOWN = 'zone unknown';
const HIDEABLE = NODE_COLUMNS.slice(1).map(({ id }) => id);

/** Search, filters as chips, columns, export. */
export const NodesToolbar = memo(({ clusterId, all, shown, url, setUrl }: NodesToolbarProps) => {
  const statuses = [...new Set(all.map((row) => row.status.label))].sort();
  const zones = [...new Set(all.map((row) => row.node.domain.zone ?? ''))].sort();
  const toggled = (list: readonly string[], value: string) => (list.includes(value) ? list.filter((one) => one !== value) : [...list, value]);
  return (
    <>
      <Group gap="xs" mb="xs">
        <TextInput
          size="xs" w={220} aria-label="Search nodes" placeholder="Name, address, zone, label" leftSection={<IconSearch size={14} aria-hidden />}
          value={url.q} onChange={(event) => void setUrl({ q: event.currentTarget.value })}
        />
        <Choices
          label="Status" icon={IconFilter} values={statuses} picked={url.status} wordOf={(value) => value}
          onToggle={(value) => void setUrl({ status: toggled(url.status, value) })} onReset={() => void setUrl({ status: null })}
        />
        <Choices
          label="Zone" icon={IconFilter} values={zones} picked={url.zone} wordOf={zoneWord}
          onToggle={(value) => void setUrl({ zone: toggled(url.zone, value) })} onReset={() => void setUrl({ zone: null })}
        />
        <Choices
          label="Columns" icon={IconColumns} values={HIDEABLE} picked={url.columns} wordOf={columnWord}
          onToggle={(id) => void setUrl({ columns: toggled(url.columns, id) })} onReset={() => void setUrl({ columns: null })}
        />
        <ExportMenu fileName={`nodes-${clusterId}`} columns={NODE_EXPORT_COLUMNS} rows={() => nodeExportRows(shown)} />
      </Group>
      <Group gap="xs" mb="xs">
        {url.q !== '' && <FilterChip label={`“${url.q}”`} onRemove={() => void setUrl({ q: '' })} />}
        {url.status.map((value) => <FilterChip key={value} label={value} onRemove={() => void setUrl({ status: toggled(url.status, value) })} />)}
        {url.zone.map((value) => <FilterChip key={value} label={zoneWord(value)} onRemove={() => void setUrl({ zone: toggled(url.zone, value) })} />)}
        <Text size="xs" c="dimmed">{shown.length === all.length ? plural(all.length, 'node') : `${formatCount(shown.length)} of ${plural(all.length, 'node')}`}</Text>
      </Group>
    </>
  );
});
NodesToolbar.displayName = 'NodesToolbar';

function zoneWord(zone: string): string {
  return zone === '' ? ZONE_UNKNOWN : zone;
}

function columnWord(id: string): string {
  return NODE_COLUMNS.find((column) => column.id === id)?.label ?? id;
}

interface ChoicesProps {
  readonly label: string;
  readonly icon: Icon;
  readonly values: readonly string[];
  readonly picked: readonly string[];
  readonly wordOf: (value: string) => string;
  readonly onToggle: (value: string) => void;
  readonly onReset: () => void;
}

/** A button that opens a list of ticks. */
function Choices({ label, icon: Shape, values, picked, wordOf, onToggle, onReset }: ChoicesProps) {
  return (
    <Popover position="bottom-start" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<Shape size={14} aria-hidden />}>{label}</Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={label}>
        <Stack gap={6} mah={340} style={{ overflowY: 'auto' }}>
          {values.map((value) => <Checkbox key={value} size="xs" label={wordOf(value)} checked={picked.includes(value)} onChange={() => onToggle(value)} />)}
          <Button variant="subtle" size="compact-xs" onClick={onReset}>As usual</Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
