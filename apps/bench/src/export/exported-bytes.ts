import { findExporter } from '@bitwright/export';
import type { QuantizeResult } from '@bitwright/ptq';

/** A quantized model as the only file of a format. */
export function exportedBytes(format: string, { spec, floatModel }: QuantizeResult): Uint8Array {
  const [file] = findExporter(format).write(spec, floatModel);
  if (file === undefined) throw new Error(`${format} wrote no file`);
  return file.bytes;
}
