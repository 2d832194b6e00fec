'use client';

import { useEffect } from 'react';

/** How long the first key of a sequence waits for the second. */
const SEQUENCE_MS = 1_200;

/** Keys that are typed into something are no shortcuts. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.closest('input, textarea, select, [role="textbox"], [role="dialog"]') !== null);
}

export interface Shortcuts {
  /** After "g": the key of a screen. */
  readonly onGo: (key: string) => void;
  /** "?" */
  readonly onHelp: () => void;
  /** Ctrl/Cmd-K, also while something is typed. */
  readonly onSearch: () => void;
}

/** Sequences such as "g n", and "?". Single letters alone do nothing, so that nothing happens by a slip. */
export function useShortcuts({ onGo, onHelp, onSearch }: Shortcuts): void {
  useEffect(() => {
    let goUntil = 0;
    const onKeyDown = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        onSearch();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const now = event.timeStamp;
      if (event.key === '?') {
        event.preventDefault();
        onHelp();
      } else if (now < goUntil) {
        goUntil = 0;
        onGo(event.key.toLowerCase());
      } else if (event.key === 'g') {
        goUntil = now + SEQUENCE_MS;
      }
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [onGo, onHelp, onSearch]);
}
