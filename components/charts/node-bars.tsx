import type { Node } from '@/lib/contract/node';
import { RESOURCES, utilizationOf, type ResourceVector } from '@/lib/contract/resources';
import type { SafetyLines } from '@/lib/contract/settings';
import { RESOURCE_LABELS, usageWords } from './node-facts';
import { UtilizationBar } from './utilization-bar';

/** The four resources of a node as bars with their safety lines. */
export function NodeBars({ node, safetyLines }: { readonly node: Pick<Node, 'usage' | 'capacity'>; readonly safetyLines: SafetyLines | null }) {
  return <ResourceBars ratios={utilizationOf(node)} safetyLines={safetyLines} detailOf={(resource) => usageWords(node, resource)} />;
}

interface ResourceBarsProps {
  readonly ratios: ResourceVector;
  readonly safetyLines: SafetyLines | null;
  readonly detailOf?: (resource: keyof ResourceVector) => string;
}

export function ResourceBars({ ratios, safetyLines, detailOf }: ResourceBarsProps) {
  return RESOURCES.map((resource) => (
    <UtilizationBar
      key={resource} label={RESOURCE_LABELS[resource]} ratio={ratios[resource]}
      {...(safetyLines !== null && { safetyLine: safetyLines[resource] })} {...(detailOf !== undefined && { detail: detailOf(resource) })}
    />
  ));
}
