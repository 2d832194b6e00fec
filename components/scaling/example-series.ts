/** Made-up series to try a policy on before there is a history: two weeks, a value every five minutes. */
export interface ExampleSeries {
  readonly name: string;
  readonly label: string;
  /** Load at a time, in any unit; `day` counts from a Monday, with a fraction. */
  readonly at: (day: number) => number;
}

export const EXAMPLE_STEP_SECONDS = 300;
const DAYS = 14;
const PER_DAY = 86_400 / EXAMPLE_STEP_SECONDS;

/** Between 0 and 1, highest in the early afternoon. */
const daylight = (day: number) => 0.5 - 0.5 * Math.cos(2 * Math.PI * (day % 1 - 1 / 12));
/** What looks like noise and is the same every time. */
const ripple = (day: number) => 1 + 0.04 * Math.sin(day * 611) + 0.03 * Math.sin(day * 1_709);

export const EXAMPLE_SERIES: readonly ExampleSeries[] = [
  { name: 'office', label: 'Working days and quiet weekends', at: (day) => (40 + (day % 7 < 5 ? 160 : 40) * daylight(day)) * ripple(day) },
  { name: 'launch', label: 'A launch at noon of the tenth day', at: (day) => (60 + 60 * daylight(day) + (day >= 9.5 ? 240 * Math.exp(-(day - 9.5) * 3) : 0)) * ripple(day) },
  { name: 'growth', label: 'Twice the load within two weeks', at: (day) => (50 + 50 * daylight(day)) * 2 ** (day / DAYS) * ripple(day) },
];

/** One value a line, as a file would have it. */
export function exampleText({ at }: ExampleSeries): string {
  return Array.from({ length: DAYS * PER_DAY }, (_, step) => at(step / PER_DAY).toFixed(1)).join('\n');
}
