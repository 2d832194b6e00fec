import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { NewPlanScreen } from '@/components/operations/new-plan-screen';
import { ClusterGate } from '@/components/layout/cluster-gate';
import type { PlanRequest, WhatIf } from '@/lib/contract/plan';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { CLUSTER_ID, nodeOf, snapshotOf, summaryOf, wireTableOf } from '@/tests/unit/client/live-fixtures';
import { Answer, Harness, SLOW_MS, type Answers, type Request } from '../realtime/console-harness';
import { planOf, whatIfOf } from './plan-fixtures';

const path = `/clusters/${CLUSTER_ID}`;
const WHAT_IF = `POST ${path}/plans/what-if`;
const settings = { generation: 1, settings: DEFAULT_SETTINGS };

async function show(answers: Answers, search = '?strategy=optimal') {
  const harness = new Harness({ [`GET ${path}/settings`]: settings, [WHAT_IF]: (asked: Request) => answerTo(asked), ...answers });
  await harness.render(<ClusterGate><NewPlanScreen /></ClusterGate>, search);
  await harness.snapshot(
    snapshotOf({ view: 'summary', summary: summaryOf() }), snapshotOf({ view: 'events', events: [] }),
    snapshotOf({ view: 'nodes', nodes: [nodeOf('node-1'), nodeOf('node-2')] }), snapshotOf({ view: 'shards', table: wireTableOf(64) }),
  );
  return harness;
}

const bodyOf = (asked: Request) => asked.body as PlanRequest;

/** As many moves as the threshold has percent, so that an answer shows which question it belongs to. */
function answerTo(asked: Request): WhatIf {
  const { threshold, weights, preset } = bodyOf(asked);
  return { ...whatIfOf({ threshold: threshold ?? 0, options: { ...whatIfOf().options, preset: preset ?? null, weights: { cpu: 1, bytes: 0.5, ...weights } } }), stepCount: Math.round((threshold ?? 0) * 100) };
}

const whatIfs = (harness: Harness) => harness.requests.filter(({ call }) => call === WHAT_IF);
const bar = () => screen.getByRole('region', { name: 'What-if, not kept' });
const movesOf = (region: HTMLElement) => within(region).getByText('Moves').nextElementSibling?.textContent;
const thresholdField = () => screen.getByLabelText('Imbalance threshold, percent');
const type = (field: HTMLElement, value: string) => fireEvent.change(field, { target: { value } });

