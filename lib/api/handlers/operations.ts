import { ORPCError } from '@orpc/server';
import type { Operation } from '@/lib/contract/operation';
import type { Page, PageOf } from '@/lib/contract/storage';
import { contract, managerOf, managerOfOperation, planAnswer, runCommand, valueOf } from '../context';
import { movesCsv, reportCsv } from '../operation-csv';
import { nextOffset, offsetOf, pageOf } from '../page';

const routes = contract.operations;

export const operations = {
  list: routes.list.handler(async ({ input, context }) => {
    const manager = managerOf(context, input.clusterId);
    const wanted = (operation: Operation) => (input.kind?.includes(operation.kind) ?? true) && (input.status?.includes(operation.status) ?? true);
    return filteredPage({ read: (page) => manager.operations(page), wanted, page: pageOf(input) });
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
    return runCommand(context, (command) => manager.pause(input, command), (operation) => operation);
  }),
  resume: routes.resume.handler(async ({ input, context }) => {
    const manager = await managerOfOperation(context, input.operationId);
    return runCommand(context, (command) => manager.resume(input, command), (operation) => operation);
  }),
  cancel: routes.cancel.handler(async ({ input, context }) => {
    const manager = await managerOfOperation(context, input.operationId);
    return runCommand(context, (command) => manager.cancel(input, command), (operation) => operation);
  }),
  throttle: routes.throttle.handler(async ({ input, context }) => {
    const manager = await managerOfOperation(context, input.operationId);
    return runCommand(context, (command) => manager.throttle(input, command), (operation) => operation);
  }),
  reorder: routes.reorder.handler(({ input: { clusterId, operationIds }, context }) =>
    runCommand(context, (command) => managerOf(context, clusterId).reorder(operationIds, command), (operations) => ({ operations: [...operations] }))),
  reverse: routes.reverse.handler(async ({ input, context }) => {
    const manager = await managerOfOperation(context, input.operationId);
    return runCommand(context, (command) => manager.reverse(input, command), (plan) => planAnswer(context, plan), (plan) => JSON.stringify({ planId: plan.id }));
  }),
  reportCsv: routes.reportCsv.handler(async ({ input, context }) => {
    const operation = valueOf(await (await managerOfOperation(context, input.operationId)).operation(input.operationId));
    return csvFile(`${operation.id}-report.csv`, reportCsv(operation));
  }),
  movesCsv: routes.movesCsv.handler(async ({ input, context }) => {
    const manager = await managerOfOperation(context, input.operationId);
    const { moves, total } = valueOf(await manager.moves(input.operationId, { fromIndex: 0, limit: MOVES_EXPORTED_MAX }));
    if (total > MOVES_EXPORTED_MAX) {
      throw new ORPCError('UNPROCESSABLE_CONTENT', {
        status: 422, message: `The journal has ${total} moves, a file takes ${MOVES_EXPORTED_MAX}: read it by pages`,
        data: { refusals: [{ constraint: 'not-supported', message: `At most ${MOVES_EXPORTED_MAX} moves in a file; page through the moves instead`, nodeId: null, shardId: null, numbers: { total, movesExportedMax: MOVES_EXPORTED_MAX }, count: 1 }] },
      });
    }
    return csvFile(`${input.operationId}-moves.csv`, movesCsv(moves));
  }),
};

/** A filter that matches next to nothing ends the reading here; the cursor goes on. */
const READS_MAX = 20;

interface FilteredPage {
  readonly read: (page: Page) => Promise<PageOf<Operation>>;
  readonly wanted: (operation: Operation) => boolean;
  readonly page: Page;
}

/** Reads on until the page is full of what is wanted. What an operation is lies inside of its document, so the store does not choose. */
async function filteredPage({ read, wanted, page }: FilteredPage): Promise<{ operations: Operation[]; nextCursor: string | null }> {
  const operations: Operation[] = [];
  let cursor = page.cursor;
  for (let reads = 0; reads < READS_MAX && operations.length < page.limit; reads += 1) {
    const next = await read({ limit: page.limit - operations.length, cursor });
    operations.push(...next.items.filter(wanted));
    cursor = next.nextCursor;
    if (cursor === null) break;
  }
  return { operations, nextCursor: cursor };
}

/** Some 15 MB of text. */
const MOVES_EXPORTED_MAX = 100_000;

function csvFile(name: string, text: string): File {
  return new File([text], name, { type: 'text/csv' });
}
