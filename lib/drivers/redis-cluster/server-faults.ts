/** Faults of certain server versions that moves go round. */

/** Redis 7.0.13 to 7.0.15 and 7.2.0 to 7.2.3 keep marks on slots (stale-claims.ts). `info`: of INFO server. */
export function keepsMarks(info: ReadonlyMap<string, string>): boolean {
  if (info.has('valkey_version')) return false;
  const [major, minor, patch] = (info.get('redis_version') ?? '').split('.').map(Number);
  return major === 7 && ((minor === 0 && (patch ?? 0) >= 13) || (minor === 2 && (patch ?? 0) <= 3));
}
