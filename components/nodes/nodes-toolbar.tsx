'use client';

import { Button, Checkbox, Group, Menu, Text, TextInput } from '@mantine/core';
import { IconColumns, IconFilter, IconSearch } from '@tabler/icons-react';
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
        <Choices label="Status" values={statuses} picked={url.status} wordOf={(value) => value} onToggle={(value) => void setUrl({ status: toggled(url.status, value) })} />
        <Choices label="Zone" values={zones} picked={url.zone} wordOf={zoneWord} onToggle={(value) => void setUrl({ zone: toggled(url.zone, value) })} />
        <Menu closeOnItemClick={false} position="bottom-start">
          <Menu.Target><Button variant="default" leftSection={<IconColumns size={14} aria-hidden />}>Columns</Button></Menu.Target>
          <Menu.Dropdown mah={420} style={{ overflowY: 'auto' }}>
            {NODE_COLUMNS.slice(1).map(({ id, label }) => (
              <CheckItem key={id} label={label} checked={url.columns.includes(id)} onToggle={() => void setUrl({ columns: toggled(url.columns, id) })} />
            ))}
            <Menu.Divider />
            <Menu.Item onClick={() => void setUrl({ columns: null })}>Usual columns</Menu.Item>
          </Menu.Dropdown>
        </Menu>
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

interface ChoicesProps {
  readonly label: string;
  readonly values: readonly string[];
  readonly picked: readonly string[];
  readonly wordOf: (value: string) => string;
  readonly onToggle: (value: string) => void;
}

function Choices({ label, values, picked, wordOf, onToggle }: ChoicesProps) {
  return (
    <Menu closeOnItemClick={false} position="bottom-start">
      <Menu.Target>
        <Button variant="default" leftSection={<IconFilter size={14} aria-hidden />}>{label}{picked.length > 0 && ` (${picked.length})`}</Button>
      </Menu.Target>
      <Menu.Dropdown mah={320} style={{ overflowY: 'auto' }}>
        {values.map((value) => <CheckItem key={value} label={wordOf(value)} checked={picked.includes(value)} onToggle={() => onToggle(value)} />)}
      </Menu.Dropdown>
    </Menu>
  );
}

function CheckItem({ label, checked, onToggle }: { readonly label: string; readonly checked: boolean; readonly onToggle: () => void }) {
  return (
    <Menu.Item role="menuitemcheckbox" aria-checked={checked} onClick={onToggle} leftSection={<Checkbox.Indicator size="xs" checked={checked} aria-hidden />}>{label}</Menu.Item>
  );
}
