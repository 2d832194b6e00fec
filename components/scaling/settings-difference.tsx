import type { Difference } from './settings-values';
import classes from './scaling.module.css';

/** Which settings differ, old beside new. */
export function SettingsDifference({ changes, from, to }: { readonly changes: readonly Difference[]; readonly from: string; readonly to: string }) {
  if (changes.length === 0) return <p className={classes['dim']}>No value differs.</p>;
  return (
    <table className={classes['difference']}>
      <thead><tr><th scope="col">Setting</th><th scope="col">{from}</th><th scope="col">{to}</th></tr></thead>
      <tbody>{changes.map(({ path, before, after }) => <tr key={path}><th scope="row"><code>{path}</code></th><td>{before}</td><td>{after}</td></tr>)}</tbody>
    </table>
  );
}
