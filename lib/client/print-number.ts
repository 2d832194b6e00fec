/** Numbers of reasons as people read them. The name of a number carries its unit: `freeBytes`, `holdMs`, `utilizationRatio`. */
import { formatByteRate, formatBytes, formatCores, formatCount, formatDuration, formatRatio } from './format';

export function printNumber(fullName: string, value: number): string {
  // `cpuRatioAfter` is a ratio as `cpuRatio` is.
  const name = fullName.replace(/(?<=.)(Before|After|Limit|Max|Min)$/, '');
  if (/BytesPerSecond$/i.test(name)) return formatByteRate(value);
  if (/bytes$/i.test(name)) return formatBytes(value);
  if (/cores$/i.test(name)) return formatCores(value);
  if (/Ms$/.test(name)) return formatDuration(value);
  if (/seconds$/i.test(name)) return formatDuration(value * 1_000);
  if (/(ratio|utilization|imbalance|threshold|line|share)$/i.test(name)) return formatRatio(value);
  return Number.isInteger(value) ? formatCount(value) : String(Number(value.toPrecision(4)));
}

/** `freeBytes` -> "free", `capacityMax` -> "capacity max". */
export function printName(name: string): string {
  const words = name.replace(/(BytesPerSecond|Bytes|Cores|Ms|Seconds|Ratio)$/, '').replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words === '' ? name : words;
}
