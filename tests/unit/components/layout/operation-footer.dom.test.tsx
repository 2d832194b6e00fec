import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { FreezeControl } from '@/components/layout/freeze-control';
import { NAV_ITEMS, navItemOf } from '@/components/layout/nav-items';
import { OperationFooter, useRunningOperation } from '@/components/layout/operation-footer';
import { operationTitle, progressWords, shareDone, shareOf } from '@/components/layout/operation-progress';
import { CLUSTER_ID, operationOf, snapshotOf, summaryOf } from '@/tests/unit/client/live-fixtures';
import { Answer, Harness, SLOW_MS, type Answers } from '../realtime/console-harness';

function Footer() {
  const operation = useRunningOperation();
  return operation === null ? <p>nothing runs</p> : <OperationFooter operation={operation} />;
}

async function show(operations = [operationOf()], answers: Answers = {}) {
  const harness = new Harness(answers);
  await harness.render(<Footer />);
  await harness.snapshot(snapshotOf({ view: 'summary', summary: summaryOf({ operations }) }));
  return harness;
}

const press = (name: string | RegExp) => fireEvent.click(screen.getByRole('button', { name }));

describe('the running operation', { timeout: SLOW_MS }, () => {
  it('is the one that runs, with how many wait behind it; finished ones are none', async () => {
    await show([operationOf({ id: 'a', status: 'succeeded' }), operationOf({ id: 'b', status: 'pending' }), operationOf({ id: 'c', status: 'paused' })]);
    expect(screen.getByRole('link', { name: 'Rebalance' }).getAttribute('href')).toBe(`/${CLUSTER_ID}/operations/c`);
    expect(screen.getByText('1 operation waiting')).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Resume moves' })).toBeTruthy();
  });

  it('is absent when everything has ended', async () => {
    await show([operationOf({ status: 'canceled' })]);
    expect(screen.getByText('nothing runs')).toBeTruthy();
  });

  it('is paused at one press', async () => {
    const harness = await show(undefined, { 'POST /operations/operation_1/pause': operationOf({ status: 'pausing' }) });
    press('Pause moves');
    await waitFor(() => expect(harness.requests.map((request) => request.call)).toEqual(['POST /operations/operation_1/pause']));
  });

  it('is stopped only after saying what is left undone, with opposite verbs on the two buttons', async () => {
    const harness = await show(undefined, { 'POST /operations/operation_1/cancel': operationOf({ status: 'canceling' }) });
    press('Stop');
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.getByText(/192 moves of 312 will not be made/)).toBeTruthy();
    expect(dialog.getByRole('button', { name: 'Keep running' })).toBeTruthy();
    fireEvent.click(dialog.getByRole('button', { name: 'Stop after this batch of 4 moves' }));
    await waitFor(() => expect(harness.requests).toHaveLength(1));
  });

  it('is stopped in production only with the name of the cluster typed', async () => {
    const harness = new Harness({ 'POST /operations/operation_1/cancel': operationOf({ status: 'canceling' }) });
    await harness.render(<Footer />);
    await harness.snapshot(snapshotOf({ view: 'summary', summary: summaryOf({ environment: 'production', operations: [operationOf()] }) }));
    press('Stop');
    const dialog = within(await screen.findByRole('dialog'));
    const stop = dialog.getByRole('button', { name: 'Stop after this batch of 4 moves' });
    expect(stop.hasAttribute('disabled')).toBe(true);
    fireEvent.change(dialog.getByRole('textbox'), { target: { value: 'demo' } });
    fireEvent.click(stop);
    await waitFor(() => expect(harness.requests).toHaveLength(1));
  });

  it('[R2] is not touched from a picture that is not live, and the button says why', async () => {
    const harness = await show();
    await harness.say('disconnect');
    press('Pause moves');
    expect(harness.requests).toEqual([]);
    expect(screen.getByRole('button', { name: 'Pause moves' }).getAttribute('aria-description')).toContain('The connection to the server is lost');
  });

  it('says why a press was refused', async () => {
    await show(undefined, { 'POST /operations/operation_1/pause': new Answer(422, { type: 'about:blank', title: 'Refused', status: 422, code: 'refused', detail: 'no', refusals: [{ constraint: 'illegal-transition', message: 'It has ended already', nodeId: null, shardId: null, numbers: {}, count: 1 }] }) });
    press('Pause moves');
    expect(await screen.findByText('It has ended already')).toBeTruthy();
  });
});

