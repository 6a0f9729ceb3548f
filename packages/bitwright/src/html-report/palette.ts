/** Colours of the page as CSS variables, so that charts follow light and dark mode too. */
export const palette = {
  ink: 'var(--ink)',
  faint: 'var(--faint)',
  line: 'var(--line)',
  card: 'var(--card)',
  alone: 'var(--alone)',
  together: 'var(--together)',
  float: 'var(--float)',
  clip: 'var(--clip)',
} as const;

export const fontFamily = 'system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif';

/** Text and line styles every chart shares. */
export const chartText: { readonly color: string; readonly fontSize: number; readonly fontFamily: string } = {
  color: palette.faint,
  fontSize: 12,
  fontFamily,
};

interface LineStyle {
  readonly show: true;
  readonly lineStyle: { readonly color: string };
}

export const splitLine: LineStyle = { show: true, lineStyle: { color: palette.line } };
export const axisLine: LineStyle = { show: true, lineStyle: { color: palette.line } };
