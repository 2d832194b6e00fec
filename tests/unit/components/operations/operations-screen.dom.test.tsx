import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { ClusterGate } from '@/components/layout/cluster-gate';
import { OperationsScreen } from '@/components/operations/operations-screen';
import type { Operation } from '@/lib/contract/operation';
import { CLUSTER_ID, START_MS, operationOf, snapshotOf, summaryOf } from '@/tests/unit/client/live-fixtures';
import { Answer, Harness, SLOW_MS, type Answers } from '../realtime/console-harness';

const LIST = `GET /clusters/${CLUSTER_ID}/operations`;
const REORDER = `PUT /clusters/${CLUSTER_ID}/operations/queue`;

async function show(operations: Operation[], answers: Answers = {}, search = '') {
  const harness = new Harness({ [LIST]: { operations: [], nextCursor: null }, ...answers });
  await harness.render(<ClusterGate><OperationsScreen /></ClusterGate>, search);
  await harness.snapshot(snapshotOf({ view: 'summary', summary: summaryOf({ operations }) }), snapshotOf({ view: 'nodes', nodes: [] }));
  return harness;
}

const waiting = (id: string, queuePosition: number, change: Partial<Operation> = {}) => operationOf({ id, status: 'pending', startedAtMs: null, queuePosition, ...change });
const items = () => within(screen.getByRole('list', { name: 'Queue' })).getAllByRole('listitem');

describe('the queue', { timeout: SLOW_MS }, () => {
  it('has what runs on top and the rest in its order, whatever order they came in', async () => {
    await show([waiting('b', 1, { kind: 'drain' }), waiting('a', 0, { kind: 'move-shards' }), operationOf({ id: 'r' })]);
    expect(items().map((item) => within(item).getAllByRole('link')[0]!.textContent)).toEqual(['Rebalance', 'Move shards', 'Drain']);
    expect(items()[1]!.textContent).toContain('Next');
    expect(items()[2]!.textContent).toContain('After 1 other');
  });

  it('sends the whole new order when one is put earlier, and says where it is then', async () => {
    const harness = await show([waiting('a', 0), waiting('b', 1, { kind: 'drain' }), waiting('c', 2, { kind: 'replace' })], { [REORDER]: { operations: [] } });
    fireEvent.click(screen.getByRole('button', { name: 'Earlier: Replace' }));
    await waitFor(() => expect(harness.requests.find(({ call }) => call === REORDER)?.body).toEqual({ operationIds: ['a', 'c', 'b'] }));
    expect(await screen.findByText('Replace is now 2 of 3 that wait.')).toBeTruthy();
  });

  it('cannot put the next one earlier nor the last one later, and says why', async () => {
    const harness = await show([waiting('a', 0), waiting('b', 1, { kind: 'drain' })]);
    const earlier = screen.getByRole('button', { name: 'Earlier: Rebalance' });
    expect(earlier.getAttribute('aria-description')).toBe('It is the next one already');
    fireEvent.click(earlier);
    fireEvent.click(screen.getByRole('button', { name: 'Later: Drain' }));
    expect(harness.requests.filter(({ call }) => call === REORDER)).toEqual([]);
  });

  it('says that the order is what it was when the queue changed meanwhile', async () => {
    await show([waiting('a', 0), waiting('b', 1, { kind: 'drain' })], { [REORDER]: new Answer(409, { type: 'about:blank', title: 'Conflict', status: 409, code: 'conflict', detail: 'The queue changed meanwhile', current: null }) });
    fireEvent.click(screen.getByRole('button', { name: 'Earlier: Drain' }));
    expect(await screen.findByText('The order stays as it was')).toBeTruthy();
  });

  it('says who took its turn, why it is urgent, and what happens afterwards', async () => {
    await show([
      operationOf({ id: 'e', kind: 'drain', urgency: 'emergency', urgencyReason: 'node-3 fell over 4 times' }),
      waiting('a', 0, { preemptedBy: { operationId: 'e', atMs: START_MS, resumes: true } }),
    ]);
    expect(items()[0]!.textContent).toContain('Urgent: node-3 fell over 4 times');
    expect(items()[1]!.textContent).toContain('It stepped aside for a more urgent one and goes on by itself afterwards');
    expect(within(items()[1]!).getByRole('link', { name: 'the one that took its turn' }).getAttribute('href')).toBe(`/${CLUSTER_ID}/operations/e`);
  });

  it('takes one off with opposite verbs', async () => {
    const harness = await show([waiting('a', 0, { progress: { ...operationOf().progress, movesDone: 0 } })], { 'POST /operations/a/cancel': operationOf({ id: 'a', status: 'canceled' }) });
    fireEvent.click(screen.getByRole('button', { name: 'Take off the queue' }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.getByText(/It has changed nothing so far/)).toBeTruthy();
    expect(dialog.getByRole('button', { name: 'Keep it waiting' })).toBeTruthy();
    fireEvent.click(dialog.getByRole('button', { name: 'Take it off the queue' }));
    await waitFor(() => expect(harness.requests.some(({ call }) => call === 'POST /operations/a/cancel')).toBe(true));
  });
});

describe('the history', { timeout: SLOW_MS }, () => {
  const ended = operationOf({ id: 'old', status: 'canceled', finishedAtMs: START_MS + 90_000, createdBy: { kind: 'operator', name: 'ada' } });

  it('asks for what has ended only, and tells of each how, by whom and how long', async () => {
    const harness = await show([], { [LIST]: { operations: [ended], nextCursor: null } });
    const row = (await screen.findByRole('link', { name: 'Rebalance' })).closest('tr')!;
    expect(row.textContent).toContain('Canceled');
    expect(row.textContent).toContain('ada');
    expect(row.textContent).toContain('1 min 30 s');
    expect(harness.requests.find(({ call }) => call === LIST)!.url.search).toContain('superseded');
  });

  it('takes its filter from the address, asks the server for it, and tells a filter without a match from nothing at all', async () => {
    const harness = await show([], {}, '?kind=drain&status=failed');
    expect(await screen.findByText('No operations match the filter')).toBeTruthy();
    const asked = [...harness.requests.find(({ call }) => call === LIST)!.url.searchParams.values()];
    expect(asked).toEqual(expect.arrayContaining(['drain', 'failed']));
    expect(asked).not.toContain('superseded');
    fireEvent.click(screen.getByRole('button', { name: 'Clear the filter' }));
    expect(await screen.findByText('No operation has ended yet')).toBeTruthy();
  });

  it('has its own words for what may not be seen and for what could not be had', async () => {
    await show([], { [LIST]: new Answer(403, { type: 'about:blank', title: 'Forbidden', status: 403, code: 'forbidden', detail: 'no' }) });
    expect(await screen.findByText('You may not see operations')).toBeTruthy();
  });
});
