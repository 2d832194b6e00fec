import { lookup as resolveName, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP } from 'node:net';

/**
 * Which addresses a request of ours may go to, decided on the address that is connected to
 * and not on the name: a name may mean another address at the next look (DNS rebinding).
 */
const never = new BlockList();
for (const [net, prefix] of [['0.0.0.0', 8], ['169.254.0.0', 16], ['192.0.0.0', 24], ['224.0.0.0', 4], ['240.0.0.0', 4]] as const) never.addSubnet(net, prefix, 'ipv4');
for (const [net, prefix] of [['::', 128], ['fe80::', 10], ['ff00::', 8], ['fd00:ec2::', 32]] as const) never.addSubnet(net, prefix, 'ipv6');
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Names and addresses that mean this machine, as a URL spells them. */
export function namesLoopback(hostname: string): boolean {
  const host = bare(hostname);
  return host === 'localhost' || (isIP(host) !== 0 && isIn(loopback, host));
}

/** Link-local (where clouds keep their secrets), unspecified, multicast: never. This machine: only where the URL says so itself. */
export function mayConnect(address: string, hostname: string): boolean {
  if (isIn(never, address)) return false;
  return !isIn(loopback, address) || namesLoopback(hostname);
}

/** An address in the URL is not looked up, so it is judged beforehand. */
export function literalRefused(hostname: string): boolean {
  const host = bare(hostname);
  return isIP(host) !== 0 && !mayConnect(host, hostname);
}

/** For the option `lookup` of a connection: only addresses that may be connected to come out of it. */
export function guardedLookup(hostname: string, options: LookupOptions, callback: (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void): void {
  resolveName(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      callback(error, []);
      return;
    }
    const allowed = addresses.filter(({ address }) => mayConnect(address, hostname));
    const [first] = allowed;
    if (first === undefined) callback(Object.assign(new Error(`${hostname} leads to an address that is not allowed`), { code: 'EADDRNOTALLOWED' }), []);
    else if (options.all === true) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
}

function isIn(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function bare(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}
