/**
 * N6: a node that keeps falling over gets no new placement for a while. The while doubles
 * with every relapse, so that a node with a loose cable is not tried again all night, and
 * is forgotten after some quiet hours.
 */
export interface FlapGuard {
  /** When the node left `alive`, newest last, within the window. */
  readonly departuresMonotonicMs: readonly number[];
  /** How long the next quarantine will be. */
  readonly holdDownMs: number;
  /** The present quarantine's end; `null` outside one. */
  readonly heldUntilMonotonicMs: number | null;
  readonly lastDepartureMonotonicMs: number;
}

export const FLAP_WINDOW_MS = 600_000;
export const FLAP_DEPARTURES_MAX = 3;
export const HOLD_DOWN_FIRST_MS = 300_000;
export const HOLD_DOWN_MAX_MS = 3_600_000;
/** Without a departure for so long, the doubling begins anew. */
export const HOLD_DOWN_FORGET_MS = 6 * 3_600_000;

export const CALM: FlapGuard = { departuresMonotonicMs: [], holdDownMs: HOLD_DOWN_FIRST_MS, heldUntilMonotonicMs: null, lastDepartureMonotonicMs: -Infinity };

/** The guard after a round in which the node left `alive` or did not. The same object when nothing changed. */
export function advanceFlapGuard(guard: FlapGuard, departed: boolean, monotonicMs: number): FlapGuard {
  const idle = guard.departuresMonotonicMs.length === 0 && guard.heldUntilMonotonicMs === null;
  if (!departed && idle && monotonicMs - guard.lastDepartureMonotonicMs < HOLD_DOWN_FORGET_MS) return guard;
  const quiet = monotonicMs - guard.lastDepartureMonotonicMs >= HOLD_DOWN_FORGET_MS;
  const before = quiet ? CALM : guard;
  if (!departed && before === CALM) return CALM;
  const recent = before.departuresMonotonicMs.filter((at) => monotonicMs - at < FLAP_WINDOW_MS);
  const departures = departed ? [...recent, monotonicMs] : recent;
  const held = before.heldUntilMonotonicMs !== null && before.heldUntilMonotonicMs > monotonicMs ? before.heldUntilMonotonicMs : null;
  if (departures.length < FLAP_DEPARTURES_MAX) {
    return { ...before, departuresMonotonicMs: departures, heldUntilMonotonicMs: held, lastDepartureMonotonicMs: departed ? monotonicMs : before.lastDepartureMonotonicMs };
  }
  return {
    departuresMonotonicMs: [],
    holdDownMs: Math.min(before.holdDownMs * 2, HOLD_DOWN_MAX_MS),
    heldUntilMonotonicMs: monotonicMs + before.holdDownMs,
    lastDepartureMonotonicMs: monotonicMs,
  };
}

/** An operator has looked and lifts the quarantine. What was counted is forgotten; the doubling is not. */
export function releaseFlapGuard(guard: FlapGuard): FlapGuard {
  return { ...guard, departuresMonotonicMs: [], heldUntilMonotonicMs: null };
}
