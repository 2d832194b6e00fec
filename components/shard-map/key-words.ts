import type { LocatedKey } from '@/lib/contract/routing';

/** The key around what was hashed of it. */
export function keyParts({ key, hashedPart }: Pick<LocatedKey, 'key' | 'hashedPart'>): { readonly before: string; readonly hashed: string; readonly after: string } {
  // A marked part stands after the first brace; elsewhere the whole key counts.
  const at = hashedPart === key ? 0 : key.indexOf('{') + 1;
  return { before: key.slice(0, at), hashed: hashedPart, after: key.slice(at + hashedPart.length) };
}

/** Why it is there. */
export function methodWords({ key, hashedPart, method }: Pick<LocatedKey, 'key' | 'hashedPart' | 'method'>): string {
  const marked = hashedPart !== key;
  switch (method) {
    case 'redis-slot': return marked ? 'by CRC16 of its hash tag' : 'by CRC16 of the whole key';
    case 'hash': return marked ? 'by the hash of the part in braces' : 'by the hash of the whole key';
    case 'ring': return marked ? 'by the place of the part in braces on the ring' : 'by its place on the ring';
    case 'range': return 'by its place in the order of keys';
    case 'directory': return 'by its longest prefix in the directory, else by hash';
    default: return '';
  }
}
