'use client';

import { Button, Popover, Stack } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { saveFile, toCsv, type ExportRow } from '@/lib/client/export-file';

interface ExportMenuProps {
  /** Without extension. */
  readonly fileName: string;
  /** In this order; units are in the names. */
  readonly columns: readonly string[];
  /** Called when asked for: what the filters show, in the order shown. Unknown is null. */
  readonly rows: () => readonly ExportRow[];
}

/** What the view shows, as a file. */
export function ExportMenu({ fileName, columns, rows }: ExportMenuProps) {
  const asCsv = () => saveFile({ name: `${fileName}.csv`, type: 'text/csv', text: toCsv(rows(), columns) });
  const asJson = () => saveFile({ name: `${fileName}.json`, type: 'application/json', text: JSON.stringify(rows(), null, 2) });
  return (
    <Popover position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconDownload size={14} aria-hidden />}>Export</Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Export" p="xs">
        <Stack gap="xs">
          <Button variant="default" onClick={asCsv}>As CSV, as filtered</Button>
          <Button variant="default" onClick={asJson}>As JSON, as filtered</Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
