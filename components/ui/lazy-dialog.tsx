'use client';

import { lazy, Suspense, useState, type ComponentType } from 'react';

/**
 * A dialog whose script is loaded when it is first opened: most are never opened, and a
 * screen is on the glass sooner without them. Stays mounted afterwards, so that it can
 * close in its own way.
 */
export function lazyDialog<P extends { readonly opened: boolean }>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const Dialog = lazy(async () => ({ default: await load() }));
  return function LazyDialog(props: P) {
    const [wanted, setWanted] = useState(props.opened);
    if (props.opened && !wanted) setWanted(true);
    return wanted ? <Suspense><Dialog {...props} /></Suspense> : null;
  };
}
