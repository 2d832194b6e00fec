/** A look-up as sockets ask for one: all addresses of a name, or its first. */
export type OutboundLookup = (
  hostname: string,
  options: { readonly all?: boolean | undefined },
  callback: (error: (Error & { code?: string }) | null, address: string | { address: string; family: number }[], family?: number) => void,
) => void;

/**
 * Where this process may connect to (X6). Decided on the address that is connected to and not
 * on the name: a name may mean another address at the next look (DNS rebinding). Whoever
 * opens a connection asks both ways, for an address in the place of a name is not looked up.
 */
export interface Outbound {
  /** Why the address may not be connected to; `null` when it may, and for names. IPv6 with or without brackets. */
  refusalOf(host: string): string | null;
  /** For the option `lookup` of a connection: only addresses that may be connected to come out of it; with none, an error of the code EADDRNOTALLOWED. */
  readonly lookup: OutboundLookup;
}

export const NOT_ALLOWED = 'EADDRNOTALLOWED';
