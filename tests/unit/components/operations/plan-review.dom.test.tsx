import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { PlanReview } from '@/components/operations/plan-review';
import { ClusterGate } from '@/components/layout/cluster-gate';
import type { Plan } from '@/lib/contract/plan';
import type { GuardRail, PlanProof } from '@/lib/contract/plan-proof';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { CLUSTER_ID, operationOf, snapshotOf, START_MS, summaryOf } from '@/tests/unit/client/live-fixtures';
import { Answer, Harness, SLOW_MS } from '../realtime/console-harness';
import { moveOf, planOf } from './plan-fixtures';

const MIB = 1024 ** 2;
const steps = Array.from({ length: 20 }, (_, shardId) => moveOf(shardId, MIB));
const frontier = [{ stepCount: 0, gainShare: 0, bytes: 0, score: 1.2 }, { stepCount: 4, gainShare: 0.8, bytes: 4 * MIB, score: 0.25 }, { stepCount: 20, gainShare: 1, bytes: 20 * MIB, score: 0.02 }];
const proof: PlanProof = {
  costBefore: 40, costAfter: 10, lowerBound: 9, gap: 0.1, missing: 1 / 31,
  terms: [
    { objective: 'cpu', bucket: 'balance', weight: 1, before: 30, after: 9.5, lowerBound: 9, message: 'Shard 866 carries 31 % of the cpu' },
    { objective: 'bytes', bucket: 'moves', weight: 0.5, before: 0, after: 0.5, lowerBound: 0.4, message: null },
  ],
  imbalance: [{ dimension: 'cpu', before: 1.2, after: 0.02, lowerBound: 0.01, cause: 'indivisible', shardId: 866, nodeId: null, message: 'Shard 866 carries 31 % of the cpu: no placement gets its node below 1.9x the mean.' }],
  bytesMin: 19 * MIB, bytesMinReason: 'node-2 holds nothing.', search: { stoppedBy: 'converged', workDone: 5_000, workMax: 400_000 },
};
const soft: GuardRail = { rail: 'headroom-node', severity: 'soft', message: 'The loss of node-1 could no longer be taken over', nodeId: 'node-1', shardId: null, numbers: { cpuRatioAfter: 0.86, limitRatio: 0.8 }, count: 1 };
const hard: GuardRail = { rail: 'zone-spread', severity: 'hard', message: 'Shard 12 would have two replicas in zone a', nodeId: 'node-2', shardId: 12, numbers: { before: 1, after: 2 }, count: 1 };

async function show(change: Partial<Plan> = {}) {
  const plan = planOf({ steps, bytes: 20 * MIB, frontier, proof, ...change });
  const harness = new Harness({ [`POST /plans/${plan.id}/approve`]: new Answer(202, { operation: operationOf() }) });
  await harness.render(<ClusterGate><PlanReview plan={plan} settings={DEFAULT_SETTINGS} /></ClusterGate>);
  await harness.snapshot(snapshotOf({ view: 'summary', summary: summaryOf() }), snapshotOf({ view: 'events', events: [] }));
  await screen.findByText('Verdict');
  return harness;
}

const handle = () => screen.getByRole('slider', { name: 'Stop here, on the curve' });
const slider = () => screen.getByRole('slider', { name: 'Stop after so many moves' });
const stopOf = (element: HTMLElement) => element.getAttribute('aria-valuenow');
const fact = (label: string) => screen.getByText(label, { selector: 'dt' }).nextElementSibling?.textContent;

