const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of `width` characters filled to `share` (0…1), in eighths of a character; never empty for a share above 0. */
export function formatBar(share: number, width: number): string {
  const filled = Math.min(1, Math.max(0, share)) * width * 8;
  const units = share > 0 ? Math.max(1, Math.round(filled)) : 0;
  const bar = '█'.repeat(Math.floor(units / 8)) + (eighths[units % 8] ?? '');
  return bar.padEnd(width);
}
