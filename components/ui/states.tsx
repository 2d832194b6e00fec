import { IconCircleDashed, IconCloudOff, IconFilterOff, IconLock, type Icon } from '@tabler/icons-react';
import { Button, Loader } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ApiProblem } from '@/lib/client/api-problem';
import classes from './states.module.css';

interface StateProps {
  readonly icon: Icon | null;
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
  readonly role?: 'status' | 'alert';
}

function State({ icon: Shape, title, children, action, role = 'status' }: StateProps) {
  return (
    <div className={classes['state']} role={role}>
      {Shape === null ? <Loader size="sm" aria-hidden /> : <Shape size={22} className={classes['icon']} aria-hidden />}
      <p className={classes['title']}>{title}</p>
      {children !== undefined && <div className={classes['text']}>{children}</div>}
      {action}
    </div>
  );
}

/** There is nothing of the kind, and that is how things are. */
export function EmptyState({ title, children, action }: { readonly title: string; readonly children?: ReactNode; readonly action?: ReactNode }) {
  return <State icon={IconCircleDashed} title={title} action={action}>{children}</State>;
}

/** It is on its way. */
export function LoadingState({ what }: { readonly what: string }) {
  return <State icon={null} title={`Loading ${what}`} />;
}

/** It could not be had; what is known about why, and a way to try again. */
export function ErrorState({ what, problem, onRetry }: { readonly what: string; readonly problem: ApiProblem; readonly onRetry?: () => void }) {
  return (
    <State
      icon={IconCloudOff}
      title={`Could not load ${what}`}
      role="alert"
      action={onRetry && <Button variant="default" onClick={onRetry}>Try again</Button>}
    >
      {problem.detail}
    </State>
  );
}

/** There are some, and the filter hides all of them. */
export function NoMatchState({ what, total, onClear }: { readonly what: string; readonly total?: number; readonly onClear: () => void }) {
  return (
    <State icon={IconFilterOff} title={`No ${what} match the filter`} action={<Button variant="default" onClick={onClear}>Clear the filter</Button>}>
      {total !== undefined && `${total.toLocaleString('en-US')} are hidden by it.`}
    </State>
  );
}

/** The server says that this person may not see it. */
function NoPermissionState({ what }: { readonly what: string }) {
  return <State icon={IconLock} title={`You may not see ${what}`}>Somebody who administers this console can give you the right to.</State>;
}

/** The right one of ErrorState and NoPermissionState. */
export function ProblemState({ what, problem, onRetry }: { readonly what: string; readonly problem: ApiProblem; readonly onRetry?: () => void }) {
  if (!problem.lost && (problem.status === 401 || problem.status === 403)) return <NoPermissionState what={what} />;
  return <ErrorState what={what} problem={problem} {...(onRetry && { onRetry })} />;
}