describe('progress in words', { timeout: SLOW_MS }, () => {
  const { progress } = operationOf();

  it('has the bytes, the moves, the speed with its window and the time left as a range', () => {
    expect(progressWords(progress)).toBe('1 GiB of 4 GiB · 120 of 312 moves · 24 MiB/s over 30 s · 1 min 40 s to 3 min left');
  });

  it('says nothing of what is not known, and counts failures', () => {
    expect(progressWords({ ...progress, bytesPerSecond: null, secondsLeft: null, movesFailed: 2 })).toBe('1 GiB of 4 GiB · 120 of 312 moves · 2 failed');
    expect(progressWords({ ...progress, bytesDone: 0, bytesTotal: 0, bytesPerSecond: null, secondsLeft: null })).toBe('120 of 312 moves');
    expect(progressWords({ ...progress, movesDone: 312, secondsLeft: { low: 0, high: 0 } })).toBe('1 GiB of 4 GiB · 312 of 312 moves · 24 MiB/s over 30 s');
  });

  it('is by bytes, by moves when there are none, and not at all when there is nothing to do', () => {
    expect(shareDone(progress)).toBe(0.25);
    expect(shareDone({ ...progress, bytesTotal: 0, bytesDone: 0 })).toBeCloseTo(120 / 312);
    expect(shareDone({ ...progress, movesDone: progress.movesTotal })).toBe(1);
    expect(shareDone({ ...progress, bytesTotal: 0, movesTotal: 0 })).toBeNull();
    expect(shareDone({ ...progress, bytesDone: 9 * 1024 ** 3 })).toBe(0.99);
    expect(shareDone({ ...progress, bytesDone: progress.bytesTotal, movesDone: 312 })).toBe(1);
  });

  it('is never whole of what was called off', () => {
    const whole = { ...progress, movesDone: 312, bytesDone: progress.bytesTotal };
    expect(shareOf({ status: 'canceled', progress: whole })).toBe(0.99);
    expect(shareOf({ status: 'succeeded', progress: whole })).toBe(1);
  });

  it('names the node an operation is about', () => {
    expect(operationTitle({ kind: 'drain', nodeId: 'n3' }, (id) => `node ${id}`)).toBe('Drain node n3');
  });
});

describe('the freeze', { timeout: SLOW_MS }, () => {
  const show2 = async (summary = summaryOf(), answers: Answers = {}) => {
    const harness = new Harness(answers);
    await harness.render(<FreezeControl />);
    await harness.snapshot(snapshotOf({ view: 'summary', summary }));
    return harness;
  };

  it('asks for a reason before anything', async () => {
    const harness = await show2(undefined, { [`POST /clusters/${CLUSTER_ID}/freeze`]: { cause: 'operator', reason: 'disk swap', sinceMs: 1, by: 'me' } });
    press('Freeze');
    const dialog = within(await screen.findByRole('dialog'));
    const confirm = dialog.getByRole('button', { name: 'Freeze automation' });
    expect(confirm.hasAttribute('disabled')).toBe(true);
    fireEvent.change(dialog.getByLabelText(/Reason/), { target: { value: ' disk swap ' } });
    fireEvent.click(confirm);
    await waitFor(() => expect(harness.requests[0]?.body).toEqual({ reason: 'disk swap' }));
  });

  it('needs the name of a production cluster besides', async () => {
    await show2(summaryOf({ environment: 'production' }));
    press('Freeze');
    const dialog = within(await screen.findByRole('dialog'));
    fireEvent.change(dialog.getByLabelText(/Reason/), { target: { value: 'disk swap' } });
    expect(dialog.getByRole('button', { name: 'Freeze automation' }).hasAttribute('disabled')).toBe(true);
    fireEvent.change(dialog.getByLabelText(/Type the name of the cluster/), { target: { value: 'demo' } });
    expect(dialog.getByRole('button', { name: 'Freeze automation' }).hasAttribute('disabled')).toBe(false);
  });

  it('shows who froze it and why, and lifts it', async () => {
    const harness = await show2(summaryOf({ freeze: { cause: 'mass-failure', reason: '4 of 12 nodes in 15 min', sinceMs: 1, by: 'failure rule' } }), { [`POST /clusters/${CLUSTER_ID}/unfreeze`]: new Answer(204, null) });
    press('Frozen');
    expect(await screen.findByText('4 of 12 nodes in 15 min')).toBeTruthy();
    press('Lift the freeze');
    const dialog = within(await screen.findByRole('dialog', { name: /^Let automation act on/ }));
    expect(dialog.getByText('It was frozen because: 4 of 12 nodes in 15 min')).toBeTruthy();
    fireEvent.click(dialog.getByRole('button', { name: 'Let automation act again' }));
    await waitFor(() => expect(harness.requests).toHaveLength(1));
  });
});

describe('the navigation', { timeout: SLOW_MS }, () => {
  it('knows the screen of an address, also of a page below it', () => {
    expect(navItemOf('/c1/nodes/n2')?.label).toBe('Nodes');
    expect(navItemOf('/c1/unknown')).toBeNull();
  });

  it('gives every screen a shortcut of its own', () => {
    expect(new Set(NAV_ITEMS.map((item) => item.key)).size).toBe(NAV_ITEMS.length);
  });
});
