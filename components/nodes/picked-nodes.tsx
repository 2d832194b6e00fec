'use client';

import { Button, Group, Text } from '@mantine/core';
import { plural } from '@/lib/client/format';
import { CordonButton } from './cordon-button';
import type { NodeRow } from './node-rows';

/** What can be done with the ticked nodes at once. */
export function PickedNodes({ rows, onClear }: { readonly rows: readonly NodeRow[]; readonly onClear: () => void }) {
  const open = rows.filter((row) => !row.node.cordoned).map((row) => row.node);
  const closed = rows.filter((row) => row.node.cordoned).map((row) => row.node);
  return (
    <Group gap="xs" mb="xs" role="group" aria-label="Selected nodes">
      <Text size="sm" fw={600}>{plural(rows.length, 'node')} selected</Text>
      {open.length > 0 && <CordonButton nodes={open} cordoned />}
      {closed.length > 0 && <CordonButton nodes={closed} cordoned={false} />}
      <Button variant="subtle" onClick={onClear}>Clear</Button>
    </Group>
  );
}
