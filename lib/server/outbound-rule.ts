import { lookup as resolveName } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import { NOT_ALLOWED, type Outbound, type OutboundLookup } from '@/lib/platform/outbound';

/** Never, whatever is allowed: unspecified, link-local (where clouds keep their secrets), protocol assignments, multicast, reserved; and the IPv6 place of the same secrets. */
const NEVER = ['0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '224.0.0.0/4', '240.0.0.0/4', '::/128', 'fe80::/10', 'ff00::/8', 'fd00:ec2::/32'];
const EVERYTHING = ['0.0.0.0/0', '::/0'];

/** Is it an address, or a network in the notation address/bits? */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** X6: the list of networks that connections may go to, with what is never among them. */
export class OutboundRule implements Outbound {
  readonly #allowed: BlockList;
  readonly #shown: string;

  /** @param networks as `isNetwork` takes them; none: every address that is not one of those that are never allowed */
  constructor(networks: readonly string[] = []) {
    this.#allowed = listOf(networks.length === 0 ? EVERYTHING : networks);
    this.#shown = networks.length === 0 ? 'link-local, multicast and reserved addresses never are' : `allowed: ${networks.join(', ')}`;
  }

  refusalOf(host: string): string | null {
    const address = host.startsWith('[') ? host.slice(1, -1) : host;
    return isIP(address) === 0 || this.#permits(address) ? null : `${address} is not an address that may be connected to (${this.#shown})`.slice(0, 300);
  }

  readonly lookup: OutboundLookup = (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const allowed = addresses.filter(({ address }) => this.#permits(address));
      const [first] = allowed;
      if (first === undefined) callback(Object.assign(new Error(`${hostname} leads to an address that may not be connected to (${this.#shown})`.slice(0, 300)), { code: NOT_ALLOWED }), []);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };

  #permits(address: string): boolean {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    return this.#allowed.check(address, family) && !never.check(address, family);
  }
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    list.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return list;
}

const never = listOf(NEVER);
