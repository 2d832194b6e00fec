/**
 * Stable, seeded hashes for placement: the same on every machine and in every release,
 * since a changed hash would move the whole cluster. MurmurHash3 x86_32 (Austin Appleby,
 * public domain, smhasher revision 136) over UTF-16 code units as 16-bit blocks, and its
 * finaliser fmix32 for integers. Not for secrets.
 */
export function createHash32(seed: number): (value: number) => number {
  const mixedSeed = finalise((seed ^ 0x9e3779b9) >>> 0);
  return (value) => finalise((Math.imul(value, 0xcc9e2d51) ^ mixedSeed) >>> 0);
}

/** 32-bit hash of a text. */
function hashText(text: string, seed: number): number {
  let hash = seed | 0;
  for (let index = 0; index < text.length; index += 2) {
    let block = text.charCodeAt(index) | ((index + 1 < text.length ? text.charCodeAt(index + 1) : 0) << 16);
    block = Math.imul(block, 0xcc9e2d51);
    block = (block << 15) | (block >>> 17);
    hash ^= Math.imul(block, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  return finalise((hash ^ text.length) >>> 0);
}

/** A position in [0, 1) with 52 random bits, from two independently seeded 32-bit hashes. */
export function unitPosition(text: string, seed: number): number {
  const high = hashText(text, seed);
  const low = hashText(text, (seed ^ 0x5bd1e995) >>> 0) >>> 12;
  return (high * 0x10_0000 + low) / 2 ** 52;
}

function finalise(word: number): number {
  let hash = word;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
