'use client';

import { Button, Checkbox, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useId, useState, type ReactNode } from 'react';
import type { ApiProblem } from '@/lib/client/api-problem';
import type { ConfirmTier } from '@/lib/client/confirm-tier';
import { ProblemAlert } from './problem-alert';
import classes from './confirm-dialog.module.css';

export interface ConfirmDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** A question: "Move 312 shards to node-13?" */
  readonly title: string;
  /** Cause and consequences; may hold the server's pre-check. */
  readonly children: ReactNode;
  /** Verb and count: "Move 312 shards". */
  readonly confirmLabel: string;
  /** The opposite verb: "Keep running". */
  readonly cancelLabel: string;
  readonly tier: Exclude<ConfirmTier, 'undoable'>;
  /** What is typed in the irreversible tier. */
  readonly typedName: string;
  /** What `typedName` is the name of: "node", "cluster". */
  readonly typedWhat: string;
  /** A warning of the pre-check, ticked off before the button works. */
  readonly warning?: string | null;
  readonly danger?: boolean;
  readonly pending: boolean;
  readonly problem: ApiProblem | null;
  /** Why it cannot be done now, such as a picture that is not live; `null` when it can. */
  readonly blockedBy?: string | null;
  readonly onConfirm: () => void;
}

/** What ConfirmDialog shows. */
export function ConfirmModal(props: ConfirmDialogProps) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={props.title} classNames={{ title: classes['title'] ?? '' }} closeButtonProps={{ 'aria-label': 'Close' }}>
      {props.opened && <ConfirmBody {...props} />}
    </Modal>
  );
}

function ConfirmBody(props: ConfirmDialogProps) {
  const { tier, typedName, typedWhat, warning = null, danger = false, pending, problem, blockedBy = null } = props;
  const [typed, setTyped] = useState('');
  const [ticked, setTicked] = useState(false);
  const blockedId = useId();
  const ready = blockedBy === null && (tier === 'felt' || typed.trim() === typedName) && (warning === null || ticked);
  return (
    <form onSubmit={(event) => { event.preventDefault(); if (ready && !pending) props.onConfirm(); }}>
      <Stack gap="sm">
        <div className={classes['body']}>{props.children}</div>
        {warning !== null && <Checkbox size="sm" checked={ticked} onChange={(event) => setTicked(event.currentTarget.checked)} label={warning} />}
        {tier === 'irreversible' && (
          <TextInput
            label={<>Type the name of the {typedWhat}, <code>{typedName}</code>, to go on</>}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            data-autofocus
          />
        )}
        {problem !== null && <ProblemAlert problem={problem} />}
        {blockedBy !== null && <p id={blockedId} className={classes['blocked']} role="status">{blockedBy}</p>}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={props.onClose} data-autofocus={tier === 'felt' || undefined}>{props.cancelLabel}</Button>
          <Button type="submit" {...(danger && { color: 'red.8' })} disabled={!ready} loading={pending} aria-describedby={blockedBy === null ? undefined : blockedId}>
            {props.confirmLabel}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
