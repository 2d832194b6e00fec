/**
 * Noise as a pure function of (seed, stream, position). A generator would have to be
 * drawn in the same order to give the same values; these give the same value whoever asks
 * first and however often, so the cluster's course does not depend on who watches it.
 */

/** Uniform in [0, 1). `stream` and `position` are integers. (Final mixing of MurmurHash3, A. Appleby.) */
export function hashUnit(seed: number, stream: number, position: number): number {
  let hash = seed ^ 0x9e37_79b9;
  hash = Math.imul(hash ^ stream, 0x85eb_ca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash ^ position, 0xc2b2_ae35);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0x27d4_eb2f);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85eb_ca6b);
  hash ^= hash >>> 13;
  return (hash >>> 0) / 4_294_967_296;
}

/**
 * Value noise in [-1, 1]: uniform values at whole positions, joined by smoothstep, so that
 * the curve has no kinks and never moves by more than 3 per unit.
 */
export function smoothNoise(seed: number, stream: number, position: number): number {
  const cell = Math.floor(position);
  const share = position - cell;
  const before = hashUnit(seed, stream, cell);
  const after = hashUnit(seed, stream, cell + 1);
  return 2 * (before + (after - before) * share * share * (3 - 2 * share)) - 1;
}
