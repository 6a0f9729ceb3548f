import { formatBytes } from '@bitwright/ptq';
import type { WrittenExport } from '../export/write-exports';
import { formatTable } from '../terminal/table';

/** What `bitwright export` did: plain JSON data. */
export interface ExportDocument {
  readonly source: string;
  readonly target: string;
  readonly tensors: number;
  readonly exports: readonly WrittenExport[];
  readonly isDryRun: boolean;
  readonly warnings: readonly string[];
}

/** The same for people. */
export function formatExport({ source, target, tensors, exports, isDryRun }: ExportDocument): string {
  const lead = `\n${source} (${tensors} quantized tensors, ${target})${isDryRun ? ', nothing written' : ''}\n\n`;
  return `${lead}${formatExports(exports, isDryRun)}\n`;
}

/** Files and notes of every format. */
export function formatExports(exports: readonly WrittenExport[], isDryRun: boolean): string {
  const rows = exports.flatMap(({ format, version, files, readBack, evidence }) =>
    files.map(({ path, bytes }, i) => [
      i === 0 ? `${format} ${version}` : '',
      path,
      formatBytes(bytes),
      i > 0 ? '' : readBack ? 'read back, equal' : 'valid',
      i > 0 ? '' : evidence,
    ]),
  );
  const head = ['format', 'file', 'size', isDryRun ? 'check' : 'checked', 'evidence'];
  const table = formatTable(head, rows, ['left', 'left', 'right', 'left', 'left']);
  const notes = exports.flatMap(({ format, notes }) => notes.map((note) => `  ${format}: ${note}`));
  return `${table}\n${notes.length > 0 ? `\n${notes.join('\n')}\n` : ''}`;
}
