import Table from 'cli-table3';

export type Alignment = 'left' | 'right';

const noBorder = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'].map((k) => [
    k,
    '',
  ]),
);

/** Rows as text in aligned columns with a line below the head; no colour, no trailing blanks, every line indented. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  alignments: readonly Alignment[],
): string {
  const table = new Table({
    head: [...head],
    colAligns: [...alignments],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: { ...noBorder, left: '', right: '', middle: '', mid: '', 'mid-mid': '', 'left-mid': '', 'right-mid': '' },
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => `  ${line}`.trimEnd())
    .join('\n');
}
