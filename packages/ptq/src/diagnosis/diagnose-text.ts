import type { LayerComparison } from './comparison';

/** `2.03 %`, `0.0012 %`: three digits. */
export function percentText(share: number): string {
  const percent = 100 * share;
  if (!Number.isFinite(percent)) return 'all';
  if (percent === 0) return '0 %';
  if (percent < 0.001) return '< 0.001 %';
  return `${percent >= 100 ? percent.toFixed(0) : Number(percent.toPrecision(3))} %`;
}

/** `16.9 dB`; `exact` when there is no error. */
export function decibelText(sqnrDb: number): string {
  return sqnrDb === Number.POSITIVE_INFINITY ? 'exact' : `${sqnrDb.toFixed(1)} dB`;
}

/** Layers as a list in a sentence: the first three by name, the others as a number. */
export function listLayers(layers: readonly Pick<LayerComparison, 'name'>[]): string {
  const shown = layers.slice(0, 3).map(({ name }) => name);
  const more = layers.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
