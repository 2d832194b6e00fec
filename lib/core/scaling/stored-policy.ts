/**
 * A policy as it comes out of storage. One of an older format is migrated; one that cannot
 * be read disables only itself, and says so: the newest good version stays in force.
 */
import * as z from 'zod';
import { PolicyDocumentSchema, POLICY_FORMAT, type PolicyDocument } from '@/lib/contract/scaling-policy';
import { ScalingSettingsSchema, type ClusterSettings } from '@/lib/contract/settings';
import { err, ok, type Result } from '@/lib/platform/result';
import { defaultPolicy } from './default-policy';

export interface StoredPolicyProblem {
  readonly code: 'not-a-policy' | 'format-unknown';
  readonly message: string;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
}

const FormatSchema = z.looseObject({ format: z.number().int() });
/** Format 1 knew targets and bounds, as the settings of a cluster still do. */
const FormerSchema = z.looseObject({ format: z.literal(1) }).transform(({ format: _format, ...rest }) => rest).pipe(ScalingSettingsSchema);

export function readStoredPolicy(stored: unknown): Result<PolicyDocument, StoredPolicyProblem> {
  const format = FormatSchema.safeParse(stored);
  if (!format.success) return err(problemOf('not-a-policy', 'What is stored is not a policy', format.error));
  switch (format.data.format) {
    case POLICY_FORMAT: {
      const parsed = PolicyDocumentSchema.safeParse(stored);
      return parsed.success ? ok(parsed.data) : err(problemOf('not-a-policy', 'The stored policy breaks a rule', parsed.error));
    }
    case 1: {
      const former = FormerSchema.safeParse(stored);
      return former.success ? ok(policyFromSettings(former.data)) : err(problemOf('not-a-policy', 'The stored policy of format 1 breaks a rule', former.error));
    }
    default:
      return err({ code: 'format-unknown', message: `Format ${format.data.format} is not known; this version reads 1 to ${POLICY_FORMAT}`, errors: [{ pointer: '/format', detail: `1 to ${POLICY_FORMAT}` }] });
  }
}

/** The policy that a cluster's scaling settings amount to: what applies until one is saved. */
export function policyFromSettings(settings: ClusterSettings['scaling']): PolicyDocument {
  const base = defaultPolicy(['cpu', 'memory', 'disk', 'network']);
  return {
    ...base,
    mode: settings.mode === 'off' ? 'off' : 'manual',
    rules: base.rules.map((rule) => (rule.kind === 'target' && isTargeted(rule.metric) ? { ...rule, target: settings.targetUtilization[rule.metric] } : rule)),
    bounds: { ...base.bounds, nodeCountMin: settings.nodeCountMin, nodeCountMax: settings.nodeCountMax },
    lines: {
      cpu: aboveTarget(base.lines.cpu, settings.targetUtilization.cpu), memory: aboveTarget(base.lines.memory, settings.targetUtilization.memory),
      disk: aboveTarget(base.lines.disk, settings.targetUtilization.disk), network: aboveTarget(base.lines.network, settings.targetUtilization.network),
    },
  };
}

function isTargeted(metric: string): metric is keyof ClusterSettings['scaling']['targetUtilization'] {
  return metric === 'cpu' || metric === 'memory' || metric === 'disk' || metric === 'network';
}

/** Settings allow targets up to 0.95, above the usual line. */
function aboveTarget(line: number, target: number): number {
  return Math.min(1, Math.max(line, target + 0.05));
}

function problemOf(code: StoredPolicyProblem['code'], what: string, error: z.ZodError): StoredPolicyProblem {
  const errors = error.issues.slice(0, 20).map((issue) => ({ pointer: `/${issue.path.map(String).join('/')}`, detail: issue.message }));
  return { code, message: `${what}: ${errors.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ')}`.slice(0, 500), errors };
}
