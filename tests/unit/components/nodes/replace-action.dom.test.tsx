import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { ReplaceAction } from '@/components/nodes/replace-action';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { Node } from '@/lib/contract/node';
import { CLUSTER_ID, nodeOf, operationOf, snapshotOf, summaryOf } from '@/tests/unit/client/live-fixtures';
import { Harness, SLOW_MS } from '../realtime/console-harness';

const CALL = `POST /clusters/${CLUSTER_ID}/nodes/node-1/replace`;

async function open(node: Partial<Node> = {}, summary: Partial<ClusterSummary> = {}) {
  const harness = new Harness({ [CALL]: { operation: operationOf({ kind: 'replace', nodeId: 'node-1' }) } });
  const row = { node: nodeOf('node-1', node), counts: { shards: 85, primaries: 30 } };
  await harness.render(<ReplaceAction row={row} />);
  await harness.snapshot(snapshotOf({ view: 'summary', summary: summaryOf(summary) }), snapshotOf({ view: 'nodes', nodes: [row.node] }));
  fireEvent.click(screen.getByRole('button', { name: 'Replace' }));
  return { harness, dialog: within(await screen.findByRole('dialog')) };
}

describe('replacing a node', { timeout: SLOW_MS }, () => {
  it('says what follows, wants the name typed, and sends what was chosen', async () => {
    const { harness, dialog } = await open();
    expect(dialog.getByText(/all 85 replicas that node-1 holds go over to it/)).toBeTruthy();
    const confirm = dialog.getByRole('button', { name: 'Replace 1 node' });
    expect(confirm.hasAttribute('disabled')).toBe(true);
    fireEvent.change(dialog.getByLabelText(/Zone of the new node/, { selector: 'input' }), { target: { value: 'b' } });
    fireEvent.change(dialog.getByLabelText(/Type the name of the node/), { target: { value: 'node-1' } });
    fireEvent.click(confirm);
    await waitFor(() => expect(harness.requests.find(({ call }) => call === CALL)?.body).toEqual({ confirmName: 'node-1', zone: 'b' }));
  });

  it('says before what would be refused, and offers no way round', async () => {
    const { dialog } = await open({ liveness: 'dead' }, { freeze: { cause: 'operator', reason: 'disk swap', sinceMs: 1, by: 'me' } });
    expect(dialog.getByText('Frozen: disk swap')).toBeTruthy();
    expect(dialog.getByText(/others take over what node-1 served/)).toBeTruthy();
    fireEvent.change(dialog.getByLabelText(/Type the name of the node/), { target: { value: 'node-1' } });
    expect(dialog.getByRole('button', { name: 'Replace 1 node' }).hasAttribute('disabled')).toBe(true);
  });

  it('asks for an address where the cluster needs one', async () => {
    const { dialog } = await open({}, { capabilities: { ...summaryOf().capabilities, addNodeNeeds: 'address' } });
    expect(dialog.getByText('The address of a running, empty process is needed.')).toBeTruthy();
    expect(dialog.getByLabelText(/Address of the new node/)).toBeTruthy();
  });
});
