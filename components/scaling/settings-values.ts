/**
 * The form's side of the settings: the same paths, with shares as percents and durations
 * as seconds, so that a problem of the server lands on the field it names.
 */
import type { ClusterSettings } from '@/lib/contract/settings';
import { ClusterSettingsSchema } from '@/lib/contract/settings';

/** Leaves that are 0..1 in the settings and percents in the form. */
const SHARE_PATHS = new Set([
  'rebalancing.imbalanceThreshold',
  ...['cpu', 'memory', 'disk', 'network'].flatMap((resource) => [`safetyLines.${resource}`, `scaling.targetUtilization.${resource}`]),
]);

/** Bytes per second in the settings, MiB per second in the form. */
const RATE_PATH = 'throttle.bytesPerSecondMax';
const MIB = 1024 * 1024;

function isDuration(path: string): boolean {
  return path.endsWith('Ms');
}

/** NumberInput gives '' for an emptied field; the schema then says that a number is missing. */
export type FormValue = string | number | boolean | null | { [key: string]: FormValue };
export type SettingsValues = { [Key in keyof ClusterSettings]: FormValue };

export function valuesOf(settings: ClusterSettings): SettingsValues {
  return mapLeaves(settings, '', (path, value) => {
    if (typeof value !== 'number') return value;
    if (SHARE_PATHS.has(path)) return Math.round(value * 10_000) / 100;
    if (path === RATE_PATH) return Math.round((value / MIB) * 100) / 100;
    return isDuration(path) ? value / 1_000 : value;
  }) as SettingsValues;
}

/** The settings that the form means; not yet checked. */
export function settingsOf(values: SettingsValues): unknown {
  return mapLeaves(values, '', (path, value) => {
    if (typeof value !== 'number') return value === '' ? null : value;
    if (SHARE_PATHS.has(path)) return Math.round(value * 100) / 10_000;
    if (path === RATE_PATH) return Math.round(value * MIB);
    return isDuration(path) ? Math.round(value * 1_000) : value;
  });
}

/** Checks the form by the contract's own schema. Errors are keyed by the path of their field. */
export function checkSettings(values: SettingsValues): { readonly settings: ClusterSettings | null; readonly errors: Readonly<Record<string, string>> } {
  const parsed = ClusterSettingsSchema.safeParse(settingsOf(values));
  if (parsed.success) return { settings: parsed.data, errors: {} };
  const errors: Record<string, string> = {};
  for (const issue of parsed.error.issues) errors[issue.path.join('.')] ??= issueText(issue.path.join('.'), issue);
  return { settings: null, errors };
}

function issueText(path: string, issue: { readonly code: string; readonly message: string; readonly minimum?: unknown; readonly maximum?: unknown }): string {
  const shown = (limit: unknown) => {
    if (typeof limit !== 'number') return String(limit);
    if (path === RATE_PATH) return `${(limit / MIB).toLocaleString('en-US')} MiB/s`;
    return SHARE_PATHS.has(path) ? `${limit * 100} %` : isDuration(path) ? `${limit / 1_000} s` : limit.toLocaleString('en-US');
  };
  if (issue.code === 'too_small') return `At least ${shown(issue.minimum)}`;
  if (issue.code === 'too_big') return `At most ${shown(issue.maximum)}`;
  return issue.code === 'invalid_type' ? 'A number is needed' : issue.message;
}

function mapLeaves(value: FormValue, path: string, change: (path: string, value: FormValue) => FormValue): FormValue {
  if (typeof value !== 'object' || value === null) return change(path, value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mapLeaves(inner, path === '' ? key : `${path}.${key}`, change)]));
}

export interface Difference {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** The leaves that differ, printed as the form shows them. */
export function differencesBetween(before: SettingsValues, after: SettingsValues): Difference[] {
  const old = new Map(leavesOf(before));
  return leavesOf(after).flatMap(([path, value]) => {
    const was = old.get(path) ?? null;
    return was === value ? [] : [{ path, before: printLeaf(path, was), after: printLeaf(path, value) }];
  });
}

function printLeaf(path: string, value: FormValue): string {
  if (value === null || value === '') return path === RATE_PATH ? 'no limit' : 'empty';
  if (typeof value !== 'number') return typeof value === 'object' ? JSON.stringify(value) : String(value);
  const unit = SHARE_PATHS.has(path) ? ' %' : isDuration(path) ? ' s' : path === RATE_PATH ? ' MiB/s' : '';
  return `${value.toLocaleString('en-US')}${unit}`;
}

function leavesOf(value: FormValue, path = ''): [string, FormValue][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, path === '' ? key : `${path}.${key}`));
}
