import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { useState } from 'react';
import { describe, expect, it } from 'vitest';
import type { NodeNames } from '@/components/charts/node-names';
import { KeyFinder } from '@/components/shard-map/key-finder';
import type { SetShardUrl } from '@/components/shard-map/shard-url';
import { CLUSTER_ID } from '@/tests/unit/client/live-fixtures';
import { Answer, Harness, SLOW_MS } from '../realtime/console-harness';

const CALL = `GET /clusters/${CLUSTER_ID}/locate`;
const names: NodeNames = { nameOf: (nodeId) => `name of ${nodeId}`, indexOf: () => 0 };

function Page({ opened }: { readonly opened: (shardId: number) => void }) {
  const [asked, setAsked] = useState('');
  const setUrl = ((change: { key?: string; shard?: number }) => {
    if (change.key !== undefined) setAsked(change.key);
    if (change.shard !== undefined) opened(change.shard);
    return Promise.resolve(new URLSearchParams());
  }) as SetShardUrl;
  return <KeyFinder clusterId={CLUSTER_ID} asked={asked} setUrl={setUrl} names={names} />;
}

describe('where is this key?', { timeout: SLOW_MS }, () => {
  it('shows the shard, who has it, and the part that was hashed; the shard opens on the map', async () => {
    const harness = new Harness({
      [CALL]: { key: 'cart:{u1}', hashedPart: 'u1', method: 'redis-slot', shardId: 4_711, primaryNodeId: 'p', secondaryNodeIds: ['s'], followerNodeIds: [], address: '10.0.0.1:6379', moving: { sourceNodeId: 'p', targetNodeId: 't' } },
    });
    const opened: number[] = [];
    await harness.render(<Page opened={(shardId) => opened.push(shardId)} />);
    fireEvent.change(screen.getByRole('textbox', { name: 'Where is this key?' }), { target: { value: 'cart:{u1}' } });
    fireEvent.click(screen.getByRole('button', { name: 'Find' }));
    const place = within(screen.getByRole('region', { name: 'Where is this key?' }));
    await place.findByText('name of p');
    expect(harness.requests.find(({ call }) => call === CALL)?.url.searchParams.get('key')).toBe('cart:{u1}');
    expect(place.getByText('u1').tagName).toBe('MARK');
    expect(place.getByText('by CRC16 of its hash tag')).toBeTruthy();
    expect(place.getByText('name of s')).toBeTruthy();
    expect(place.getByText('from name of p to name of t')).toBeTruthy();
    fireEvent.click(place.getByRole('button', { name: '4,711' }));
    await waitFor(() => expect(opened).toEqual([4_711]));
  });

  it('names those that mirror the primary, and no secondaries where there are none of an own', async () => {
    const harness = new Harness({
      [CALL]: { key: 'a', hashedPart: 'a', method: 'redis-slot', shardId: 15_495, primaryNodeId: 'p', secondaryNodeIds: [], followerNodeIds: ['f'], address: 'name of p', moving: null },
    });
    await harness.render(<Page opened={() => undefined} />);
    fireEvent.change(screen.getByRole('textbox', { name: 'Where is this key?' }), { target: { value: 'a' } });
    fireEvent.click(screen.getByRole('button', { name: 'Find' }));
    const place = within(screen.getByRole('region', { name: 'Where is this key?' }));
    expect((await place.findByText('Mirrored by')).nextElementSibling?.textContent).toContain('name of f');
    expect(place.queryByText('Secondaries')).toBeNull();
    // The name is the address here: it stands there once.
    expect(place.getAllByText('name of p')).toHaveLength(1);
  });

  it('says why it cannot be told', async () => {
    const harness = new Harness({ [CALL]: new Answer(404, { type: 'about:blank', title: 'Not found', status: 404, code: 'not-found', detail: 'The shards of this cluster are not known yet' }) });
    await harness.render(<Page opened={() => undefined} />);
    fireEvent.change(screen.getByRole('textbox', { name: 'Where is this key?' }), { target: { value: 'a' } });
    fireEvent.click(screen.getByRole('button', { name: 'Find' }));
    expect((await screen.findByRole('alert')).textContent).toContain('not known yet');
  });
});
