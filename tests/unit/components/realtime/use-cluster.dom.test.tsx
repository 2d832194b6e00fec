import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { useCluster, useFreshness, useWriteAllowed } from '@/components/realtime/use-cluster';
import { useConnection } from '@/components/realtime/use-live-store';
import { deltaOf, snapshotOf, summaryOf } from '@/tests/unit/client/live-fixtures';
import { Harness } from './console-harness';

function Probe({ renders }: { readonly renders: { count: number } }) {
  renders.count += 1;
  const names = useCluster((state) => [state.summary?.name ?? 'none', state.summary?.environment ?? 'none']);
  return <output>{names.join(' ')}</output>;
}

function States() {
  const { words } = useConnection();
  const write = useWriteAllowed();
  const freshness = useFreshness();
  return <output>{`${words}|${write.allowed}|${write.reason ?? ''}|${freshness.stale}`}</output>;
}

const output = () => screen.getByRole('status').textContent;

describe('useCluster', () => {
  it('renders only when the selection changed, also with a selector written inline', async () => {
    const harness = new Harness();
    const renders = { count: 0 };
    await harness.render(<Probe renders={renders} />);
    await harness.snapshot(snapshotOf({ view: 'summary', summary: summaryOf() }));
    expect(output()).toBe('demo development');
    const before = renders.count;
    await harness.delta(deltaOf({ view: 'summary', patch: { revision: 2 } }, 1, 2));
    expect(renders.count).toBe(before);
    await harness.delta(deltaOf({ view: 'summary', patch: { name: 'renamed' } }, 2, 3));
    expect(output()).toBe('renamed development');
  });
});

describe('[R2] the right to write', () => {
  it('is there with a live, fresh picture and goes, with its reason, when either goes', async () => {
    const harness = new Harness();
    await harness.render(<States />);
    expect(output()).toContain('Live|false|The state of the cluster has not arrived yet');
    await harness.snapshot(snapshotOf({ view: 'summary', summary: summaryOf() }));
    expect(output()).toBe('Live|true||false');
    await harness.pass(5_000);
    expect(output()).toMatch(/^Live\|false\|The last complete observation is 5 s old.*\|true$/);
  });

  it('goes with the connection, and the words say how it stands', async () => {
    const harness = new Harness();
    await harness.render(<States />);
    await harness.snapshot(snapshotOf({ view: 'summary', summary: summaryOf({ observationIntervalMs: 60_000 }) }));
    await harness.pass(4_000, { silent: true });
    expect(output()).toMatch(/^Delayed 4 s\|false\|/);
    await harness.say('disconnect');
    expect(output()).toMatch(/^Reconnecting\|false\|The connection to the server is lost/);
    await harness.pass(16_000, { silent: true });
    expect(output()).toMatch(/^Offline since \d\d:\d\d:\d\d\|false/);
    await harness.say('connect');
    expect(output()).toBe('Live|true||false');
  });
});
