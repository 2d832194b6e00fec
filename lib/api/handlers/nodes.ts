import { ORPCError } from '@orpc/server';
import { contract, managerOf, nodesAnswer, runCommand, valueOf } from '../context';

const routes = contract.nodes;

export const nodes = {
  list: routes.list.handler(({ input, context }) => {
    const view = managerOf(context, input.clusterId).view();
    return { nodes: nodesAnswer(context, view.nodes), observedAtMs: view.summary.observedAtMs };
  }),
  get: routes.get.handler(({ input, context }) => {
    const node = managerOf(context, input.clusterId).view().nodes.find((candidate) => candidate.id === input.nodeId);
    if (node === undefined) throw new ORPCError('NOT_FOUND', { status: 404, message: `There is no node ${input.nodeId}` });
    return node;
  }),
  liveness: routes.liveness.handler(({ input, context }) => valueOf(managerOf(context, input.clusterId).nodeLiveness(input.nodeId))),
  checks: routes.checks.handler(({ input, context }) => ({ checks: [...valueOf(managerOf(context, input.clusterId).nodeChecks(input.nodeId))] })),
  drainStatus: routes.drainStatus.handler(async ({ input, context }) => valueOf(await managerOf(context, input.clusterId).drainStatus(input.nodeId))),
  add: routes.add.handler(({ input: { clusterId, ...node }, context }) =>
    runCommand(context, (command) => managerOf(context, clusterId).addNode(node, command), (operation) => ({ operation }))),
  accept: routes.accept.handler(({ input, context }) =>
    runCommand(context, (command) => managerOf(context, input.clusterId).accept(input.nodeId, command), (operation) => ({ operation }))),
  cordon: routes.cordon.handler(({ input, context }) =>
    runCommand(context, (command) => managerOf(context, input.clusterId).cordon(input.nodeId, command), (node) => node)),
  uncordon: routes.uncordon.handler(({ input, context }) =>
    runCommand(context, (command) => managerOf(context, input.clusterId).uncordon(input.nodeId, command), (node) => node)),
  deactivate: routes.deactivate.handler(({ input: { clusterId, ...maintenance }, context }) =>
    runCommand(context, (command) => managerOf(context, clusterId).deactivate(maintenance, command), (node) => node)),
  activate: routes.activate.handler(({ input, context }) =>
    runCommand(context, (command) => managerOf(context, input.clusterId).activate(input.nodeId, command), (node) => node)),
  liftQuarantine: routes.liftQuarantine.handler(({ input, context }) =>
    runCommand(context, (command) => managerOf(context, input.clusterId).liftQuarantine(input.nodeId, command), (node) => node)),
  drain: routes.drain.handler(({ input: { clusterId, ...drain }, context }) =>
    runCommand(context, (command) => managerOf(context, clusterId).drain(drain, command), (operation) => ({ operation }))),
  replace: routes.replace.handler(({ input: { clusterId, ...replacement }, context }) =>
    runCommand(context, (command) => managerOf(context, clusterId).replace(replacement, command), (operation) => ({ operation }))),
  repair: routes.repair.handler(({ input: { clusterId, ...repair }, context }) =>
    runCommand(context, (command) => managerOf(context, clusterId).repair(repair, command), (operation) => ({ operation }))),
  scaleOut: routes.scaleOut.handler(({ input: { clusterId, ...growth }, context }) =>
    runCommand(context, (command) => managerOf(context, clusterId).scaleOut(growth, command), (operation) => ({ operation }))),
  scaleIn: routes.scaleIn.handler(({ input: { clusterId, ...shrinking }, context }) =>
    runCommand(context, (command) => managerOf(context, clusterId).scaleIn(shrinking, command), (operation) => ({ operation }))),
  decommission: routes.decommission.handler(({ input: { clusterId, ...target }, context }) =>
    runCommand(context, (command) => managerOf(context, clusterId).decommission(target, command), (operation) => ({ operation }))),
};
