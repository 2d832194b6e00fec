'use client';

import { useState } from 'react';

/** The first object of a run of equal ones: what is made anew at every render and means the same costs nothing below. */
export function useStable<T>(value: T, same: (a: T, b: T) => boolean): T {
  const [held, setHeld] = useState(value);
  if (same(held, value)) return held;
  setHeld(value);
  return value;
}
