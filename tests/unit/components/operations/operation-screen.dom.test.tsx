import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { ClusterGate } from '@/components/layout/cluster-gate';
import { OperationScreen } from '@/components/operations/operation-screen';
import type { MoveRecord, Operation, Report } from '@/lib/contract/operation';
import { UNKNOWN_LATENCY } from '@/lib/contract/report';
import { CLUSTER_ID, START_MS, nodeOf, operationOf, snapshotOf, summaryOf } from '@/tests/unit/client/live-fixtures';
import { Answer, Harness, SLOW_MS, type Answers } from '../realtime/console-harness';

const IMBALANCE = { cpu: 0.4, memory: null, disk: null, network: null, operations: null, data: 0.2, shards: null, primaries: null };
const REPORT: Report = {
  secondsPredicted: { low: 60, high: 120 }, secondsActual: 90, secondsMoving: 70, bytesPredicted: 4 * 1024 ** 3, bytesActual: 5 * 1024 ** 3, keysPredicted: 1_000, keysActual: 1_200,
  imbalanceBefore: IMBALANCE, imbalancePredicted: { ...IMBALANCE, cpu: 0.05 }, imbalanceAfter: { ...IMBALANCE, cpu: 0.06 }, movesTotal: 312, movesDone: 310, movesFailed: 2, movesReverted: 0,
  bytesPerSecond: 64 * 1024 ** 2, movesPerSecond: 4, latency: { ...UNKNOWN_LATENCY, beforeP99Ms: 3, duringP99Ms: 4.5, duringWorstP99Ms: 9, duringSamples: 12, afterP99Ms: 3.1 },
};

function moveOf(index: number, change: Partial<MoveRecord> = {}): MoveRecord {
  return {
    index, status: 'pending', attempt: 0, bytesDone: 0, keysDone: 0, startedAtMs: null, finishedAtMs: null, failure: null,
    step: { kind: 'move', shardId: 100 + index, sourceNodeId: 'node-1', targetNodeId: 'node-2', role: 'primary', bytes: 1024 ** 2, keyCount: 80, reason: { code: 'evens-load', dimension: 'cpu', sourceBefore: 3, sourceAfter: 2, targetBefore: 1, targetAfter: 2 } },
    ...change,
  };
}

const MOVES = [
  moveOf(0, { status: 'done', attempt: 1, bytesDone: 1024 ** 2, keysDone: 80, startedAtMs: START_MS, finishedAtMs: START_MS + 2_000 }),
  moveOf(1, { status: 'failed', attempt: 3, startedAtMs: START_MS, failure: { code: 'target-out-of-memory', message: 'node-2 has no memory left', retryable: false } }),
  moveOf(2),
];

async function show(operation: Operation, answers: Answers = {}, search = '') {
  const harness = new Harness({
    [`GET /operations/${operation.id}/moves`]: { moves: MOVES, total: MOVES.length, nextCursor: null },
    [`GET /operations/${operation.id}`]: operation,
    [`GET /clusters/${CLUSTER_ID}/metrics`]: { series: [{ metric: 'latencyP99Ms', nodeId: null, stepMs: 10_000, points: [] }] },
    ...answers,
  });
  await harness.render(<ClusterGate><OperationScreen operationId={operation.id} /></ClusterGate>, search);
  await harness.snapshot(
    snapshotOf({ view: 'summary', summary: summaryOf({ operations: operation.finishedAtMs === null ? [operation] : [] }) }),
    snapshotOf({ view: 'nodes', nodes: [nodeOf('node-1'), nodeOf('node-2')] }), snapshotOf({ view: 'moves', moves: [] }),
  );
  return harness;
}

const ended = (change: Partial<Operation> = {}) => operationOf({ status: 'succeeded', finishedAtMs: START_MS + 90_000, report: REPORT, ...change });

