import type { NodeLiveness } from '@/lib/contract/health';
import type { HealthSettings } from '@/lib/contract/settings';
import { expectedGap, phiOf } from './arrival-rhythm';
import type { NodeTrack } from './failure-detector';
import { FLAP_DEPARTURES_MAX, FLAP_WINDOW_MS } from './flap-guard';

/** What the detector knows about a node, in words of the contract: the numbers behind its state. */
export function livenessFacts(nodeId: string, track: NodeTrack, now: { monotonicMs: number; nowMs: number; settings: HealthSettings }): NodeLiveness {
  const quietMs = Math.max(0, now.monotonicMs - track.lastBeatMonotonicMs);
  const silentMs = Math.max(0, now.monotonicMs - track.lastHeardMonotonicMs);
  const gap = expectedGap(track.rhythm, track.intervalMs);
  const { suspectAfterMs, unreachableAfterMs } = track;
  return {
    nodeId,
    atMs: now.nowMs,
    liveness: track.liveness,
    reason: track.reason,
    sinceMs: track.sinceMs,
    source: track.pushed ? 'heartbeats' : 'asked',
    intervalMs: track.intervalMs,
    missed: track.missed,
    quietMs,
    silentMs,
    phi: Number(phiOf(track.rhythm, quietMs, track.intervalMs).toFixed(2)),
    phiThreshold: now.settings.phiThreshold,
    rhythm: track.rhythm.count === 0 ? null : { beats: track.rhythm.count, meanMs: Math.round(gap.meanMs), deviationMs: Math.round(Math.sqrt(track.rhythm.varianceMs2)) },
    timeouts: {
      suspectAfterMs: Math.round(suspectAfterMs),
      unreachableAfterMs: Math.round(unreachableAfterMs),
      deadAfterMs: now.settings.deadAfterMs,
      because: unreachableAfterMs > now.settings.unreachableAfterMs || suspectAfterMs > (now.settings.suspectAfterMissed + 0.5) * track.intervalMs ? 'irregular' : 'setting',
    },
    lastBeats: [...track.heard].reverse().map(({ atMs, gapMs, answerMs }) => ({ atMs: Math.max(0, Math.round(atMs)), gapMs: gapMs === null ? null : Math.round(gapMs), answerMs })),
    incarnation: track.incarnation,
    sequence: track.sequence,
    ignoredBeats: track.ignoredBeats,
    probe: track.probe,
    flaps: {
      departures: track.flaps.departuresMonotonicMs.filter((at) => now.monotonicMs - at < FLAP_WINDOW_MS).length,
      departuresMax: FLAP_DEPARTURES_MAX,
      windowMs: FLAP_WINDOW_MS,
      holdDownMs: track.flaps.holdDownMs,
    },
  };
}
