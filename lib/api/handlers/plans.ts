import { contract, managerOf, managerOfPlan, planAnswer, runCommand, valueOf } from '../context';
import { pageOf } from '../page';

const routes = contract.plans;

export const plans = {
  // A plan can have megabytes of steps and is stored anyway: what is remembered is its id.
  preview: routes.preview.handler(({ input: { clusterId, ...request }, context, signal }) =>
    runCommand(context, (command) => managerOf(context, clusterId).preview(request, command, { signal }), (plan) => planAnswer(context, plan), (plan) => JSON.stringify({ planId: plan.id }))),
  whatIf: routes.whatIf.handler(async ({ input: { clusterId, ...request }, context, signal }) => valueOf(await managerOf(context, clusterId).whatIf(request, { actor: context.actor }, { signal }))),
  list: routes.list.handler(async ({ input, context }) => {
    const page = await managerOf(context, input.clusterId).plans(pageOf(input));
    return { plans: [...page.items], nextCursor: page.nextCursor };
  }),
  get: routes.get.handler(async ({ input, context }) => planAnswer(context, valueOf(await (await managerOfPlan(context, input.planId)).plan(input.planId)))),
  approve: routes.approve.handler(async ({ input, context }) => {
    const manager = await managerOfPlan(context, input.planId);
    return runCommand(context, (command) => manager.approve(input, command), (operation) => ({ operation }));
  }),
};