describe('the review of a plan', { timeout: SLOW_MS }, () => {
  it('says how far from the best possible it can be, and what holds the bound up', async () => {
    await show();
    expect(fact('Gap')).toBe('at most 10 %from the best possible');
    expect(fact('Gained')).toBe('at least 96.7 %of what is possible');
    expect(screen.getByText(/Any plan that comes as far moves at least 19 MiB; this one moves 20 MiB, 1\.05x of it\. node-2 holds nothing\./)).toBeTruthy();
    expect(screen.getByText('most of what is left is in: cpu')).toBeTruthy();
    expect(screen.getByText(/no placement gets its node below 1\.9x the mean/)).toBeTruthy();
  });

  it('moves the handle by the keys of a slider, by one, a tenth, to the first and to the last', async () => {
    await show();
    expect(stopOf(handle())).toBe('20');
    for (const [key, expected] of [['PageDown', '18'], ['ArrowLeft', '17'], ['Home', '1'], ['ArrowLeft', '1'], ['PageUp', '3'], ['ArrowRight', '4'], ['End', '20'], ['ArrowRight', '20']] as const) {
      fireEvent.keyDown(handle(), { key });
      expect(stopOf(handle()), key).toBe(expected);
      expect(stopOf(slider()), key).toBe(expected);
    }
    fireEvent.keyDown(handle(), { key: 'Tab' });
    expect(stopOf(handle())).toBe('20');
  });

  it('is one value in handle, slider, suggestion, numbers, button and address', async () => {
    const harness = await show();
    fireEvent.click(screen.getByRole('button', { name: '80 % of the gain for 20 % of the data' }));
    expect(stopOf(handle())).toBe('4');
    expect(handle().getAttribute('aria-valuetext')).toBe('Stop after 4 of 20 moves: 80 % of the gain, 20 % of the data, 4 MiB');
    expect(fact('Moves')).toBe('4of 20');
    expect(fact('Data moved')).toBe('4 MiBof 20 MiB');
    expect(fact('Score')).toContain('1.200 → 0.250');
    expect(screen.getByRole('button', { name: 'Run 4 moves' })).toBeTruthy();
    await waitFor(() => expect(harness.url.at(-1)).toContain('stop=4-abc123'));
    fireEvent.keyDown(slider(), { key: 'ArrowRight' });
    expect(stopOf(handle())).toBe('5');
  });

  it('runs just the moves up to the handle', async () => {
    const harness = await show();
    fireEvent.keyDown(handle(), { key: 'Home' });
    fireEvent.click(screen.getByRole('button', { name: 'Run 1 move' }));
    const dialog = await screen.findByRole('dialog');
    fireEvent.click(await within(dialog).findByRole('button', { name: 'Run 1 move' }));
    await waitFor(() => expect(harness.visited).toEqual([`/${CLUSTER_ID}/operations/operation_1`]));
    expect(harness.requests.at(-1)?.body).toMatchObject({ stepCount: 1 });
  });

  it('asks for a tick before it breaks what holds today', async () => {
    const harness = await show({ guardRails: [soft] });
    const rails = screen.getByRole('region', { name: 'Holds today and would not afterwards' });
    expect(rails.textContent).toContain('The loss of node-1 could no longer be taken over');
    expect(rails.textContent).toContain('cpu ratio after 86 %');
    fireEvent.click(screen.getByRole('button', { name: 'Run 20 moves' }));
    const dialog = await screen.findByRole('dialog');
    const run = await within(dialog).findByRole('button', { name: 'Run 20 moves' });
    expect((run as HTMLButtonElement).disabled).toBe(true);
    fireEvent.click(within(dialog).getByRole('checkbox', { name: /loss of a node: holds today and will not afterwards/ }));
    expect((run as HTMLButtonElement).disabled).toBe(false);
    fireEvent.click(run);
    await waitFor(() => expect(harness.visited).toHaveLength(1));
  });

  it('shows what is refused apart from what is allowed, and why nothing is left to approve', async () => {
    await show({ guardRails: [hard], steps: [], bytes: 0, frontier: [], proof: null, verdict: { code: 'nothing-feasible', message: 'None of the chosen shards can be moved', numbers: {} } });
    expect(screen.getByRole('region', { name: /^Refused/ }).textContent).toContain('Shard 12 would have two replicas in zone a');
    expect(screen.getByText('Refused: Shard 12 would have two replicas in zone a')).toBeTruthy();
    expect(screen.queryByRole('button', { name: /^Run/ })).toBeNull();
  });

  it('of a plan that proves and records nothing says so, and lets one stop all the same', async () => {
    await show({ frontier: [], proof: null });
    expect(fact('Gap')).toBe('unknownnot proven');
    expect(screen.getByText(/this plan carries no proof/)).toBeTruthy();
    expect(screen.getByText(/the gain along the way was not recorded/)).toBeTruthy();
    expect(screen.queryByRole('slider', { name: 'Stop here, on the curve' })).toBeNull();
    fireEvent.keyDown(slider(), { key: 'Home' });
    expect(screen.getByRole('button', { name: 'Run 1 move' })).toBeTruthy();
  });

  it('cannot be run once it has expired, and says what to do', async () => {
    await show({ expiresAtMs: START_MS - 1 });
    expect(screen.getByText('Expired')).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Run 20 moves' }).getAttribute('aria-disabled')).toBe('true');
  });

  it('of an empty plan says why nothing is worth doing, and offers nothing to run', async () => {
    await show({ steps: [], bytes: 0, frontier: [], proof: null, verdict: { code: 'below-threshold', message: 'Imbalance of cpu is 0.05, under the threshold 0.10: nothing is worth moving.', numbers: {} } });
    expect(screen.getByText(/nothing is worth moving/)).toBeTruthy();
    expect(screen.queryByRole('button', { name: /^Run/ })).toBeNull();
    expect(screen.queryByText('Where to stop')).toBeNull();
  });
});
