import { BlockList, isIP } from 'node:net';
import { NOT_ALLOWED, type Outbound, type OutboundLookup } from '@/lib/platform/outbound';

/** Web services stand under one more rule than databases (X6): this machine, only where the URL says so itself. */
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Names and addresses that mean this machine, as a URL spells them. */
export function namesLoopback(hostname: string): boolean {
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return host === 'localhost' || (isIP(host) !== 0 && isLoopback(host));
}

/** The look-up of a connection to a web service: what leads to this machine by another name does not come out of it. */
export function lookupElsewhere(outbound: Outbound): OutboundLookup {
  return (hostname, options, callback) => {
    outbound.lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null || typeof found === 'string') {
        callback(error, found);
        return;
      }
      const allowed = namesLoopback(hostname) ? found : found.filter(({ address }) => !isLoopback(address));
      const [first] = allowed;
      if (first === undefined) callback(Object.assign(new Error(`${hostname} leads to this machine under another name`), { code: NOT_ALLOWED }), []);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

function isLoopback(address: string): boolean {
  return loopback.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
