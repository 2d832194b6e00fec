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
  tokens: routes.tokens.handler(async ({ input, context }) => {
    managerOf(context, input.clusterId);
    const tokens = await context.agents.openTokens(input.clusterId);
    if (tokens === null) throw new ORPCError('NOT_FOUND', { status: 404, message: 'The nodes of this cluster run no agents' });
    return { tokens: [...tokens] };
  }),
  revokeToken: routes.revokeToken.handler(async ({ input: { clusterId, tokenId }, context }) => {
    const manager = managerOf(context, clusterId);
    valueOf(await context.agents.revokeToken(clusterId, tokenId));
    manager.record({ type: 'agents.tokenRevoked', severity: 'notice', actor: context.actor, message: 'A token to enrol a node was taken back before anybody used it', data: { tokenId } });
  }),
  createShards: routes.createShards.handler(async ({ input, context }) => {
    const manager = managerOf(context, input.clusterId);
    const created = valueOf(await context.agents.createShards(input.clusterId, { epoch: manager.view().summary.epoch }));
    manager.record({ type: 'shards.created', severity: 'notice', actor: context.actor, message: `${created.shardsCreated} shards were made`, data: { shardsCreated: created.shardsCreated } });
    return created;
  }),
};
