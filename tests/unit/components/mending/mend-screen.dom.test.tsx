import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { ClusterGate } from '@/components/layout/cluster-gate';
import { MendLink } from '@/components/layout/mend-link';
import { MendScreen } from '@/components/mending/mend-screen';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { MendPreview } from '@/lib/contract/shard-mending';
import { findRemedies, fingerprintOf } from '@/lib/core/mending/find-remedies';
import { CLUSTER_ID, nodeOf, operationOf, snapshotOf, START_MS, summaryOf } from '@/tests/unit/client/live-fixtures';
import { importing, migrating, nodesWith, shard } from '@/tests/unit/core/mending/remedy-scenes';
import { Answer, Harness, SLOW_MS, type Answers } from '../realtime/console-harness';

const LOOK = `GET /clusters/${CLUSTER_ID}/mending`;
const ORDER = `POST /clusters/${CLUSTER_ID}/mending`;

/** d has failed with shards that three others would take; shard 3 is half moved. */
const FINDINGS = findRemedies(
  [shard(3, { claimedBy: ['a'], keys: { a: 1, b: 2 }, marks: [migrating('a', 'b'), importing('b', 'a')] }), ...Array.from({ length: 40 }, (_, index) => shard(100 + index, { formerOwnerId: 'd' }))],
  nodesWith({ d: { state: 'failed' } }), () => 752,
);
const PREVIEW: MendPreview = { lookedAtMs: START_MS, fingerprint: fingerprintOf(FINDINGS), findings: FINDINGS, refusals: [] };

async function show(answers: Answers = {}, summary: Partial<ClusterSummary> = {}) {
  const harness = new Harness({ [LOOK]: PREVIEW, [ORDER]: { operation: operationOf({ kind: 'mend-shards' }) }, ...answers });
  await harness.render(<ClusterGate><MendScreen /></ClusterGate>);
  await harness.snapshot(snapshotOf({ view: 'summary', summary: summaryOf(summary) }), snapshotOf({ view: 'nodes', nodes: ['a', 'b', 'c', 'd'].map((id) => nodeOf(id, { name: `node-${id}` })) }));
  await screen.findByRole('list', { name: 'Findings' });
  return harness;
}

const bodies = (harness: Harness) => harness.requests.filter(({ call }) => call === ORDER).map(({ body }) => body);

