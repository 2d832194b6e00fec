'use client';

import { useEffect, useState } from 'react';

/**
 * Charts on one page tend to get new data at the same moment, and each costs tens of
 * milliseconds. Here they queue: one is drawn per frame, so that no single task is long
 * and the page answers in between. Frames stop in hidden tabs, and with them the queue.
 */
const waiting = new Set<() => void>();
let frame: number | null = null;

function request(turn: () => void): () => void {
  waiting.add(turn);
  frame ??= requestAnimationFrame(next);
  return () => { waiting.delete(turn); };
}

function next(): void {
  const [turn] = waiting;
  frame = null;
  if (turn === undefined) return;
  waiting.delete(turn);
  if (waiting.size > 0) frame = requestAnimationFrame(next);
  turn();
}

/** The value as of this component's last turn; `null` before its first. While `paused`, it asks for none. */
export function useOwnTurn<T>(value: T, paused: boolean): T | null {
  const [shown, setShown] = useState<{ readonly value: T } | null>(null);
  const upToDate = shown !== null && Object.is(shown.value, value);
  useEffect(() => (paused || upToDate ? undefined : request(() => setShown({ value }))), [value, paused, upToDate]);
  return shown?.value ?? null;
}
