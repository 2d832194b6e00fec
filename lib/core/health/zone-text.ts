/** A zone in a sentence: "zone a", but not "zone zone-a". */
export function zoneText(zone: string): string {
  return /^zone\b/i.test(zone) ? zone : `zone ${zone}`;
}
