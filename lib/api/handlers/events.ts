import { contract, managerOf } from '../context';
import { pageOf } from '../page';

export const events = {
  list: contract.events.list.handler(async ({ input, context }) => {
    const page = await managerOf(context, input.clusterId).events({
      ...pageOf(input),
      types: input.type ?? null,
      nodeId: input.nodeId ?? null,
      operationId: input.operationId ?? null,
      severityMin: input.severityMin,
    });
    return { events: [...page.items], nextCursor: page.nextCursor };
  }),
};