describe('a running operation', { timeout: SLOW_MS }, () => {
  it('says what it does and what is not known yet, never a zero for it', async () => {
    await show(operationOf({ progress: { ...operationOf().progress, bytesPerSecond: null, secondsLeft: null } }));
    expect(screen.getByText('Data is moving.')).toBeTruthy();
    expect(screen.getByText('known after 3 moves or 2 %')).toBeTruthy();
    expect(screen.getByText('not measured yet')).toBeTruthy();
  });

  it('says that it paused by itself, why, and when it goes on', async () => {
    const change = { atMs: START_MS, movesInFlight: 0, batchBytes: 524_288, dutyPercent: 45, reason: { code: 'node-suspect' as const, nodeId: 'node-2', numbers: { nodes: 1 } } };
    await show(operationOf({ pacing: { heldBy: change.reason, changes: [change], samples: [] } }));
    expect(screen.getByText('Paused by itself: node-2 is suspect')).toBeTruthy();
    expect(screen.queryByText('Data is moving.')).toBeNull();
    expect(screen.getByText(/goes on by itself when the node answers again/)).toBeTruthy();
    expect(await screen.findByText('node-2 is suspect: nothing new starts')).toBeTruthy();
  });

  it('lists the stages with what was taken back, and when', async () => {
    await show(operationOf({ kind: 'replace', stages: [
      { kind: 'join', nodeId: 'node-2', status: 'compensated', message: 'It left again', startedAtMs: START_MS, finishedAtMs: START_MS + 4_000 },
      { kind: 'cordon', nodeId: 'node-1', status: 'pending', message: null, startedAtMs: null, finishedAtMs: null },
    ] }));
    const [join, cordon] = within(screen.getByRole('list', { name: 'Stages' })).getAllByRole('listitem');
    expect(join!.textContent).toContain('Undone');
    expect(join!.textContent).toContain('Join: node-2It left again');
    expect(join!.textContent).toContain('took 4 s');
    expect(cordon!.textContent).toContain('Pending');
  });

  it('says that the total grew when clients wrote meanwhile', async () => {
    await show(operationOf());
    expect(await screen.findByText('Total grew')).toBeTruthy();
    expect(screen.getByText(/4 GiB instead of the 3 MiB of the plan/)).toBeTruthy();
  });

  it('[M12] checks limits while they are typed and sends them whole', async () => {
    const harness = await show(operationOf(), { 'POST /operations/operation_1/throttle': operationOf() });
    fireEvent.click(screen.getByRole('button', { name: 'Change limits' }));
    fireEvent.change(await screen.findByLabelText('Moves at once'), { target: { value: '0' } });
    expect(await screen.findByText('A whole number from 1 to 256')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Use these limits' }));
    expect(harness.requests.some(({ call }) => call.endsWith('/throttle'))).toBe(false);
    fireEvent.click(screen.getByRole('radio', { name: 'Low' }));
    fireEvent.click(screen.getByRole('button', { name: 'Use these limits' }));
    await waitFor(() => expect(harness.requests.find(({ call }) => call.endsWith('/throttle'))?.body).toEqual({ throttle: { movesInFlightMax: 2, movesPerNodeMax: 1, bytesPerSecondMax: 16 * 1024 ** 2 } }));
  });
});

describe('its moves', { timeout: SLOW_MS }, () => {
  // This DOM has no layout, so that no row is in sight; how many there are is said to those who do not see.
  it('are filtered by stage, from the address and by one press', async () => {
    const harness = await show(operationOf(), {}, '?moves=failed');
    const table = await screen.findByRole('table', { name: 'Moves' });
    expect(table.getAttribute('aria-rowcount')).toBe('2');
    const failed = screen.getByRole('button', { name: 'Failed 1' });
    expect(failed.getAttribute('aria-pressed')).toBe('true');
    fireEvent.click(failed);
    await waitFor(() => expect(screen.getByRole('table', { name: 'Moves' }).getAttribute('aria-rowcount')).toBe('4'));
    fireEvent.click(screen.getByRole('button', { name: 'Done 1' }));
    await waitFor(() => expect(harness.url.at(-1)).toContain('moves=done'));
  });

  it('that none match are told from none at all', async () => {
    await show(operationOf(), {}, '?moves=verifying');
    expect(await screen.findByText('No moves match the filter')).toBeTruthy();
  });

  it('may be kept from somebody without the rest of the page failing', async () => {
    await show(operationOf(), { 'GET /operations/operation_1/moves': new Answer(403, { type: 'about:blank', title: 'Forbidden', status: 403, code: 'forbidden', detail: 'no' }) });
    expect(await screen.findByText('You may not see moves')).toBeTruthy();
    expect(screen.getByText('Data is moving.')).toBeTruthy();
  });
});

describe('an operation that ended', { timeout: SLOW_MS }, () => {
  it('has predicted against actual, the latency of clients, and files from the API', async () => {
    await show(ended());
    expect(await screen.findByText('1 min to 2 min')).toBeTruthy();
    expect(screen.getByText('310 done, 2 failed')).toBeTruthy();
    expect(screen.getByText('4.5 ms')).toBeTruthy();
    expect(screen.getByRole('link', { name: 'CSV' }).getAttribute('href')).toBe('/api/v1/operations/operation_1/report.csv');
    expect(screen.queryByRole('button', { name: 'Pause moves' })).toBeNull();
  });

  it('is taken back by a plan that opens for review, nothing else', async () => {
    const harness = await show(ended(), { 'POST /operations/operation_1/reverse': new Answer(201, { id: 'plan_9' }) });
    fireEvent.click(await screen.findByRole('button', { name: 'Reverse this' }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.getByText(/nothing moves until it is approved/)).toBeTruthy();
    fireEvent.click(dialog.getByRole('button', { name: 'Make the plan back' }));
    await waitFor(() => expect(harness.visited).toEqual([`/${CLUSTER_ID}/operations/new?plan=plan_9`]));
  });

  it('that was taken back already says so and links to what did it', async () => {
    await show(ended({ reversedBy: 'operation_7' }));
    expect((await screen.findByRole('button', { name: 'Reverse this' })).getAttribute('aria-description')).toBe('It has been taken back already');
    expect(screen.getByRole('link', { name: 'The one that took it back' }).getAttribute('href')).toBe(`/${CLUSTER_ID}/operations/operation_7`);
  });

  it('as superseded says what was changed by others and leads to the new plan', async () => {
    await show(ended({ status: 'superseded', foreignChange: 'slot 7 went to node-2', supersededByPlanId: 'plan_2', report: null }));
    expect(await screen.findByText(/slot 7 went to node-2/)).toBeTruthy();
    expect(screen.getByRole('link', { name: /^Review the plan/ }).getAttribute('href')).toBe(`/${CLUSTER_ID}/operations/new?plan=plan_2`);
  });

  it('as canceled is never whole', async () => {
    const { progress } = operationOf();
    await show(ended({ status: 'canceled', progress: { ...progress, movesDone: 312, bytesDone: progress.bytesTotal } }));
    expect((await screen.findByRole('progressbar')).getAttribute('aria-valuenow')).toBe('99');
  });
});
