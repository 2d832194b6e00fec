/** What a command of the operator makes of an operation's record; the executor follows the record. */
import type { Operation } from '@/lib/contract/operation';
import type { Throttle } from '@/lib/contract/settings';
import { mayBecome } from '@/lib/core/execution/transitions';
import { err, ok } from '@/lib/platform/result';
import { refusal, refused, type CommandContext, type CommandResult } from './commands';
import type { OperationChange } from './operation-records';

export type OperationCommand = 'pause' | 'resume' | 'cancel' | { readonly throttle: Throttle };

interface Circumstances {
  readonly context: CommandContext;
  /** What the caller looked at. */
  readonly version: number | undefined;
  /** It waits for its turn. */
  readonly waiting: boolean;
  readonly freezeReason: string | null;
  readonly nowMs: number;
}

export function effectOfCommand(operation: Operation, command: OperationCommand, at: Circumstances): CommandResult<OperationChange | null> {
  if (at.version !== undefined && at.version !== operation.version) {
    return err({ code: 'conflict', message: `Built on version ${at.version}, the operation is at ${operation.version}: ${operation.status}`, current: operation });
  }
  if (typeof command !== 'string') return ok({ change: { throttle: command.throttle }, event: 'operation.throttled', actor: at.context.actor });
  if (operation.preemptedBy !== null && command !== 'cancel') return effectWhilePreempted(operation, operation.preemptedBy, command, at);
  switch (command) {
    case 'pause': return effectOfPause(operation, at);
    case 'resume': return effectOfResume(operation, at);
    case 'cancel': return effectOfCancel(operation, at);
  }
}

function effectOfPause(operation: Operation, { context, waiting }: Circumstances): CommandResult<OperationChange | null> {
  if (waiting && operation.status === 'pending') return refused(refusal('illegal-transition', 'The operation waits in the queue: it can be canceled or put elsewhere'));
  if (!mayBecome(operation.status, 'pausing')) return illegal(operation, 'pausing');
  return ok({ change: { status: 'pausing', statusReason: `Paused by ${context.actor.name}` }, event: 'operation.pausing', actor: context.actor });
}

function effectOfResume(operation: Operation, { context, waiting, freezeReason }: Circumstances): CommandResult<OperationChange | null> {
  if (waiting && operation.status === 'pending') return refused(refusal('illegal-transition', 'The operation waits in the queue and begins by itself'));
  if (freezeReason !== null) return refused(refusal('frozen', `Automation is frozen: ${freezeReason}`));
  if (operation.status === 'running' || !mayBecome(operation.status, 'running')) return illegal(operation, 'running');
  return ok({ change: { status: 'running', statusReason: null }, event: 'operation.resumed', actor: context.actor });
}

function effectOfCancel(operation: Operation, { context, nowMs }: Circumstances): CommandResult<OperationChange | null> {
  const { actor } = context;
  if (operation.status === 'pending') {
    return ok({ change: { status: 'canceled', statusReason: `Canceled by ${actor.name} before it began`, finishedAtMs: nowMs }, event: 'operation.canceled', actor });
  }
  if (!mayBecome(operation.status, 'canceling')) return illegal(operation, 'canceling');
  return ok({ change: { status: 'canceling', statusReason: `Canceled by ${actor.name}` }, event: 'operation.canceling', actor });
}

/** It rests already; what can be said is whether it goes on when its turn comes. */
function effectWhilePreempted(operation: Operation, preemptedBy: NonNullable<Operation['preemptedBy']>, command: 'pause' | 'resume', { context }: Circumstances): CommandResult<OperationChange | null> {
  const resumes = command === 'resume';
  if (preemptedBy.resumes === resumes) return refused(refusal('already-so', resumes ? 'It goes on by itself when its turn comes' : 'It rests already, and stays so when its turn comes'));
  const statusReason = resumes ? 'Goes on when its turn comes' : `Paused by ${context.actor.name} while another one runs`;
  return ok({ change: { preemptedBy: { ...preemptedBy, resumes }, statusReason }, event: resumes ? 'operation.resumed' : 'operation.pausing', actor: context.actor });
}

function illegal(operation: Operation, to: Operation['status']): CommandResult<never> {
  return refused(refusal('illegal-transition', `An operation that is ${operation.status} cannot become ${to}`));
}
