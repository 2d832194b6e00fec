import { contract, managerOf, runCommand } from '../context';

export const settings = {
  get: contract.settings.get.handler(({ input, context }) => managerOf(context, input.clusterId).settings()),
  update: contract.settings.update.handler(({ input: { clusterId, ...versioned }, context }) =>
    runCommand(context, (command) => managerOf(context, clusterId).updateSettings(versioned, command), (stored) => stored)),
};
