import { Redis } from 'ioredis';

/** What one server says of the cluster: its primaries with how many slots each owns. */
export async function primariesBy(address: string): Promise<ReadonlyMap<string, number>> {
  const colon = address.lastIndexOf(':');
  const client = new Redis({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)), protocol: 2, lazyConnect: true, maxRetriesPerRequest: 1 });
  try {
    await client.connect();
    const lines = String(await client.call('CLUSTER', 'NODES')).trim().split('\n').map((line) => line.split(' '));
    return new Map(lines.filter(([, , flags]) => flags?.includes('master') === true).map(([, at = '', , , , , , , ...slots]) => [at.split('@')[0]!, slots.reduce((sum, range) => sum + slotsIn(range), 0)]));
  } finally {
    client.disconnect();
  }
}

function slotsIn(range: string): number {
  if (range.startsWith('[')) return 0;
  const [first, last] = range.split('-').map(Number);
  return (last ?? first!) - first! + 1;
}
