'use client';

import { NativeSelect, NumberInput, Switch, TextInput } from '@mantine/core';
import { useState } from 'react';
import { numberAt, textAt, valueAt, type Path } from './policy-draft';
import { fromForm, toForm, unitOf } from './policy-units';
import { errorAt, type PolicyForm } from './use-policy-form';

interface FieldProps {
  readonly form: PolicyForm;
  readonly path: Path;
  readonly label: string;
  readonly about?: string;
}

/**
 * A number in the form's unit. While it is typed it is kept as it was typed ("0." is on
 * the way to 0.7); limits are the schema's, so that a wrong one is told and not bent.
 */
export function PolicyNumber({ form, path, label, about, optional = false, step }: FieldProps & { readonly optional?: boolean; readonly step?: number }) {
  const { scale, suffix } = unitOf(path.map(String), form.draft);
  const value = numberAt(form.draft, path);
  const [typed, setTyped] = useState<{ readonly text: string | number; readonly means: number | null } | null>(null);
  const shown = typed !== null && typed.means === value ? typed.text : value === null ? '' : toForm(value, scale);
  return (
    <NumberInput
      label={label} {...(about !== undefined && { description: about })} inputWrapperOrder={['label', 'description', 'input', 'error']}
      suffix={suffix} decimalScale={4} thousandSeparator={scale === 1} {...(step !== undefined && { step })}
      {...(optional && { placeholder: 'none' })}
      value={shown} error={errorAt(form, path)}
      onChange={(text) => {
        const number = text === '' ? null : Number(text);
        const means = number === null || Number.isNaN(number) ? null : fromForm(number, scale);
        setTyped({ text, means });
        form.set(path, means ?? (optional ? null : ''));
      }}
    />
  );
}

export function PolicyText({ form, path, label, about, placeholder }: FieldProps & { readonly placeholder?: string }) {
  return (
    <TextInput
      label={label} {...(about !== undefined && { description: about })} {...(placeholder !== undefined && { placeholder })} inputWrapperOrder={['label', 'description', 'input', 'error']}
      value={textAt(form.draft, path)} error={errorAt(form, path)} onChange={(event) => { form.set(path, event.currentTarget.value); }}
    />
  );
}

export function PolicySwitch({ form, path, label, about }: FieldProps) {
  return (
    <Switch
      label={label} {...(about !== undefined && { description: about })} error={errorAt(form, path)}
      checked={valueAt(form.draft, path) === true} onChange={(event) => { form.set(path, event.currentTarget.checked); }}
    />
  );
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export function PolicyChoice({ form, path, label, about, data }: FieldProps & { readonly data: readonly Choice[] }) {
  return (
    <NativeSelect
      label={label} {...(about !== undefined && { description: about })} inputWrapperOrder={['label', 'description', 'input', 'error']} data={[...data]}
      value={textAt(form.draft, path)} error={errorAt(form, path)} onChange={(event) => { form.set(path, event.currentTarget.value); }}
    />
  );
}
