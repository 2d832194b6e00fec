import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { AddNode } from '@/components/nodes/add-node';
import { ProvisionerPanel } from '@/components/scaling/provisioner-panel';
import type { Provisioning } from '@/lib/contract/provisioner';
import { CLUSTER_ID, operationOf, snapshotOf, START_MS, summaryOf } from '@/tests/unit/client/live-fixtures';
import { Harness, SLOW_MS } from '../realtime/console-harness';

const HERE = { name: 'here', kind: 'local-process', about: 'Servers on this machine, at most 4' } as const;
const NOTHING: Provisioning = { provisioner: null, chosen: null, offered: [], restingUntilMs: null, failures: 0, lastFailure: null, provisions: [], findings: [] };
const ASK = `GET /clusters/${CLUSTER_ID}/provisioning`;

function provisionOf(change: Partial<Provisioning['provisions'][number]>): Provisioning['provisions'][number] {
  return {
    intentId: 'operation_1-0', provisioner: 'here', operationId: 'operation_1', zone: null, status: 'joined', address: '127.0.0.1:7100', nodeId: 'n', askedAtMs: START_MS - 60_000, reason: null,
    attempts: 0, nextTryAtMs: null, lastFailure: null, ...change,
  };
}

async function show(provisioning: Partial<Provisioning>): Promise<void> {
  const harness = new Harness({ [ASK]: { ...NOTHING, ...provisioning } });
  await harness.render(<ProvisionerPanel />);
  await harness.snapshot(snapshotOf({ view: 'summary', summary: summaryOf() }));
}

describe('where nodes come from', { timeout: SLOW_MS }, () => {
  it('says that nothing makes any, and what could be chosen', async () => {
    await show({ offered: [HERE] });
    expect(await screen.findByText(/Nothing makes nodes for this cluster.*Choose here under Thresholds/)).toBeTruthy();
  });

  it('says that the configuration file names none', async () => {
    await show({});
    expect(await screen.findByText(/The configuration file names no provisioner for this kind of cluster/)).toBeTruthy();
  });

  it('shows members, what is under way with its tries and its last failure, and why automation rests', async () => {
    const failure = { code: 'unavailable' as const, message: 'no credentials', retryable: true, atMs: START_MS - 5_000 };
    await show({
      provisioner: HERE, chosen: 'here', failures: 2, restingUntilMs: START_MS + 90_000, lastFailure: { ...failure, code: 'quota', message: 'of 12 vCPUs 12 are used' },
      provisions: [provisionOf({}), provisionOf({ intentId: 'operation_2-0', status: 'asked', address: null, nodeId: null, attempts: 3, nextTryAtMs: START_MS + 4_000, lastFailure: failure })],
    });
    expect(await screen.findByText(/1 member made by it/)).toBeTruthy();
    expect(screen.getByText('2 orders in a row came to nothing')).toBeTruthy();
    expect(screen.getByText(/of 12 vCPUs 12 are used/)).toBeTruthy();
    expect(screen.getByText(/A policy asks again at/)).toBeTruthy();
    const row = screen.getByRole('row', { name: /operation_2-0/ });
    expect(row.textContent).toContain('asked for: no credentials');
    expect(row.textContent).toContain('3, next');
  });

  it('names every finding', async () => {
    await show({ provisioner: HERE, findings: [{ code: 'stranger', intentId: 'x-1', message: 'here has 127.0.0.1:7105 (x-1), which nobody here asked for; it is left alone' }, { code: 'failing', intentId: null, message: 'here: no answer within 5000 ms' }] });
    expect(await screen.findByText('Nobody here asked for it')).toBeTruthy();
    expect(screen.getByText('here: no answer within 5000 ms')).toBeTruthy();
  });
});

describe('adding a node where something makes nodes', { timeout: SLOW_MS }, () => {
  it('needs no address, and says where the node comes from', async () => {
    const call = `POST /clusters/${CLUSTER_ID}/nodes`;
    const harness = new Harness({ [ASK]: { ...NOTHING, provisioner: HERE }, [call]: { operation: operationOf({ kind: 'add-node' }) } });
    await harness.render(<AddNode />);
    await harness.snapshot(snapshotOf({ view: 'summary', summary: summaryOf({ capabilities: { ...summaryOf().capabilities, addNodeNeeds: 'address' }, environment: 'development' }) }), snapshotOf({ view: 'nodes', nodes: [] }));
    fireEvent.click(screen.getByRole('button', { name: 'Add node' }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(await dialog.findByText(/It is made by here \(Servers on this machine, at most 4\), and given back when it leaves/)).toBeTruthy();
    fireEvent.click(dialog.getByRole('button', { name: 'Add 1 node' }));
    await waitFor(() => expect(harness.requests.filter((request) => request.call === call)).toHaveLength(1));
  });
});
