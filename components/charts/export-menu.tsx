'use client';

import { Button, Menu } from '@mantine/core';
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
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={14} aria-hidden />}>Export</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={asCsv}>As CSV, as filtered</Menu.Item>
        <Menu.Item onClick={asJson}>As JSON, as filtered</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
