'use client';

import { Button, Checkbox, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useId, useState } from 'react';
import type { ConfirmDialogProps } from './confirm-dialog';
import { ProblemAlert } from './problem-alert';
import classes from './confirm-dialog.module.css';

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
