import { contract, managerOf } from '../context';

export const metrics = {
  query: contract.metrics.query.handler(async ({ input, context }) => ({
    series: [...await managerOf(context, input.clusterId).metrics({
      nodeId: input.nodeId ?? null,
      metrics: input.metric,
      fromMs: input.fromMs,
      toMs: input.toMs,
      pointsMax: input.pointsMax,
    })],
  })),
};
