import { dirname } from 'node:path';
import { openExportSource } from './export-source';
import { parseFormats } from './parse-formats';
import { type FormatFlags, requestsFor } from './requests';
import { shownExports, type WrittenExport, writeExports } from './write-exports';

export interface ExportWrittenOptions extends FormatFlags {
  /** `tflite,ncnn`. */
  readonly formats: string;
  /** The quantized model that was just written. */
  readonly model: string;
  readonly target: string;
  readonly cwd: string;
  readonly force: boolean;
}

/**
 * Exports the file that `quantize` wrote, beside it: what leaves is what was measured.
 *
 * @throws {ExportError} when a format cannot express it; the quantized model stays
 */
export async function exportWritten(options: ExportWrittenOptions): Promise<readonly WrittenExport[]> {
  const { formats, model, target, cwd, force } = options;
  const source = await openExportSource({ model, target, cwd });
  const written = await writeExports(requestsFor(parseFormats(formats), options), {
    ...source,
    output: undefined,
    folder: dirname(model),
    cwd,
    force,
    dryRun: false,
  });
  return shownExports(written, cwd);
}
