'use client';

import Link from 'next/link';
import { NAV_ITEMS, navItemOf } from './nav-items';
import classes from './nav-bar.module.css';

export interface NavBarProps {
  readonly clusterId: string;
  readonly pathname: string;
  readonly onNavigate: () => void;
}

/** The screens of a cluster. */
export function NavBar({ clusterId, pathname, onNavigate }: NavBarProps) {
  const current = navItemOf(pathname);
  return (
    <nav aria-label="Screens" className={classes['nav']}>
      {NAV_ITEMS.map((item) => (
        <Link
          key={item.path}
          href={`/${clusterId}/${item.path}`}
          className={classes['link']}
          aria-current={current === item ? 'page' : undefined}
          onClick={onNavigate}
          // Eight screens' scripts at once would delay the one that is being read.
          prefetch={false}
        >
          <item.icon size={17} stroke={1.7} aria-hidden />
          {item.label}
        </Link>
      ))}
    </nav>
  );
}
