import type { ReactNode } from 'react';
import { AppearancePanel } from './appearance-panel';
import { FreezePanel } from './freeze-panel';
import classes from './settings.module.css';

/** What is set for the console and for the reach of its automation. `clusters` is put in by the route. */
export function SettingsScreen({ clusters }: { readonly clusters: ReactNode }) {
  return (
    <div className={classes['screen']}>
      <h1 className={classes['heading']}>Settings</h1>
      {clusters}
      <FreezePanel />
      <AppearancePanel />
    </div>
  );
}