describe('mending shards', { timeout: SLOW_MS }, () => {
  it('shows what is wrong, what would be done and what could be lost, and refuses what loses data', async () => {
    await show();
    expect(screen.getByText('41 shards found, 1 can be mended without a loss, 40 only with one')).toBeTruthy();
    // Where each would go matters to nobody while it is refused.
    expect(screen.getByRole('heading', { name: '40 shards: 100–139' })).toBeTruthy();
    expect(screen.getByText(/node-d had 752 keys in all when it last answered/)).toBeTruthy();
    expect(screen.getByText(/The move of 1 shard from node-a to node-b goes on to its end/)).toBeTruthy();
  });

  it('[M24] orders exactly what was looked at', async () => {
    const harness = await show();
    fireEvent.click(screen.getByRole('button', { name: 'Mend 1 shard' }));
    const dialog = within(await screen.findByRole('dialog'));
    fireEvent.click(dialog.getByRole('button', { name: 'Mend 1 shard' }));
    await waitFor(() => expect(harness.visited).toEqual([`/${CLUSTER_ID}/operations/operation_1`]));
    expect(bodies(harness)).toEqual([{ fingerprint: PREVIEW.fingerprint }]);
  });

  it('[M24] gives data up only for the typed name, and only what is chosen', async () => {
    const harness = await show();
    fireEvent.click(screen.getByLabelText(/Give up what only gone nodes have of 40 shards/));
    fireEvent.click(await screen.findByRole('checkbox', { name: /^1 shard: 3/ }));
    fireEvent.click(screen.getByRole('button', { name: 'Mend 40 shards and give data up' }));
    const dialog = within(await screen.findByRole('dialog'));
    const confirm = dialog.getByRole('button', { name: 'Mend 40 shards and give data up' });
    expect(confirm.hasAttribute('disabled')).toBe(true);
    fireEvent.change(dialog.getByLabelText(/Type the name of the cluster/), { target: { value: 'demo' } });
    fireEvent.click(confirm);
    await waitFor(() => expect(bodies(harness)).toEqual([{ fingerprint: PREVIEW.fingerprint, acceptLoss: true, confirmName: 'demo', shardIds: Array.from({ length: 40 }, (_, index) => 100 + index) }]));
  });

  it('[M24] moves keys astray only where somebody has chosen their shards, and says what speaks against it', async () => {
    const findings = findRemedies([shard(3, { claimedBy: ['a'], marks: [importing('b', 'a')] }), shard(9, { claimedBy: ['a'], keys: { b: 4 }, overlap: { examined: 4, shared: 0, sharedExample: null } })], nodesWith(), () => null);
    const preview = { ...PREVIEW, findings };
    const harness = await show({ [LOOK]: preview });
    const box = screen.getByRole('checkbox', { name: /^1 shard: 9/ });
    expect((box as HTMLInputElement).checked).toBe(false);
    expect(screen.getByText(/4 keys on node-b go to node-a, which serves the shard/)).toBeTruthy();
    expect(screen.getByText(/one that clients have deleted on node-a since would come back/)).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Mend 1 shard' })).toBeTruthy();
    fireEvent.click(box);
    fireEvent.click(await screen.findByRole('button', { name: 'Mend 2 shards' }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.getByText(/one that clients have deleted on node-a since would come back/)).toBeTruthy();
    fireEvent.click(dialog.getByRole('button', { name: 'Mend 2 shards' }));
    await waitFor(() => expect(bodies(harness)).toEqual([{ fingerprint: PREVIEW.fingerprint, shardIds: [3, 9] }]));
  });

  it('[R4] says that nothing was done when the nodes say something else by now, and shows that', async () => {
    const looks: MendPreview[] = [PREVIEW, { ...PREVIEW, fingerprint: 'another', findings: FINDINGS.slice(0, 1) }];
    let looked = 0;
    const harness = await show({
      [LOOK]: () => looks[Math.min(looked++, 1)],
      [ORDER]: new Answer(409, { type: 'about:blank', title: 'Conflict', status: 409, code: 'conflict', detail: 'The nodes say something else now' }),
    });
    fireEvent.click(screen.getByRole('button', { name: 'Mend 1 shard' }));
    fireEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Mend 1 shard' }));
    expect(await screen.findByText('Nothing was done')).toBeTruthy();
    expect(harness.visited).toEqual([]);
  });

  it('is blocked while an operation runs, with the reason', async () => {
    const refusal = { constraint: 'operation-running' as const, message: 'An operation (rebalance) is running', nodeId: null, shardId: null, numbers: {}, count: 1 };
    await show({ [LOOK]: { ...PREVIEW, refusals: [refusal] } });
    expect(screen.getByRole('button', { name: 'Mend 1 shard' }).getAttribute('aria-disabled')).toBe('true');
    expect(screen.getByText('Nothing can be mended now')).toBeTruthy();
  });
});

describe('the way to mending', { timeout: SLOW_MS }, () => {
  const summary = (mendShards: boolean) => summaryOf({
    capabilities: { ...summaryOf().capabilities, mendShards },
    health: { ...summaryOf().health, reasons: [{ code: 'shards-lost', severity: 'critical', message: '5 shards', nodeIds: [], shardCount: 5, shardIds: [] }] },
    warnings: [{ code: 'open-slot' as const, message: 'half moved', nodeId: null, shardId: 1, remedy: null }, { code: 'open-slot' as const, message: 'half moved', nodeId: null, shardId: 2, shardCount: 30, remedy: null }],
  });

  it('is there where there is something to mend, and nowhere else', async () => {
    const harness = new Harness();
    await harness.render(<ClusterGate><MendLink /></ClusterGate>);
    await harness.snapshot(snapshotOf({ view: 'summary', summary: summary(true) }));
    expect((await screen.findByRole('link', { name: 'Mend 36 shards…' })).getAttribute('href')).toBe(`/${CLUSTER_ID}/shards/mend`);
    await harness.snapshot(snapshotOf({ view: 'summary', summary: summary(false) }));
    await waitFor(() => expect(screen.queryByRole('link')).toBeNull());
  });
});
