import { CloseButton } from '@mantine/core';
import classes from './filter-chip.module.css';

/** A filter in force, in words, with the way to lift it. */
export function FilterChip({ label, onRemove }: { readonly label: string; readonly onRemove: () => void }) {
  return (
    <span className={classes.chip}>
      {label}
      <CloseButton size="xs" aria-label={`Remove the filter: ${label}`} onClick={onRemove} />
    </span>
  );
}
