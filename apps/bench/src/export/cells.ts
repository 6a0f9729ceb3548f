/** A share in percent; empty where there is none. */
export function percentCell(value: number | undefined): string {
  return value === undefined ? '' : (100 * value).toFixed(2);
}

/** A signal-to-noise ratio to a reference in dB; null: nothing differs. */
export function ratioCell(value: number | null | undefined): string {
  return value === null ? 'equal' : (value?.toFixed(1) ?? '');
}
