import { screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { OverviewScreen } from '@/components/overview/overview-screen';
import { ClusterGate } from '@/components/layout/cluster-gate';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { CLUSTER_ID, deltaOf, eventOf, operationOf, snapshotOf, summaryOf } from '@/tests/unit/client/live-fixtures';
import { Harness, SLOW_MS } from '../realtime/console-harness';

const path = `/clusters/${CLUSTER_ID}`;
const answers = {
  [`GET ${path}/settings`]: { generation: 1, settings: DEFAULT_SETTINGS },
  [`GET ${path}/metrics`]: { series: [{ metric: 'cpu', nodeId: null, stepMs: 10_000, points: [] }] },
  [`GET ${path}/operations`]: { operations: [], nextCursor: null },
};

async function show(summary = summaryOf()) {
  const harness = new Harness(answers);
  await harness.render(<ClusterGate><OverviewScreen /></ClusterGate>);
  await harness.snapshot(snapshotOf({ view: 'summary', summary }), snapshotOf({ view: 'events', events: [eventOf(2, { message: 'node-2 joined' }), eventOf(1)] }));
  return harness;
}

describe('the overview', { timeout: SLOW_MS }, () => {
  it('waits for the first picture instead of showing zeros', async () => {
    const harness = new Harness(answers);
    await harness.render(<ClusterGate><OverviewScreen /></ClusterGate>);
    expect(screen.getByText('Loading the cluster')).toBeTruthy();
  });

  it('says in one sentence whether anybody has to get up', async () => {
    await show(summaryOf({ health: { status: 'critical', nodesTotal: 12, nodesAlive: 10, shardsAtRisk: 9, zones: [], reasons: [{ code: 'nodes-dead', severity: 'critical', message: 'node-3 is dead', nodeIds: ['node-3'], shardCount: 0, shardIds: [] }] } }));
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('Critical. 1 of 12 nodes needs attention, 9 shards one failure from loss');
    expect(screen.getAllByRole('listitem').map((item) => item.textContent)).toContain('Critical: node-3 is dead');
    expect(screen.getByRole('link', { name: 'node-3' }).getAttribute('href')).toBe(`/${CLUSTER_ID}/nodes/node-3`);
  });

  it('[N5] says why automation is frozen and asks before it lifts the freeze', async () => {
    await show(summaryOf({ freeze: { cause: 'mass-failure', reason: '3 of 4 nodes of zone z1 are unreachable', sinceMs: 1, by: 'manager' } }));
    expect(screen.getByText('Automation is frozen: no automatic rebalance, scaling or repair')).toBeTruthy();
    expect(screen.getByText(/3 of 4 nodes of zone z1 are unreachable/)).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Lift the freeze' })).toBeTruthy();
  });

  it('shows a number that nobody reports as unknown, never as 0', async () => {
    await show();
    const disk = screen.getByText('Disk', { selector: 'dt' }).parentElement!;
    expect(within(disk).getByRole('img', { name: 'unknown' })).toBeTruthy();
    expect(disk.textContent).not.toContain('0');
  });

  it('marks the dimensions above the threshold by a sign and not by colour alone', async () => {
    await show();
    const row = async (name: string) => (await screen.findByRole('rowheader', { name })).closest('tr')!;
    const cpu = await row('CPU');
    await within(cpu).findByTitle('Above the threshold');
    expect(within(await row('Memory')).queryByTitle('Above the threshold')).toBeNull();
  });

  it('gives the decision with the numbers of every rule, also when it holds', async () => {
    await show();
    expect(screen.getByText('Hold at 12 nodes')).toBeTruthy();
    expect(screen.getByText(/Bound by within target/)).toBeTruthy();
  });

  it('shows what runs with its brakes, and never calls it 100 % before every move has ended', async () => {
    const running = operationOf();
    await show(summaryOf({ operations: [{ ...running, progress: { ...running.progress, bytesDone: running.progress.bytesTotal } }] }));
    expect(screen.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('99');
    expect(screen.getByRole('button', { name: 'Pause moves' })).toBeTruthy();
  });

  it('[R2] keeps the last picture with its age when no observation comes any more', async () => {
    const harness = await show();
    await harness.pass(12_000);
    expect(screen.getByText(/As of 12 s ago/)).toBeTruthy();
    expect(screen.getByText('48.2 k ops/s')).toBeTruthy();
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('Not known now. Last known: healthy, all 12 nodes are alive and 1,024 shards are served');
  });

  it('shows an event as it happens', async () => {
    const harness = await show();
    await harness.delta(deltaOf({ view: 'events', events: [eventOf(3, { message: 'node-3 was drained' })] }, 1, 2));
    expect(screen.getByText('node-3 was drained')).toBeTruthy();
  });

  it('gives the remedy beside the warning', async () => {
    await show(summaryOf({ warnings: [{ code: 'open-slot', message: 'Slot 866 is open', nodeId: null, shardId: 866, remedy: 'Run the plan again' }] }));
    expect(screen.getByText('Run the plan again')).toBeTruthy();
  });

  it('says of a cluster that was disconnected that it is, instead of showing its ghost', async () => {
    const harness = new Harness(answers);
    await harness.render(<ClusterGate><OverviewScreen /></ClusterGate>);
    await harness.gone();
    expect(screen.getByText('This cluster is not connected to this console')).toBeTruthy();
  });
});