describe('the form of a new plan', { timeout: SLOW_MS }, () => {
  it('shows at once what the form would bring, without keeping anything', async () => {
    const harness = await show({});
    await waitFor(() => expect(movesOf(bar())).toBe('10'));
    expect(bodyOf(whatIfs(harness)[0]!)).toEqual({ strategy: 'optimal', scope: { kind: 'cluster' }, threshold: 0.1, seed: 1, preset: 'balanced' });
    expect(harness.requests.filter(({ call }) => call === `POST ${path}/plans`)).toEqual([]);
    expect(await screen.findByText('It brings the worst imbalance from 1.20 (cpu) to 0.02 (cpu).')).toBeTruthy();
  });

  it('puts what is chosen into the address, and takes it from there', async () => {
    const harness = await show({}, '?strategy=optimal&preset=thorough&weights=cpu:4&arrivals=7');
    await waitFor(() => expect(whatIfs(harness)).toHaveLength(1));
    expect(bodyOf(whatIfs(harness)[0]!)).toMatchObject({ preset: 'thorough', weights: { cpu: 4 }, constraints: { arrivalsPerNodeMax: 7 } });
    fireEvent.click(screen.getByRole('radio', { name: /^Light/ }));
    await waitFor(() => expect(harness.url.at(-1)).toContain('preset=light'));
    // Own weights belong to the preset they were set on.
    expect(harness.url.at(-1)).not.toContain('weights');
    type(thresholdField(), '25');
    await waitFor(() => expect(harness.url.at(-1)).toContain('threshold=0.25'));
    await waitFor(() => expect(bodyOf(whatIfs(harness).at(-1)!)).toEqual({ strategy: 'optimal', scope: { kind: 'cluster' }, threshold: 0.25, seed: 1, preset: 'light', constraints: expect.objectContaining({ arrivalsPerNodeMax: 7 }) as unknown }));
  });

  it('plans again when a weight is dragged with the keys', async () => {
    const harness = await show({});
    await waitFor(() => expect(movesOf(bar())).toBe('10'));
    const slider = screen.getByRole('slider', { name: 'Weight of CPU', hidden: true });
    fireEvent.keyDown(slider, { key: 'ArrowRight' });
    await waitFor(() => expect(harness.url.at(-1)).toContain('weights=cpu:2'));
    await waitFor(() => expect(bodyOf(whatIfs(harness).at(-1)!)).toMatchObject({ weights: { cpu: 2 } }));
    expect(slider.getAttribute('aria-valuetext')).toBe('× 2');
  });

  it('aborts the question that a newer one overtakes, and a late answer never overwrites a newer one', async () => {
    const waiting = new Map<number, { readonly asked: Request; readonly answer: () => void }>();
    const slow = (asked: Request) => new Promise<WhatIf>((resolve) => { waiting.set(Math.round((bodyOf(asked).threshold ?? 0) * 100), { asked, answer: () => resolve(answerTo(asked)) }); });
    await show({ [WHAT_IF]: slow });
    await waitFor(() => expect(waiting.has(10)).toBe(true));
    type(thresholdField(), '20');
    await waitFor(() => expect(waiting.has(20)).toBe(true));
    type(thresholdField(), '30');
    await waitFor(() => expect(waiting.has(30)).toBe(true));
    expect(waiting.get(10)!.asked.signal.aborted).toBe(true);
    expect(waiting.get(20)!.asked.signal.aborted).toBe(true);
    waiting.get(30)!.answer();
    await waitFor(() => expect(movesOf(bar())).toBe('30'));
    waiting.get(20)!.answer();
    waiting.get(10)!.answer();
    await waitFor(() => expect(within(bar()).getByRole('status').textContent).toBe('against now'));
    expect(movesOf(bar())).toBe('30');
  });

  it('keeps the last picture while the next is made, says so, and leaves the field alone', async () => {
    let hold = false;
    await show({ [WHAT_IF]: (asked: Request) => (hold ? new Promise(() => undefined) : answerTo(asked)) });
    await waitFor(() => expect(movesOf(bar())).toBe('10'));
    hold = true;
    type(thresholdField(), '40');
    await waitFor(() => expect(within(bar()).getByRole('status').textContent).toContain('planning again'));
    expect(movesOf(bar())).toBe('10');
    expect((thresholdField() as HTMLInputElement).value).toBe('40 %');
  });

  it('asks nothing while a field is wrong, says what is wrong beside it, and keeps the button from it', async () => {
    const harness = await show({}, '?strategy=optimal&pin=0-5,900');
    await waitFor(() => expect(within(bar()).getByRole('status').textContent).toContain('“900” is no shard or range from 0 to 63'));
    expect(whatIfs(harness)).toEqual([]);
    fireEvent.click(screen.getByRole('button', { name: 'Preview this' }));
    expect(harness.requests.some(({ call }) => call === `POST ${path}/plans`)).toBe(false);
    type(screen.getByLabelText('Shards that stay'), '0-5');
    await waitFor(() => expect(bodyOf(whatIfs(harness)[0]!)).toMatchObject({ constraints: { pinnedShardIds: [0, 1, 2, 3, 4, 5] } }));
  });

  it('shows a refusal as what it is, with its reason and what would have to change', async () => {
    const refusal = { constraint: 'headroom', message: 'No plan leaves room for the loss of zone a', nodeId: null, shardId: null, numbers: { zones: 1 }, count: 1, remedy: 'Ask for headroom of one node' };
    await show({ [WHAT_IF]: new Answer(422, { type: 'about:blank', title: 'Refused', status: 422, code: 'refused', detail: 'refused', refusals: [refusal] }) });
    expect(await screen.findByText('This cannot be planned')).toBeTruthy();
    expect(screen.getByText('No plan leaves room for the loss of zone a')).toBeTruthy();
    expect(screen.getByText('To allow it: Ask for headroom of one node')).toBeTruthy();
  });

  it('tells that it may not be seen apart from that it failed', async () => {
    await show({ [WHAT_IF]: new Answer(403, { type: 'about:blank', title: 'No', status: 403, code: 'forbidden', detail: 'no' }) });
    expect(await screen.findByText('You may not see the what-if')).toBeTruthy();
  });

  it('keeps the plan at a press, with exactly the request of the form, and holds later what-ifs against it', async () => {
    const harness = await show({
      [`POST ${path}/plans`]: new Answer(201, planOf({ threshold: 0.1 })), 'GET /plans/plan_abc123': planOf({ threshold: 0.1 }),
    }, '?strategy=optimal&weights=cpu:2');
    await waitFor(() => expect(movesOf(bar())).toBe('10'));
    fireEvent.click(screen.getByRole('button', { name: 'Preview this' }));
    await waitFor(() => expect(harness.url.at(-1)).toContain('plan=plan_abc123'));
    const made = harness.requests.find(({ call }) => call === `POST ${path}/plans`);
    expect(made?.body).toEqual(whatIfs(harness)[0]?.body);
    expect(made?.key).toMatch(/^key-/);
    await waitFor(() => expect(within(bar()).getByRole('status').textContent).toBe('against the plan under review'));
    expect(within(bar()).getByText('+10')).toBeTruthy();
  });
});
