import type { Sharding } from '@/lib/contract/sharding';

/**
 * The shard of a key. The same on every machine and in every release, for a client in any
 * language has to come to the same answer; docs/agent-protocol.md gives examples to check by.
 */
export function shardOfKey(sharding: Sharding, key: string): number {
  return hashKey(hashedPart(key)) % sharding.shardCount;
}

/** What of a key is hashed: between the first `{` and the first `}` after it, when there is something, as Redis Cluster does (cluster specification, "hash tags"). */
export function hashedPart(key: string): string {
  const open = key.indexOf('{');
  const close = open === -1 ? -1 : key.indexOf('}', open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : key;
}

/** 32 bits of FNV-1a over the UTF-8 bytes, then MurmurHash3's finaliser: FNV's low bits alone spread short keys badly. */
function hashKey(key: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(key)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
