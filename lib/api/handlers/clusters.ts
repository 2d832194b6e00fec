import { contract, managerOf, runCommand, valueOf } from '../context';

const routes = contract.clusters;

export const clusters = {
  list: routes.list.handler(({ context }) => ({ clusters: context.fleet.managers().map((manager) => manager.view().summary) })),
  connect: routes.connect.handler(({ input, context }) =>
    runCommand(context, (command) => context.fleet.connect(input, command), (summary) => summary)),
  test: routes.test.handler(async ({ input, context }) => valueOf(await context.fleet.testConnection(input.connection))),
  get: routes.get.handler(({ input, context }) => managerOf(context, input.clusterId).view().summary),
  disconnect: routes.disconnect.handler(({ input, context }) =>
    runCommand(context, (command) => context.fleet.disconnect(input.clusterId, command), () => undefined)),
  freeze: routes.freeze.handler(({ input, context }) =>
    runCommand(context, (command) => managerOf(context, input.clusterId).freeze(input.reason, command), (freeze) => freeze)),
  unfreeze: routes.unfreeze.handler(({ input, context }) =>
    runCommand(context, (command) => managerOf(context, input.clusterId).unfreeze(command), () => undefined)),
};
