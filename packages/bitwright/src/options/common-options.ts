/** Options every command has. `--config` and `--no-config` are read before these, see cli.ts. */
export const commonOptions = {
  json: {
    flags: '--json',
    kind: 'flag',
    description: 'print one JSON document on stdout instead of text',
    group: 'Output:',
    isFlagOnly: true,
  },
  quiet: { flags: '-q, --quiet', kind: 'flag', description: 'print nothing but errors', group: 'Output:' },
} as const;
