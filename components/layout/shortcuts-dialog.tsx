'use client';

import { Modal } from '@mantine/core';
import { NAV_ITEMS } from './nav-items';
import classes from './shortcuts-dialog.module.css';

const GENERAL: readonly (readonly [readonly string[], string])[] = [
  [['Ctrl', 'K'], 'Command palette (Cmd K on a Mac)'],
  [['?'], 'This list'],
  [['Esc'], 'Close what is open'],
  [['Tab'], 'Next control; the first one skips to the content'],
];

/** All shortcuts there are. */
export function ShortcutsDialog({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard shortcuts" closeButtonProps={{ 'aria-label': 'Close' }}>
      <dl className={classes['list']}>
        {GENERAL.map(([keys, about]) => <Row key={about} keys={keys} about={about} />)}
        {NAV_ITEMS.map((item) => <Row key={item.path} keys={['g', item.key]} about={item.label} />)}
      </dl>
    </Modal>
  );
}

function Row({ keys, about }: { readonly keys: readonly string[]; readonly about: string }) {
  return (
    <div className={classes['row']}>
      <dt>{keys.map((key) => <kbd key={key} className={classes['key']}>{key}</kbd>)}</dt>
      <dd>{about}</dd>
    </div>
  );
}
