import type { Exporter, ExportOptions, TfliteOptions } from '@bitwright/export';
import { parseShapes } from '../model/parse-shapes';
import type { ExportRequest } from './write-exports';

/** What the command line says about formats. */
export interface FormatFlags {
  readonly formatVersion?: string | undefined;
  readonly io?: string | undefined;
  readonly shape?: readonly string[] | undefined;
}

/** Every format with its options from the command line; options of other formats are left out. */
export function requestsFor(exporters: readonly Exporter[], flags: FormatFlags): readonly ExportRequest[] {
  return exporters.map((exporter) => ({ exporter, options: optionsFor(exporter, flags) }));
}

// — internals —

function optionsFor({ id }: Exporter, { formatVersion, io, shape }: FormatFlags): ExportOptions {
  const version = formatVersion === undefined ? {} : { version: formatVersion };
  if (id !== 'tflite') return version;
  const own: TfliteOptions = {
    ...version,
    ...(io === undefined ? {} : { io: io === 'int8' ? 'int8' : 'float32' }),
    shapes: parseShapes(shape ?? []).inputs,
  };
  return own;
}
