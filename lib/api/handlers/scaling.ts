import { contract, managerOf, runCommand, valueOf } from '../context';

const routes = contract.scaling;

export const scaling = {
  get: routes.get.handler(({ input, context }) => valueOf(managerOf(context, input.clusterId).scaling.get(input.pool))),
  provisioning: routes.provisioning.handler(({ input, context }) => managerOf(context, input.clusterId).provisioning()),
  savePolicy: routes.savePolicy.handler(({ input: { clusterId, ...target }, context }) =>
    runCommand(context, (command) => managerOf(context, clusterId).scaling.savePolicy(target, command), (version) => version)),
  removeShadow: routes.removeShadow.handler(({ input: { clusterId, ...target }, context }) =>
    runCommand(context, (command) => managerOf(context, clusterId).scaling.removeShadow(target, command), () => undefined)),
  promote: routes.promote.handler(({ input: { clusterId, ...target }, context }) =>
    runCommand(context, (command) => managerOf(context, clusterId).scaling.promote(target, command), (version) => version)),
  versions: routes.versions.handler(({ input: { clusterId, ...target }, context }) => valueOf(managerOf(context, clusterId).scaling.versions(target))),
  diff: routes.diff.handler(({ input: { clusterId, ...target }, context }) => ({ changes: [...valueOf(managerOf(context, clusterId).scaling.diff(target))] })),
  restore: routes.restore.handler(({ input: { clusterId, ...target }, context }) =>
    runCommand(context, (command) => managerOf(context, clusterId).scaling.restore(target, command), (version) => version)),
  backtest: routes.backtest.handler(async ({ input: { clusterId, ...test }, context }) => valueOf(await managerOf(context, clusterId).scaling.backtest(test))),
  decisions: routes.decisions.handler(({ input: { clusterId, ...query }, context }) => ({ decisions: [...valueOf(managerOf(context, clusterId).scaling.decisions(query))] })),
  setOverride: routes.setOverride.handler(({ input: { clusterId, ...wish }, context }) =>
    runCommand(context, (command) => managerOf(context, clusterId).scaling.setOverride(wish, command), (override) => override)),
  clearOverride: routes.clearOverride.handler(({ input, context }) =>
    runCommand(context, (command) => managerOf(context, input.clusterId).scaling.clearOverride(input.pool, command), () => undefined)),
  approve: routes.approve.handler(({ input: { clusterId, ...target }, context }) =>
    runCommand(context, (command) => managerOf(context, clusterId).scaling.approve(target, command), (operation) => ({ operation }))),
  reject: routes.reject.handler(({ input: { clusterId, ...target }, context }) =>
    runCommand(context, (command) => managerOf(context, clusterId).scaling.reject(target, command), () => undefined)),
};
