import { contract, managerOf, runCommand, valueOf } from '../context';

const routes = contract.mending;

export const mending = {
  preview: routes.preview.handler(async ({ input, context }) => valueOf(await managerOf(context, input.clusterId).mendPreview())),
  start: routes.start.handler(({ input: { clusterId, ...request }, context }) =>
    runCommand(context, (command) => managerOf(context, clusterId).mendShards(request, command), (operation) => ({ operation }))),
};
