// The server without pages as it is in tests/support/api-server.ts, but that it kills itself, or a
// node, at the instant that it is told of; and that it says on request what the agents say that they
// hold, half-made copies included, which the product's own views leave out.
import type { HeldShard } from '@/lib/contract/agent-protocol';
import { AgentCluster } from '@/lib/drivers/http-agent/agent-cluster';
import { HttpAgentDriver } from '@/lib/drivers/http-agent/http-agent-driver';
import { PrismaStore } from '@/lib/persistence/prisma-store';
import { Executioner } from './executioner';
import type { KillOrder } from './kill-point';

const ASK_MS_MAX = 3_000;

/** What every member that answers holds, by its own word of this moment; the answer to the message "held". */
export interface HeldAnswer {
  readonly held: readonly { readonly nodeId: string; /** `null`: it did not answer. */ readonly shards: readonly HeldShard[] | null }[];
}

export type ServerWord = { readonly armed: true } | { readonly struck: true } | HeldAnswer;
export type ServerWish = { readonly order: KillOrder } | { readonly held: true };

const say = (word: ServerWord) => { process.send?.(word); };

let executioner: Executioner | null = null;

/** The composition root makes store, driver and sessions by itself: what they have in common is watched. */
function arm(order: KillOrder): void {
  // One whose instant never came would strike in the work of the next.
  executioner?.dismiss();
  executioner = new Executioner(order, () => { say({ struck: true }); });
  executioner.watchStore(PrismaStore.prototype);
  executioner.watchSteps(HttpAgentDriver.prototype);
  say({ armed: true });
}

const clusters = new Set<AgentCluster>();
// The method is called below with the cluster it belongs to.
// eslint-disable-next-line @typescript-eslint/unbound-method
const { admit } = AgentCluster.prototype;
AgentCluster.prototype.admit = function admitNoted(record) {
  clusters.add(this);
  return admit.call(this, record);
};

async function askAll(): Promise<HeldAnswer> {
  const members = [...clusters].flatMap((cluster) => cluster.sessions()).filter((session) => session.isMember);
  const { signal } = new AbortController();
  return { held: await Promise.all(members.map(async (session) => ({
    nodeId: session.record.nodeId, shards: (await session.ask({ shards: true, timeoutMs: ASK_MS_MAX, signal }))?.beat.shards.held ?? null,
  }))) };
}

process.on('message', (wish: ServerWish | string) => {
  // The program below has words of its own.
  if (typeof wish === 'string') return;
  if ('order' in wish) arm(wish.order);
  else void askAll().then(say);
});
await import('../api-server');
