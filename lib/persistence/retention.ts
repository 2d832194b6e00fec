/**
 * How long things are kept. Every history has an end: by age, and where one cluster could fill the
 * disk within it, by number as well. `Store.prune` applies this; nothing else deletes.
 */
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const RETENTION = {
  /** Events of every cluster, forgotten ones included: thirteen months, so that a yearly audit finds its year. */
  eventsKeepMs: 400 * DAY_MS,
  /** Plans that no kept journal belongs to. A plan of 16,384 steps takes 6 MB. */
  plansKeepMs: 7 * DAY_MS,
  plansPerClusterMax: 200,
  /** The moves of operations that have ended, and with them the operation's plan. */
  journalsKeepMs: 90 * DAY_MS,
  journalsPerClusterMax: 200,
  /** Operations that have ended, with their reports. */
  operationsKeepMs: 400 * DAY_MS,
  operationsPerClusterMax: 10_000,
  /** Generations of the settings; the newest one stays whatever its age. */
  settingsPerClusterMax: 1_000,
  /** Generations of each scaling policy. */
  policyGenerationsMax: 200,
  /** Answers to mutations: a client that retries later than this makes a new request. */
  answersKeepMs: 2 * DAY_MS,
  /** Metric buckets are kept as long as ROLL_UPS says and this much longer, so that a chart over the whole of it has no missing edge. */
  metricsSlackMs: 5 * 60_000,
} as const;
