import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { EventsScreen } from '@/components/events/events-screen';
import { ClusterGate } from '@/components/layout/cluster-gate';
import { CLUSTER_ID, deltaOf, eventOf, nodeOf, snapshotOf, summaryOf } from '@/tests/unit/client/live-fixtures';
import { Answer, Harness, SLOW_MS, type Answers, type Request } from '../realtime/console-harness';

const call = `GET /clusters/${CLUSTER_ID}/events`;
const page = (sequences: number[], nextCursor: string | null = null) => ({ events: sequences.map((sequence) => eventOf(sequence)), nextCursor });

async function show(answers: Answers, search = '', live = [3, 2, 1]) {
  const harness = new Harness(answers);
  await harness.render(<ClusterGate><EventsScreen /></ClusterGate>, search);
  await harness.snapshot(
    snapshotOf({ view: 'summary', summary: summaryOf() }),
    snapshotOf({ view: 'nodes', nodes: [nodeOf('node-1')] }),
    snapshotOf({ view: 'events', events: live.map((sequence) => eventOf(sequence)) }),
  );
  // Live events may be there before the history is.
  await waitFor(() => expect(screen.queryByText('Loading events')).toBeNull());
  return harness;
}

const rows = () => screen.queryAllByRole('button', { name: /joined/ }).map((row) => /node-\d+ joined/.exec(row.textContent)?.[0]);
const joined = (...numbers: number[]) => numbers.map((number) => `node-${number} joined`);

describe('the events screen', { timeout: SLOW_MS }, () => {
  it('shows history and what happens since, every event once, newest first', async () => {
    const harness = await show({ [call]: page([3, 2, 1]) });
    await waitFor(() => expect(rows()).toEqual(joined(3, 2, 1)));
    await harness.delta(deltaOf({ view: 'events', events: [eventOf(4)] }, 1, 2));
    expect(rows()).toEqual(joined(4, 3, 2, 1));
    expect(harness.requests).toHaveLength(1);
  });

  it('keeps an opened event open while others arrive', async () => {
    const harness = await show({ [call]: page([3, 2, 1]) }, '?event=event_2');
    await waitFor(() => expect(screen.getByText('Number in the log')).toBeTruthy());
    await harness.delta(deltaOf({ view: 'events', events: [eventOf(4)] }, 1, 2));
    expect(screen.getByRole('button', { expanded: true }).textContent).toContain('node-2 joined');
  });

  it('counts what happens and holds it back while nobody wants to follow', async () => {
    const harness = await show({ [call]: page([3, 2, 1]) }, '?follow=false');
    await waitFor(() => expect(rows()).toHaveLength(3));
    await harness.delta(deltaOf({ view: 'events', events: [eventOf(5), eventOf(4)] }, 1, 2));
    expect(rows()).toEqual(joined(3, 2, 1));
    fireEvent.click(screen.getByRole('button', { name: '2 new events: show' }));
    await waitFor(() => expect(rows()).toEqual(joined(5, 4, 3, 2, 1)));
  });

  it('reads the filter from the address, asks the API with it, and shows it as chips', async () => {
    const harness = await show({ [call]: page([]) }, '?severity=warning&node=node-1&type=node.added', []);
    await waitFor(() => expect(harness.requests).toHaveLength(1));
    expect(decodeURIComponent(harness.requests[0]!.url.search)).toBe('?limit=100&type[0]=node.added&severityMin=warning&nodeId=node-1');
    expect(screen.getByText('node node-1')).toBeTruthy();
    expect(await screen.findByText('No events match the filter')).toBeTruthy();
    fireEvent.click(screen.getAllByRole('button', { name: 'Clear the filter' })[0]!);
    await waitFor(() => expect(harness.url.at(-1)).toBe(''));
  });

  it('does not put a live event on top that the filter hides', async () => {
    const harness = await show({ [call]: page([]) }, '?severity=critical', []);
    await screen.findByText('No events match the filter');
    await harness.delta(deltaOf({ view: 'events', events: [eventOf(9)] }, 1, 2));
    expect(rows()).toEqual([]);
    await harness.delta(deltaOf({ view: 'events', events: [eventOf(10, { severity: 'critical' })] }, 2, 3));
    expect(rows()).toEqual(joined(10));
  });

  it('tells nothing, no match and failure apart', async () => {
    await show({ [call]: page([]) }, '', []);
    expect(await screen.findByText('Nothing has happened yet')).toBeTruthy();
  });

  it('says what went wrong and tries again', async () => {
    let tries = 0;
    await show({ [call]: () => ((tries += 1) === 1 ? new Answer(503, { type: 'about:blank', title: 'Not available now', status: 503, code: 'unavailable', detail: 'The database does not answer' }) : page([1])) }, '', []);
    expect(await screen.findByText('The database does not answer')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(rows()).toEqual(joined(1)));
  });

  it('loads older pages by their cursor', async () => {
    const harness = await show({ [call]: ({ url }: Request) => (url.searchParams.get('cursor') === 'c1' ? page([1]) : page([3, 2], 'c1')) }, '', []);
    fireEvent.click(await screen.findByRole('button', { name: 'Load older events' }));
    await waitFor(() => expect(rows()).toEqual(joined(3, 2, 1)));
    expect(harness.requests).toHaveLength(2);
    expect(screen.queryByRole('button', { name: 'Load older events' })).toBeNull();
  });

  it('asks again when so much happened at once that some of it was never seen', async () => {
    const harness = await show({ [call]: page([3, 2, 1]) });
    await waitFor(() => expect(rows()).toHaveLength(3));
    await harness.snapshot(snapshotOf({ view: 'events', events: [eventOf(301), eventOf(300)] }, { revision: 2 }));
    await waitFor(() => expect(harness.requests).toHaveLength(2));
  });

  it('leads to what the event is about', async () => {
    await show({ [call]: page([3, 2, 1]) });
    await waitFor(() => expect(rows()).toHaveLength(3));
    fireEvent.click(screen.getByRole('button', { name: /node-3 joined/ }));
    await screen.findByText('Number in the log');
    const details = within(document.querySelector('#event-event_3')!);
    expect(details.getByRole('link').getAttribute('href')).toBe(`/${CLUSTER_ID}/nodes/node-3`);
  });
});
