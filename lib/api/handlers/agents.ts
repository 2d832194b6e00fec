import { ORPCError } from '@orpc/server';
import { contract, managerOf, valueOf } from '../context';

const routes = contract.agents;

export const agents = {
  list: routes.list.handler(async ({ input, context }) => {
    managerOf(context, input.clusterId);
    const found = await context.agents.list(input.clusterId);
    if (found === null) throw new ORPCError('NOT_FOUND', { status: 404, message: 'The nodes of this cluster run no agents' });
    return { agents: [...found] };
  }),
  issueToken: routes.issueToken.handler(async ({ input: { clusterId, ...request }, context }) => {
    const manager = managerOf(context, clusterId);
    const issued = valueOf(await context.agents.issueToken(clusterId, request));
    manager.record({
      type: 'agents.tokenIssued', severity: 'notice', actor: context.actor,
      message: `A token to enrol one node was issued${request.acceptByRule ? '; the node becomes a member at once' : ''}`, data: { expiresAtMs: issued.expiresAtMs, acceptByRule: request.acceptByRule },
    });
    return issued;
  }),
  createShards: routes.createShards.handler(async ({ input, context }) => {
    const manager = managerOf(context, input.clusterId);
    const created = valueOf(await context.agents.createShards(input.clusterId, { epoch: manager.view().summary.epoch }));
    manager.record({ type: 'shards.created', severity: 'notice', actor: context.actor, message: `${created.shardsCreated} shards were made`, data: { shardsCreated: created.shardsCreated } });
    return created;
  }),
};
