'use client';

import { Button, Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { csvOf, jsonOf, type ExportColumn } from './table-export';

interface ExportMenuProps<T> {
  /** Without extension. */
  readonly fileName: string;
  readonly columns: readonly ExportColumn<T>[];
  /** Called when asked for: what the filters show, in the order shown. */
  readonly rows: () => Iterable<T>;
}

/** What the view shows, as a file. */
export function ExportMenu<T>({ fileName, columns, rows }: ExportMenuProps<T>) {
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={14} aria-hidden />}>Export</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => saveFile(`${fileName}.csv`, 'text/csv', csvOf(columns, rows()))}>CSV of what is shown</Menu.Item>
        <Menu.Item onClick={() => saveFile(`${fileName}.json`, 'application/json', jsonOf(columns, rows()))}>JSON of what is shown</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function saveFile(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
