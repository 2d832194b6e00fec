import { pairsOf, type Reply } from './replies';

/** Our own questions and the cluster's business; what clients feel is the rest. */
export function isAdministrative(command: string): boolean {
  return ADMINISTRATIVE.has(command.split('|')[0] ?? command) || command === 'memory|usage';
}

const ADMINISTRATIVE: ReadonlySet<string> = new Set([
  'cluster', 'info', 'config', 'latency', 'command', 'ping', 'replconf', 'psync', 'sync', 'auth', 'hello', 'client', 'asking', 'readonly',
  'readwrite', 'migrate', 'restore', 'restore-asking', 'dump', 'slowlog', 'acl', 'debug', 'wait',
]);

/** Cumulative calls per upper bound of the time bucket in µs, over all commands of clients. */
export function latencyBuckets(histogram: Reply | null): Map<number, number> {
  const buckets = new Map<number, number>();
  if (histogram === null) return buckets;
  for (const [command, detail] of pairsOf(histogram)) {
    if (isAdministrative(command)) continue;
    // Each command's counts are cumulative over its buckets; as differences they can be added up.
    let below = 0;
    for (const [bound, count] of pairsOf(pairsOf(detail).get('histogram_usec'))) {
      if (typeof count !== 'number') continue;
      buckets.set(Number(bound), (buckets.get(Number(bound)) ?? 0) + count - below);
      below = count;
    }
  }
  return buckets;
}

/**
 * 99th percentile in ms of the calls made between two LATENCY HISTOGRAM readings
 * (Redis 7.0: buckets of powers of two µs, cumulative since start or reset). It is the
 * time inside the server, without queue and network; the value is the bucket's upper
 * bound. `null` without calls in between, or after a reset.
 */
export function latencyP99Ms(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number | null {
  const bounds = [...after.keys()].sort((a, b) => a - b);
  const counts = bounds.map((bound) => (after.get(bound) ?? 0) - (before.get(bound) ?? 0));
  if (counts.some((count) => count < 0)) return null;
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let seen = 0;
  for (const [index, bound] of bounds.entries()) {
    seen += counts[index] ?? 0;
    if (seen >= 0.99 * total) return bound / 1000;
  }
  return null;
}
