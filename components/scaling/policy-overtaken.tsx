'use client';

import { Alert, Button, Group } from '@mantine/core';
import { draftChanges } from './policy-check';
import { SettingsDifference } from './settings-difference';
import type { PolicyForm, StoredPolicy } from './use-policy-form';

/** Somebody else saved meanwhile: what differs, and both ways on. Nothing that was typed is lost. */
export function PolicyOvertaken({ form, stored }: { readonly form: PolicyForm; readonly stored: StoredPolicy }) {
  if (stored.generation <= form.base.generation) return null;
  return (
    <Alert color="yellow" title={`Generation ${stored.generation} was saved meanwhile; this form began with ${form.base.generation}`}>
      <SettingsDifference changes={draftChanges(form.base.policy, stored.policy)} from="Began with" to="Saved now" />
      <Group gap="xs" mt="xs">
        <Button variant="default" onClick={() => { form.startOver(stored); }}>Take what is saved</Button>
        <Button variant="default" onClick={() => { form.rebase(stored); }}>Keep my changes on top of it</Button>
      </Group>
    </Alert>
  );
}
