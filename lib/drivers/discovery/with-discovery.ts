import type { ClusterDriver } from '@/lib/drivers/driver';
import { err, ok } from '@/lib/platform/result';
import type { DiscoveredAddresses } from './discovered-addresses';

/** The driver of a cluster some of whose seeds are names: what they stand for, and is no member, is shown as joining. */
export function withDiscovery(inner: ClusterDriver, discovered: DiscoveredAddresses): ClusterDriver {
  return {
    kind: inner.kind,
    get capabilities() { return inner.capabilities; },
    ...(inner.clientsFollowWithinMs !== undefined && { clientsFollowWithinMs: inner.clientsFollowWithinMs }),
    ...(inner.batches !== undefined && { batches: inner.batches }),
    ...(inner.sampleNodes !== undefined && { sampleNodes: inner.sampleNodes.bind(inner) }),
    ...(inner.foresee !== undefined && { foresee: inner.foresee.bind(inner) }),
    ...(inner.foreseeLoss !== undefined && { foreseeLoss: inner.foreseeLoss.bind(inner) }),
    ...(inner.takeAuthority !== undefined && { takeAuthority: inner.takeAuthority.bind(inner) }),
    async observe(options) {
      await discovered.refresh();
      const read = await inner.observe(options);
      if (!read.ok) return read;
      return ok({ ...read.value, nodes: [...read.value.nodes, ...discovered.newcomers(read.value.nodes)], warnings: [...read.value.warnings, ...discovered.warnings()].slice(0, 1_000) });
    },
    async probe(nodeId, signal) {
      const answerMs = await discovered.probe(nodeId);
      if (answerMs === undefined) return await inner.probe(nodeId, signal);
      return answerMs === null ? err({ code: 'node-down', message: `Nobody listens at ${nodeId.slice('found:'.length)}`, retryable: true }) : ok({ answerMs });
    },
    execute: (step, context) => inner.execute(step, context),
    inspectMove: (move, signal) => inner.inspectMove(move, signal),
    close: () => inner.close(),
  };
}
