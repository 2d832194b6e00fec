import { sleep, type Clock } from '@/lib/platform/clock';
import type { NodeClient } from './node-client';

/**
 * Asks a node for nothing, over and over: a server whose event loop has nothing to do
 * carries out what it put off only at its next timer, up to 100 ms later. Until disposed,
 * and as long as it answers.
 */
export function keepAwake(clock: Clock, node: Pick<NodeClient, 'call'>, { everyMs, timeoutMs }: { readonly everyMs: number; readonly timeoutMs: number }): Disposable {
  const over = new AbortController();
  void (async () => {
    while (!over.signal.aborted) {
      const answer = await node.call(['PING'], { timeoutMs });
      if (!answer.ok) return;
      await sleep(clock, everyMs);
    }
  })();
  return { [Symbol.dispose]: () => { over.abort(); } };
}
