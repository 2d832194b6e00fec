import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Tells of a host, an address or a name, whether it is this machine as its network is now. Names are not looked up: any but "localhost" is taken for another machine. */
export function ownHosts(): (host: string) => boolean {
  const own = new BlockList();
  own.addSubnet('127.0.0.0', 8, 'ipv4');
  own.addAddress('::1', 'ipv6');
  for (const { address, family } of Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])) own.addAddress(withoutZone(address), family === 'IPv6' ? 'ipv6' : 'ipv4');
  return (host) => {
    const address = withoutZone(host);
    const family = isIP(address);
    return family === 0 ? /^localhost\.?$/i.test(host) : own.check(address, family === 6 ? 'ipv6' : 'ipv4');
  };
}

/** fe80::1%eth0 names an interface of the machine that says it. */
function withoutZone(address: string): string {
  return address.split('%')[0]!;
}
