import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { RepairAction } from '@/components/nodes/repair-action';
import type { Node } from '@/lib/contract/node';
import { CLUSTER_ID, nodeOf, operationOf, snapshotOf, summaryOf } from '@/tests/unit/client/live-fixtures';
import { Answer, Harness, SLOW_MS } from '../realtime/console-harness';

const CALL = `POST /clusters/${CLUSTER_ID}/nodes/node-1/repair`;

const LOSS = {
  type: 'about:blank', title: 'Refused', status: 422, code: 'refused', detail: 'Refused',
  refusals: [{ constraint: 'data-loss', message: 'Nobody else is known to have every acknowledged write of 3 shards', nodeId: 'node-1', shardId: 4, numbers: { shards: 3 }, count: 1 }],
};

async function render(node: Partial<Node>, answer: unknown = { operation: operationOf({ kind: 'repair', nodeId: 'node-1' }) }) {
  const harness = new Harness({ [CALL]: answer });
  const row = { node: nodeOf('node-1', node), counts: { shards: 85, primaries: 30 } };
  await harness.render(<RepairAction row={row} />);
  await harness.snapshot(snapshotOf({ view: 'summary', summary: summaryOf() }), snapshotOf({ view: 'nodes', nodes: [row.node] }));
  return harness;
}

describe('repairing a node', { timeout: SLOW_MS }, () => {
  it('is offered for a node that is gone only', async () => {
    await render({ liveness: 'suspect' });
    expect(screen.queryByRole('button', { name: 'Repair' })).toBeNull();
  });

  it('says what follows and asks for nothing to be typed while nothing is lost', async () => {
    const harness = await render({ liveness: 'dead' });
    fireEvent.click(screen.getByRole('button', { name: 'Repair' }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.getByText(/take over the 30 shards it served, and all 85 copies/)).toBeTruthy();
    fireEvent.click(dialog.getByRole('button', { name: 'Repair 1 node' }));
    await waitFor(() => expect(harness.requests.map(({ call }) => call)).toContain(CALL));
  });

  it('[A6] when data would be lost it says how much and wants the name typed; the rest can be repaired without', async () => {
    const harness = await render({ liveness: 'dead' }, new Answer(422, LOSS));
    fireEvent.click(screen.getByRole('button', { name: 'Repair' }));
    const dialog = within(await screen.findByRole('dialog'));
    fireEvent.click(dialog.getByRole('button', { name: 'Repair 1 node' }));
    fireEvent.click(await dialog.findByRole('button', { name: /Repair the rest/ }));
    await waitFor(() => expect(harness.requests.map(({ body }) => body)).toContainEqual({ partial: true }));
    const confirm = await dialog.findByRole('button', { name: 'Repair and lose this data' });
    expect(dialog.getByText(/every acknowledged write of 3 shards/)).toBeTruthy();
    expect(confirm.hasAttribute('disabled')).toBe(true);
    fireEvent.change(dialog.getByLabelText(/Type the name of the node/), { target: { value: 'node-1' } });
    fireEvent.click(confirm);
    await waitFor(() => expect(harness.requests.map(({ body }) => body)).toContainEqual({ confirmName: 'node-1' }));
  });
});
