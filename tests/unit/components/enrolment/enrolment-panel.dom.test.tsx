import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { agentCommandOf } from '@/components/enrolment/agent-command';
import { EnrolmentPanel } from '@/components/enrolment/enrolment-panel';
import type { ClusterSummary } from '@/lib/contract/cluster';
import { CLUSTER_ID, snapshotOf, START_MS, summaryOf } from '@/tests/unit/client/live-fixtures';
import { Answer, Harness, SLOW_MS } from '../realtime/console-harness';

const TOKENS = `/clusters/${CLUSTER_ID}/agents/tokens`;
const SECRET = 'pse_very-secret';

async function render(summary: Partial<ClusterSummary> = {}) {
  const harness = new Harness({
    [`GET ${TOKENS}`]: { tokens: [{ tokenId: 'token_abcdefgh', acceptByRule: false, createdAtMs: START_MS - 60_000, expiresAtMs: START_MS + 60_000, expired: false }] },
    [`POST ${TOKENS}`]: { tokenId: 'token_new', token: SECRET, expiresAtMs: START_MS + 3_600_000 },
    [`DELETE ${TOKENS}/token_abcdefgh`]: new Answer(204, null),
  });
  await harness.render(<EnrolmentPanel />);
  await harness.snapshot(snapshotOf({ view: 'summary', summary: summaryOf({ kind: 'http-agent', ...summary }) }));
  return harness;
}

describe('enrolment', { timeout: SLOW_MS }, () => {
  it('[X3] shows the command with the token once, with what was filled in, and forgets it when it is closed', async () => {
    const harness = await render();
    fireEvent.click(screen.getByRole('button', { name: 'Enrol a node' }));
    const dialog = within(await screen.findByRole('dialog'));
    fireEvent.click(dialog.getByRole('radio', { name: /member at once/ }));
    fireEvent.click(dialog.getByRole('button', { name: 'Make a token' }));
    const command = await dialog.findByLabelText('Command that enrols the node');
    expect(harness.requests.find(({ call }) => call === `POST ${TOKENS}`)?.body).toEqual({ acceptByRule: true, ttlMs: 3_600_000 });
    fireEvent.change(dialog.getByLabelText('Zone'), { target: { value: 'zone b' } });
    expect(command.textContent).toContain(`PHANTOM_AGENT_TOKEN=${SECRET} \\\n  npm run agent --`);
    expect(command.textContent).toContain(`--zone 'zone b'`);
    expect(command.textContent).toContain(`--manager ${window.location.origin}`);
    fireEvent.click(dialog.getByRole('button', { name: /I have copied it/ }));
    await waitFor(() => expect(document.body.textContent).not.toContain(SECRET));
  });

  it('lists what nobody has used, and takes it back', async () => {
    const harness = await render();
    const list = within(await screen.findByRole('list', { name: 'Tokens that nobody has used' }));
    expect(list.getByText(/its node waits to be accepted/)).toBeTruthy();
    fireEvent.click(list.getByRole('button', { name: 'Revoke' }));
    await waitFor(() => expect(harness.requests.map(({ call }) => call)).toContain(`DELETE ${TOKENS}/token_abcdefgh`));
  });

  it('offers nothing for clusters whose nodes run no agents', async () => {
    await render({ kind: 'simulator' });
    expect(screen.queryByRole('button', { name: 'Enrol a node' })).toBeNull();
  });

  it('a command is one that a shell takes as it is meant', () => {
    expect(agentCommandOf({ managerUrl: 'http://c:3000', token: SECRET, dataDir: `/data/it's`, port: '', zone: '' })).toBe(`PHANTOM_AGENT_TOKEN=${SECRET} \\\n  npm run agent -- \\\n  --data '/data/it'\\''s' \\\n  --manager http://c:3000`);
  });
});
