/**
 * Colours of lines, by place in the chart. Okabe-Ito again, in an order whose first four
 * keep a contrast of 3:1 with the dark and the light surface; a dash tells the series
 * apart for who does not see the hue.
 */
export interface SeriesStyle {
  readonly color: string;
  /** SVG stroke-dasharray; empty = a full line. */
  readonly dash: string;
}

const styles: Record<'light' | 'dark', readonly SeriesStyle[]> = {
  light: [
    { color: '#0072b2', dash: '' },
    { color: '#b45300', dash: '6 3' },
    { color: '#00785a', dash: '2 3' },
    { color: '#a6457c', dash: '8 3 2 3' },
    { color: '#4a4a4a', dash: '1 3' },
  ],
  dark: [
    { color: '#56b4e9', dash: '' },
    { color: '#e69f00', dash: '6 3' },
    { color: '#2bc49a', dash: '2 3' },
    { color: '#dc93bb', dash: '8 3 2 3' },
    { color: '#c9c9c9', dash: '1 3' },
  ],
};

export function seriesStyleOf(index: number, scheme: 'light' | 'dark'): SeriesStyle {
  const list = styles[scheme];
  return list[index % list.length]!;
}
