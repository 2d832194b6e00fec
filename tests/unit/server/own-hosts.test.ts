import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { ownHosts } from '@/lib/server/own-hosts';

describe('the hosts that are this machine', () => {
  const isOwn = ownHosts();

  it.each(['127.0.0.1', '127.8.9.10', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', 'localhost', 'LOCALHOST', 'localhost.'])('%s is', (host) => {
    expect(isOwn(host)).toBe(true);
  });

  it('are all addresses of its interfaces', () => {
    const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []).map(({ address }) => address);
    expect(addresses.filter((address) => !isOwn(address))).toEqual([]);
  });

  it.each(['192.0.2.1', '2001:db8::1', '128.0.0.1', '', 'db-1', 'localhost.example.org', 'node.localhost', '127.0.0.1.example.org', '127.0.0.1:6379'])('"%s" is not: names are not looked up', (host) => {
    expect(isOwn(host)).toBe(false);
  });
});
