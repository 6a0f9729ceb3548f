import { InvalidArgumentError, targets } from '@bitwright/core';
import { ascendRecord } from './ascend/quantization-record';
import type { Exporter } from './exporter';
import { mnnCompression } from './mnn/compression-parameters';
import { ncnnTable } from './ncnn/calibration-table';
import { nnieGfpq } from './nnie/gfpq-parameters';
import { npzExporter } from './npz/npz-exporter';
import { onnxQdqExporter, onnxQOperatorExporter } from './onnx-files/onnx-exporters';
import { openvinoFakeQuantize } from './openvino/fake-quantize';
import { packedExporter } from './packed/packed-exporter';
import { pplnnJson } from './pplnn/quantization-json';
import { qualcommEncodings, snpeEncodings } from './qualcomm/encodings-exporter';
import { rknnConfig } from './rknn/quantization-config';
import { safetensorsExporter } from './safetensors/safetensors-exporter';
import { tengineScale } from './tengine/scale-table';
import { tensorrtCache } from './tensorrt/calibration-cache';
import { tensorrtRanges } from './tensorrt/dynamic-ranges';
import { tfjsWebExporter } from './tfjs-web/tfjs-web-exporter';
import { tfliteExporter } from './tflite/tflite-exporter';
import { vitisPositions } from './vitis/positions';

/** The built-in exporters. A third party's own is any value of type Exporter; functions take a list of known ones. */
export const exporters: readonly Exporter[] = /* @__PURE__ */ Object.freeze([
  onnxQdqExporter,
  onnxQOperatorExporter,
  tfliteExporter,
  tensorrtCache,
  tensorrtRanges,
  ncnnTable,
  qualcommEncodings,
  snpeEncodings,
  openvinoFakeQuantize,
  vitisPositions,
  mnnCompression,
  tengineScale,
  pplnnJson,
  ascendRecord,
  rknnConfig,
  nnieGfpq,
  tfjsWebExporter,
  safetensorsExporter,
  npzExporter,
  packedExporter,
]);

/**
 * An exporter by its id, another name of it, or the id of a target it is the first choice for.
 *
 * @throws {InvalidArgumentError} listing the known ids
 * @example findExporter('ncnn') // the exporter ncnn-table
 */
export function findExporter(name: string, known: readonly Exporter[] = exporters): Exporter {
  const preferred = targets.find((target) => target.id === name)?.exporter;
  const found =
    known.find((exporter) => exporter.id === name || exporter.aliases.includes(name)) ??
    known.find((exporter) => exporter.id === preferred);
  if (found !== undefined) return found;
  const names = known.flatMap((exporter) => [exporter.id, ...exporter.aliases]);
  throw new InvalidArgumentError({
    operation: '[export] findExporter',
    expected: `a format (${names.join(', ')}) or a target (${targets.map((target) => target.id).join(', ')})`,
    received: JSON.stringify(name),
  });
}
