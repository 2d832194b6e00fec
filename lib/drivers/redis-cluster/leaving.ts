/**
 * How a node parts with its clients. A client whose map is old asks the emptied node and
 * learns by MOVED where the slot is. A node that has forgotten the cluster cannot say so:
 * it answers CLUSTERDOWN, and to CLUSTER SLOTS with an empty map. So it stays a member
 * until nobody asks it for what it gave away, and the connections that idle on it end
 * with the same write that makes it forget: a cluster client whose connection ends looks
 * the map up anew, elsewhere.
 */
import type { DriverFailure } from '@/lib/contract/operation';
import { sleep, type Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import { driverFailure, failureOf } from './failures';
import type { Command, NodeClient } from './node-client';
import { parseFields, textOf } from './replies';

/** So long nobody may have been redirected; and not longer than this is waited for clients that never learn. */
const QUIET_MS = 1_000;
const QUIET_WAIT_MS_MAX = 10_000;
const LOOK_EVERY_MS = 200;

/** A server that refuses to end connections (by its ACL) lets its clients find out by themselves. */
const END_CLIENTS: readonly Command[] = [
  ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'],
  ['CLIENT', 'KILL', 'TYPE', 'pubsub', 'SKIPME', 'yes'],
];

/** Waits until the node redirects nobody any more, 1 to 10 s; a server that does not count its redirections (before 6.2) gets 1 s. */
export async function untilNobodyAsks({ client, clock, signal, timeoutMs }: { client: NodeClient; clock: Clock; signal: AbortSignal; timeoutMs: number }): Promise<void> {
  const beganAtMs = clock.monotonicMs();
  let quietSinceMs = beganAtMs;
  let seen = await redirections(client, timeoutMs);
  // Nothing but the signal makes a sleep reject.
  const pause = () => sleep(clock, LOOK_EVERY_MS, signal).catch(() => undefined);
  for (let nowMs = beganAtMs; nowMs - quietSinceMs < QUIET_MS && nowMs - beganAtMs < QUIET_WAIT_MS_MAX && !signal.aborted; nowMs = clock.monotonicMs()) {
    await pause();
    const count = await redirections(client, timeoutMs);
    if (count !== seen) quietSinceMs = clock.monotonicMs();
    seen = count;
  }
}

/** Makes the node forget the cluster. RESET SOFT keeps its id and, on an empty primary, drops nothing. */
export async function forgetCluster(client: NodeClient, timeoutMs: number): Promise<Result<void, DriverFailure>> {
  const reset = (await client.pipeline([...END_CLIENTS, ['CLUSTER', 'RESET', 'SOFT']], { timeoutMs })).at(-1);
  if (reset?.ok === true) return ok(undefined);
  return err(reset === undefined ? failureOf('unexpected', 'A reply is missing') : driverFailure(reset.error, `${client.address}: CLUSTER RESET`));
}

/** How often the node has answered MOVED; `null` where it does not say. */
async function redirections(client: NodeClient, timeoutMs: number): Promise<string | null> {
  const info = textOf(await client.call(['INFO', 'errorstats'], { timeoutMs }), 'INFO');
  return info.ok ? parseFields(info.value).get('errorstat_MOVED') ?? null : null;
}
