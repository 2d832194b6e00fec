import { compareKeys, shardCountOf, type Sharding } from '@/lib/contract/sharding';
import { assertNever } from '@/lib/platform/assert';

/** Redis Cluster's own: CRC16 of the hashed part modulo 16,384. */
export type KeySharding = Sharding | { readonly method: 'redis-slot' };

export const REDIS_SLOT_COUNT = 16_384;

export type KeyLookup = (key: string) => number;

/**
 * The function from a key to its shard. The same on every machine and in every release, for a
 * client in any language has to come to the same answer. Whatever can be prepared is, once.
 *
 * The ring places `pointsPerShard` points for each shard and gives a key to the first point at
 * or after its own position (Karger et al., STOC 1997).
 */
export function createKeyLookup(sharding: KeySharding): KeyLookup {
  switch (sharding.method) {
    case 'redis-slot': return (key) => crc16(hashedPart(key)) % REDIS_SLOT_COUNT;
    case 'hash': return (key) => hashKey(hashedPart(key)) % sharding.shardCount;
    case 'range': return (key) => countBelowOrAt(sharding.boundaries, key);
    case 'directory': return directoryLookup(sharding);
    case 'ring': return ringLookup(sharding);
    default: return assertNever(sharding);
  }
}

export function shardCountOfKeys(sharding: KeySharding): number {
  return sharding.method === 'redis-slot' ? REDIS_SLOT_COUNT : shardCountOf(sharding);
}

/**
 * What of a key is hashed: what stands between the first `{` and the first `}` after it, when
 * there is something, so that keys which belong together can be kept together (Redis Cluster
 * specification, "hash tags").
 */
export function hashedPart(key: string): string {
  const open = key.indexOf('{');
  const close = open === -1 ? -1 : key.indexOf('}', open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : key;
}

/** 32 bits of FNV-1a over the UTF-8 bytes, then MurmurHash3's finaliser: FNV's low bits alone spread short keys badly. */
export function hashKey(key: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(key)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** CRC16/XMODEM: polynomial 0x1021, start 0, as in the Redis Cluster specification. */
function crc16(text: string): number {
  let crc = 0;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
    crc &= 0xffff;
  }
  return crc;
}

function countBelowOrAt(boundaries: readonly string[], key: string): number {
  let low = 0;
  let high = boundaries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(boundaries[middle]!, key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function directoryLookup({ entries, shardCount }: Extract<Sharding, { method: 'directory' }>): KeyLookup {
  const shardOf = new Map(entries.map(({ prefix, shardId }) => [prefix, shardId]));
  const lengths = [...new Set(entries.map(({ prefix }) => prefix.length))].sort((a, b) => b - a);
  return (key) => {
    for (const length of lengths) {
      const shardId = length <= key.length ? shardOf.get(key.slice(0, length)) : undefined;
      if (shardId !== undefined) return shardId;
    }
    return hashKey(hashedPart(key)) % shardCount;
  };
}

function ringLookup({ shardCount, pointsPerShard }: Extract<Sharding, { method: 'ring' }>): KeyLookup {
  const points = Array.from({ length: shardCount * pointsPerShard }, (_, index) => ({ position: hashKey(`${Math.floor(index / pointsPerShard)}#${index % pointsPerShard}`), shardId: Math.floor(index / pointsPerShard) }));
  points.sort((a, b) => a.position - b.position || a.shardId - b.shardId);
  const positions = Uint32Array.from(points, (point) => point.position);
  return (key) => {
    const position = hashKey(hashedPart(key));
    let low = 0;
    let high = positions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (positions[middle]! < position) low = middle + 1;
      else high = middle;
    }
    return points[low % points.length]!.shardId;
  };
}
