import { contract, managerOf, managerOfOperation, runCommand, valueOf } from '../context';
import { nextOffset, offsetOf, pageOf } from '../page';

const routes = contract.operations;

export const operations = {
  list: routes.list.handler(async ({ input, context }) => {
    const page = await managerOf(context, input.clusterId).operations(pageOf(input));
    return { operations: [...page.items], nextCursor: page.nextCursor };
  }),
  get: routes.get.handler(async ({ input, context }) =>
    valueOf(await (await managerOfOperation(context, input.operationId)).operation(input.operationId))),
  moves: routes.moves.handler(async ({ input, context }) => {
    const manager = await managerOfOperation(context, input.operationId);
    const fromIndex = offsetOf(input.cursor);
    const { moves, total } = valueOf(await manager.moves(input.operationId, { fromIndex, limit: input.limit }));
    return { moves: [...moves], total, nextCursor: nextOffset(fromIndex, moves.length, total) };
  }),
  pause: routes.pause.handler(async ({ input, context }) => {
    const manager = await managerOfOperation(context, input.operationId);
    return runCommand(context, (command) => manager.pause(input.operationId, command), (operation) => operation);
  }),
  resume: routes.resume.handler(async ({ input, context }) => {
    const manager = await managerOfOperation(context, input.operationId);
    return runCommand(context, (command) => manager.resume(input.operationId, command), (operation) => operation);
  }),
  cancel: routes.cancel.handler(async ({ input, context }) => {
    const manager = await managerOfOperation(context, input.operationId);
    return runCommand(context, (command) => manager.cancel(input.operationId, command), (operation) => operation);
  }),
  throttle: routes.throttle.handler(async ({ input, context }) => {
    const manager = await managerOfOperation(context, input.operationId);
    return runCommand(context, (command) => manager.throttle(input.operationId, input.throttle, command), (operation) => operation);
  }),
};
