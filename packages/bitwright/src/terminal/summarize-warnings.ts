/** Warnings of one kind that are all shown; of more, the first and their number. */
const shownOfOneKind = 3;

/**
 * Warnings for a person: those that differ only in quoted names become one line with a count. Files and `--json` keep all.
 */
export function summarizeWarnings(warnings: readonly string[]): readonly string[] {
  const kinds = new Map<string, string[]>();
  for (const warning of warnings) {
    const text = warning.replace(/^warning: /, '');
    const kind = text.replace(/"[^"]*"/g, '""');
    kinds.set(kind, [...(kinds.get(kind) ?? []), text]);
  }
  return [...kinds.values()].flatMap((texts) => {
    if (texts.length <= shownOfOneKind) return texts;
    return [`${texts[0]} (and ${texts.length - 1} more like it, see --json)`];
  });
}
