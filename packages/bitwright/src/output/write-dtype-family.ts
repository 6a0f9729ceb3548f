import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ExportError } from '@bitwright/core';
import type { Model } from '@bitwright/onnx';
import { type WriteModelOptions, writeModelFile } from '@bitwright/onnx/node';
import {
  dtypeFileName,
  type QuantizeWeightsOptions,
  quantizeWeights,
  type WeightDType,
  type WeightReport,
} from '@bitwright/ptq';

export interface DTypeFamilyOptions extends Omit<QuantizeWeightsOptions, 'dtype'> {
  readonly dtypes: readonly WeightDType[];
  /** Where the files go; made when missing. */
  readonly folder: string;
  /** Default `model`, the name transformers.js looks for. */
  readonly baseName?: string | undefined;
  /** Replace existing files. Default false. */
  readonly overwrite?: boolean | undefined;
  /** External data of the file the model was read from. */
  readonly source?: WriteModelOptions['source'] | undefined;
}

/** One file of the family. */
export interface DTypeFile {
  readonly dtype: WeightDType;
  readonly path: string;
  readonly byteLength: number;
  readonly report: WeightReport;
}

/**
 * Writes one file per dtype under the names transformers.js loads: `model_quantized.onnx`, `model_q4.onnx`, `model_q4f16.onnx`, ….
 * All names are checked before anything is computed; each file appears complete or not at all.
 *
 * @throws {ExportError} when a file exists already (without `overwrite`) or cannot be written
 */
export async function writeDTypeFamily(model: Model, options: DTypeFamilyOptions): Promise<readonly DTypeFile[]> {
  const { dtypes, folder, baseName = 'model', overwrite = false, source, ...rest } = options;
  const paths = new Map(dtypes.map((dtype) => [dtype, join(folder, dtypeFileName(baseName, dtype))]));
  if (!overwrite) for (const path of paths.values()) await assertNew(path);
  const files: DTypeFile[] = [];
  await mkdir(folder, { recursive: true });
  for (const [dtype, path] of paths) {
    const { model: quantized, report } = await quantizeWeights(model, {
      ...rest,
      dtype,
      ...(source === undefined ? {} : { readExternal: rest.readExternal ?? source.read }),
    });
    const written = await writeModelFile(quantized, path, {
      overwrite,
      ...(source === undefined ? {} : { source }),
      ...(rest.signal === undefined ? {} : { signal: rest.signal }),
    });
    files.push({ dtype, path, byteLength: written.byteLength + written.dataByteLength, report });
  }
  return files;
}

// — internals —

async function assertNew(path: string): Promise<void> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (!exists) return;
  throw new ExportError({
    operation: '[bitwright] writeDTypeFamily',
    expected: `no file at ${JSON.stringify(path)}`,
    received: 'an existing file',
    hint: 'Choose another folder or name, or allow to overwrite.',
  });
}
