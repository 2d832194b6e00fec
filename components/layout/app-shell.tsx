'use client';

import { AppShell as MantineShell, Burger } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { usePathname, useRouter } from 'next/navigation';
import { lazy, Suspense, useCallback, useState, type ReactNode } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useCluster } from '@/components/realtime/use-cluster';
import { lazyDialog } from '@/components/ui/lazy-dialog';
import { ClusterGate } from './cluster-gate';
import { ConnectionDot } from './connection-dot';
import { ClusterSwitcher } from './cluster-switcher';
import { FreezeControl } from './freeze-control';
import { HeaderTools } from './header-tools';
import { NAV_ITEMS } from './nav-items';
import { NavBar } from './nav-bar';
import { OperationFooter, useRunningOperation } from './operation-footer';
import { RecoveryNote } from './recovery-note';
import { useShortcuts } from './use-shortcuts';
import classes from './app-shell.module.css';

const CommandPalette = lazy(async () => ({ default: (await import('./command-palette')).CommandPalette }));
const ShortcutsDialog = lazyDialog<{ readonly opened: boolean; readonly onClose: () => void }>(async () => (await import('./shortcuts-dialog')).ShortcutsDialog);

/** Of what runs, beside each other or in two rows: the content ends above it. */
const FOOTER_HEIGHTS = { base: '5.75rem', md: '3.5rem' };

/** The frame around every screen of a cluster. */
export function AppShell({ children }: { readonly children: ReactNode }) {
  const clusterId = useClusterId();
  const router = useRouter();
  const pathname = usePathname();
  const environment = useCluster((state) => state.summary?.environment ?? null);
  const operation = useRunningOperation();
  const [navOpened, nav] = useDisclosure(false);
  const [helpOpened, help] = useDisclosure(false);
  const onGo = useCallback((key: string) => {
    const item = NAV_ITEMS.find((candidate) => candidate.key === key);
    if (item !== undefined) router.push(`/${clusterId}/${item.path}`);
  }, [router, clusterId]);
  const [searches, setSearches] = useState(0);
  const onSearch = useCallback(() => setSearches((count) => count + 1), []);
  useShortcuts({ onGo, onHelp: help.open, onSearch });

  return (
    <MantineShell
      header={{ height: 'var(--ps-header-height)' }}
      navbar={{ width: 'var(--ps-nav-width)', breakpoint: 'sm', collapsed: { mobile: !navOpened } }}
      footer={{ height: operation === null ? 0 : FOOTER_HEIGHTS }}
      padding={0}
      className={classes['shell']}
      data-environment={environment ?? undefined}
    >
      <a href="#main" className={classes['skip']}>Skip to the content</a>
      <MantineShell.Header className={classes['header']}>
        <Burger opened={navOpened} onClick={nav.toggle} hiddenFrom="sm" size="sm" aria-label={navOpened ? 'Close the navigation' : 'Open the navigation'} />
        <ClusterSwitcher />
        <div className={classes['spacer']} />
        <FreezeControl compact />
        <ConnectionDot />
        <HeaderTools onSearch={onSearch} onHelp={help.open} visibleFrom="sm" />
      </MantineShell.Header>
      <MantineShell.Navbar className={classes['navbar']}>
        <NavBar clusterId={clusterId} pathname={pathname} onNavigate={nav.close} />
        <div className={classes['spacer']} />
        <HeaderTools onSearch={() => { nav.close(); onSearch(); }} onHelp={() => { nav.close(); help.open(); }} hiddenFrom="sm" />
      </MantineShell.Navbar>
      <MantineShell.Main className={classes['main']}>
        <div id="main" tabIndex={-1} className={classes['content']}><ClusterGate>{children}</ClusterGate></div>
      </MantineShell.Main>
      {operation !== null && (
        <MantineShell.Footer className={classes['footer']}>
          <OperationFooter operation={operation} />
        </MantineShell.Footer>
      )}
      {searches > 0 && <Suspense><CommandPalette openCount={searches} /></Suspense>}
      <ShortcutsDialog opened={helpOpened} onClose={help.close} />
      <RecoveryNote />
    </MantineShell>
  );
}
