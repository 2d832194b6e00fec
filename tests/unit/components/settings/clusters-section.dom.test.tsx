import { act, fireEvent, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { ClustersSection } from '@/components/clusters/clusters-section';
import { HomeScreen } from '@/components/clusters/home-screen';
import { CLUSTER_ID, summaryOf } from '@/tests/unit/client/live-fixtures';
import { Answer, Harness, SLOW_MS, type Answers } from '../realtime/console-harness';

const problem = (status: number, more: object) => new Answer(status, { type: 'about:blank', title: 'No', status, code: 'x', detail: 'because', ...more });
const fill = (label: string | RegExp, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }));

async function connecting(answers: Answers) {
  const harness = new Harness({ 'GET /clusters': { clusters: [summaryOf()] }, ...answers });
  await harness.render(<ClustersSection />, '?connect=true');
  await screen.findByRole('dialog');
  return harness;
}

async function redis(answers: Answers) {
  const harness = await connecting(answers);
  fireEvent.click(screen.getByLabelText('Redis or Valkey cluster'));
  return harness;
}

function addSeed(seed: string) {
  const input = screen.getByPlaceholderText('10.0.0.5:6379');
  // What is written into a field without the focus is taken for a password manager's work.
  act(() => input.focus());
  fireEvent.change(input, { target: { value: seed } });
  fireEvent.keyDown(input, { key: 'Enter', code: 'Enter' });
}

describe('connecting a cluster', { timeout: SLOW_MS }, () => {
  it('sends exactly what the contract asks for, with a key, and goes to the new cluster', async () => {
    const harness = await connecting({ 'POST /clusters': new Answer(201, summaryOf({ id: 'cluster_2' })) });
    fill(/^Name/, 'Night');
    press('Connect the cluster');
    await waitFor(() => expect(harness.visited).toEqual(['/cluster_2/overview']));
    expect(harness.requests.at(-1)).toMatchObject({
      call: 'POST /clusters',
      body: { name: 'Night', environment: 'development', connection: { kind: 'simulator', nodeCount: 12, shardCount: 1_024, lastNodeEmpty: true } },
    });
    expect(harness.requests.at(-1)?.key).toMatch(/^key-/);
  });

  it('asks the server nothing while a field is wrong, and says which', async () => {
    const harness = await redis({});
    addSeed('no-port');
    press('Connect the cluster');
    expect(await screen.findByText(/host:port/, { selector: '.mantine-InputWrapper-error' })).toBeTruthy();
    expect(harness.requests.filter((request) => request.call.startsWith('POST'))).toEqual([]);
  });

  it('puts a problem of the server on the field it points at', async () => {
    await connecting({ 'POST /clusters': problem(400, { errors: [{ pointer: '#/name', detail: 'There is a cluster of that name', code: 'duplicate' }] }) });
    fill(/^Name/, 'demo');
    press('Connect the cluster');
    await waitFor(() => expect(screen.getByLabelText(/^Name/).getAttribute('aria-invalid')).toBe('true'));
    expect(screen.getAllByText(/There is a cluster of that name/).length).toBeGreaterThan(0);
  });

  it('tries a connection without a name and without keeping it, and shows what was found', async () => {
    const harness = await redis({ 'POST /clusters/test-connection': { reachable: true, engine: { name: 'Valkey', version: '8.1.1', serving: true, replicationFactor: 2, settings: {} }, nodeCount: 6, shardCount: 16_384, warnings: [{ code: 'evicting-policy', message: 'maxmemory-policy evicts', nodeId: null, shardId: null, remedy: 'Set noeviction' }], latencyMs: 1.4 } });
    addSeed('10.0.0.5:6379');
    fill(/^Password/, 'secret');
    press('Test the connection');
    expect(await screen.findByText(/Valkey 8.1.1, 6 nodes, 16,384 shards, answered in 1.4 ms/)).toBeTruthy();
    expect(screen.getByText('Set noeviction')).toBeTruthy();
    expect(harness.requests.at(-1)?.body).toEqual({ connection: { kind: 'redis-cluster', seeds: ['10.0.0.5:6379'], password: 'secret', commandTimeoutMs: 2_000, tls: { enabled: false, rejectUnauthorized: true } } });
  });

  it('gives the typed reasons of a failed test', async () => {
    await redis({ 'POST /clusters/test-connection': problem(422, { refusals: [{ constraint: 'authentication-failed', message: 'The password was not accepted', nodeId: null, shardId: null, numbers: {}, count: 1 }] }) });
    addSeed('10.0.0.5:6379');
    press('Test the connection');
    expect(await screen.findByText('The password was not accepted')).toBeTruthy();
  });
});

describe('disconnecting a cluster', { timeout: SLOW_MS }, () => {
  it('asks for the name, says that the cluster is not touched, and only then does it', async () => {
    const harness = new Harness({ 'GET /clusters': { clusters: [summaryOf()] }, [`DELETE /clusters/${CLUSTER_ID}`]: new Answer(204, null) });
    await harness.render(<ClustersSection />);
    fireEvent.click(await screen.findByRole('button', { name: 'Disconnect' }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.getByText(/The cluster itself is not touched/)).toBeTruthy();
    const confirm = dialog.getByRole('button', { name: 'Disconnect 1 cluster' });
    expect(confirm.hasAttribute('disabled')).toBe(true);
    fireEvent.change(dialog.getByLabelText(/Type the name/), { target: { value: 'demo' } });
    fireEvent.click(confirm);
    await waitFor(() => expect(harness.requests.some((request) => request.call === `DELETE /clusters/${CLUSTER_ID}`)).toBe(true));
  });
});

describe('the first page', { timeout: SLOW_MS }, () => {
  it('offers to connect a cluster when there is none, and goes to the first one when there is', async () => {
    const harness = new Harness();
    await harness.render(<HomeScreen />);
    expect(screen.getByText('Loading the clusters')).toBeTruthy();
    await harness.fleet([]);
    expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('Connect a cluster to PhantomScale');
    await harness.fleet([{ id: 'c9', name: 'nine', environment: 'staging', kind: 'simulator', healthStatus: 'healthy' }]);
    expect(harness.visited).toEqual(['/c9/overview']);
  });
});
