/** A name of the DNS that stands for addresses of nodes. */
export type SeedName =
  /** `dns+name:port`: every address of the name, at that port. */
  | { readonly kind: 'addresses'; readonly name: string; readonly port: number }
  /** `dnssrv+_service._tcp.name`: every target of the record, at its port. */
  | { readonly kind: 'services'; readonly name: string };

/** Divides what an operator gave into addresses to dial and names to look up. */
export function splitSeeds(seeds: readonly string[]): { readonly addresses: string[]; readonly names: SeedName[] } {
  const addresses: string[] = [];
  const names: SeedName[] = [];
  for (const seed of seeds) {
    if (seed.startsWith('dnssrv+')) names.push({ kind: 'services', name: seed.slice('dnssrv+'.length) });
    else if (seed.startsWith('dns+')) {
      const colon = seed.lastIndexOf(':');
      names.push({ kind: 'addresses', name: seed.slice('dns+'.length, colon), port: Number(seed.slice(colon + 1)) });
    } else addresses.push(seed);
  }
  return { addresses, names };
}
