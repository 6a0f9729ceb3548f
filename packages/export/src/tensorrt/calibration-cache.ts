import { InvalidArgumentError, type PlanProblem, type QuantizationSpec } from '@bitwright/core';
import type { GraphIndex } from '@bitwright/onnx';
import { defineExporter, textFile } from '../define-exporter';
import { type ExportedFile, type Exporter, type ExportOptions, refuseProblems } from '../exporter';
import { commonProblems, emptyProblems, modelIndex, specTensors, tensorPlace } from '../spec-tensors';
import { symmetricInt8Problems } from '../text-format/activation-problems';
import { nameProblems } from '../text-format/name-problems';
import { onlyText } from '../text-format/only-file';
import { recoveredSpec, recoveredTensor, symmetricInt8 } from '../text-format/recovered-spec';

/** The calibrator that a cache belongs to; TensorRT calibrates again when its own class is another one. */
export type CalibrationAlgorithm =
  | 'LegacyCalibration'
  | 'EntropyCalibration'
  | 'EntropyCalibration2'
  | 'MinMaxCalibration';

export interface CalibrationCacheOptions extends ExportOptions {
  /** Default `EntropyCalibration2`, the default calibrator. */
  readonly algorithm?: CalibrationAlgorithm;
}

const id = 'tensorrt-cache';

/**
 * TensorRT calibration cache: the scale of every activation for implicit quantization, TensorRT 7 to 10.
 *
 *   TRT-8601-EntropyCalibration2
 *   input_1: 3c010a14                 ← float32 bits of scale = amax/127, big-endian hexadecimal
 *
 * Line ends are LF, also after the last line. The range TensorRT uses is ±127·scale. Weights are not in it: the builder
 * quantizes them. `version` is the digits of the header: 8601 for 8.6.1; how 10.x spells its own is not verified.
 *
 * @see sampleINT8 and trtexec (sampleEngines.cpp, 10.16): split at the last colon, one space, eight digits
 */
export const tensorrtCache: Exporter<CalibrationCacheOptions> = /* @__PURE__ */ defineExporter<CalibrationCacheOptions>(
  {
    id,
    title: 'TensorRT calibration cache (TensorRT ≤ 10)',
    aliases: ['tensorrt'],
    targets: ['tensorrt-10'],
    versions: ['8601'],
    evidence: 'source',
    versionProblem,
    check(spec, model) {
      const index = modelIndex(model, id);
      const tensors = specTensors(spec, index, 'activation');
      const problems = [
        ...commonProblems(spec, model, index),
        ...emptyProblems(tensors, 'quantized activation'),
        ...nameProblems(
          tensors.map(({ name }) => name),
          tensorPlace,
        ),
        ...symmetricInt8Problems(tensors, 'Quantize for TensorRT: --target tensorrt-10.'),
      ];
      return {
        problems,
        notes: [
          'TensorRT quantizes the weights by itself; the file holds scales of activations only.',
          'Calibrators are deprecated since TensorRT 10.1 and gone in 11: QDQ models work with all of them.',
          ...uncovered(index, spec),
        ],
      };
    },
    render(spec, model, { name, version, algorithm = 'EntropyCalibration2' }) {
      const tensors = specTensors(spec, modelIndex(model, id), 'activation');
      const lines = tensors.map((tensor) => `${tensor.name}: ${floatBits(tensor.quantization.qparams.scale[0] ?? 0)}`);
      return [textFile(`${name}.cache`, [`TRT-${version}-${algorithm}`, ...lines, ''].join('\n'))];
    },
    validate: (files, model) => parseCache(files, model === undefined ? undefined : modelIndex(model, id)).problems,
    read(files, model) {
      const { scales, problems } = parseCache(files, modelIndex(model, id));
      refuseProblems(`[export] ${id}`, problems);
      const tensors = [...scales].map(([name, scale]) => [name, recoveredTensor('activation', symmetricInt8, [scale])]);
      return recoveredSpec('tensorrt-10', Object.fromEntries(tensors));
    },
  },
);

/**
 * float32 bits as eight big-endian hexadecimal digits.
 *
 * @example floatBits(2.54 / 127) // '3ca3d70a'
 */
export function floatBits(value: number): string {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return view.getUint32(0).toString(16).padStart(8, '0');
}

/**
 * The float32 number of eight big-endian hexadecimal digits.
 *
 * @throws {InvalidArgumentError} when the text is not eight hexadecimal digits
 */
export function floatFromBits(digits: string): number {
  if (!/^[0-9a-f]{8}$/i.test(digits)) {
    throw new InvalidArgumentError({
      operation: '[export] floatFromBits',
      expected: 'eight hexadecimal digits',
      received: JSON.stringify(digits),
    });
  }
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, Number.parseInt(digits, 16));
  return view.getFloat32(0);
}

// — internals —

/** Digits of any release up to 10: `7000`, `8601`, `101300`. */
function versionProblem(version: string): PlanProblem | undefined {
  const where = 'version';
  if (/^11/.test(version)) {
    return {
      where,
      expected: 'TensorRT 7 to 10',
      received: 'TensorRT 11, which has no calibrators and reads no cache',
      hint: 'Export a QDQ model instead: --target tensorrt-11 --to onnx-qdq.',
    };
  }
  if (/^(10\d{2,4}|[4-9]\d{3})$/.test(version)) return undefined;
  return {
    where,
    expected: 'the version digits of the header, such as 8601 for 8.6.1',
    received: JSON.stringify(version),
  };
}

function uncovered(index: GraphIndex, spec: QuantizationSpec): readonly string[] {
  const outputs = index.nodes.flatMap((node) => node.output.filter((name) => name !== ''));
  const missing = outputs.filter((name) => !Object.hasOwn(spec.tensors, name)).length;
  return missing === 0
    ? []
    : [`${missing} of ${outputs.length} activations have no scale; layers that write them run in float unless fused.`];
}

interface ParsedCache {
  readonly scales: ReadonlyMap<string, number>;
  readonly problems: readonly PlanProblem[];
}

const headerForm = /^TRT-\d+-(LegacyCalibration|EntropyCalibration|EntropyCalibration2|MinMaxCalibration)$/;
// Greedy: the name ends at the last colon, as TensorRT reads it.
const lineForm = /^(.+): ([0-9a-f]{8})$/;

function parseCache(files: readonly ExportedFile[], index: GraphIndex | undefined): ParsedCache {
  const only = onlyText(files);
  if ('problems' in only) return { scales: new Map(), problems: only.problems };
  const problems: PlanProblem[] = [];
  const scales = new Map<string, number>();
  const lines = only.text.split('\n');
  if (lines.pop() !== '') problems.push({ where: 'end', expected: 'a final line end', received: 'none' });
  const [header = '', ...rest] = lines;
  if (!headerForm.test(header)) {
    problems.push({ where: 'line 1', expected: 'TRT-<version>-<calibrator>', received: JSON.stringify(header) });
  }
  for (const [i, line] of rest.entries()) {
    const where = `line ${i + 2}`;
    const [, name = '', digits = ''] = lineForm.exec(line) ?? [];
    if (name === '') {
      problems.push({ where, expected: '<tensor>: <8 hexadecimal digits>', received: JSON.stringify(line) });
      continue;
    }
    const scale = floatFromBits(digits);
    if (!(scale > 0 && Number.isFinite(scale))) {
      problems.push({ where, expected: 'a positive finite scale', received: `${digits} = ${scale}` });
    }
    if (scales.has(name)) problems.push({ where, expected: 'every tensor once', received: `${name} again` });
    if (index !== undefined && index.producer(name) === undefined && !index.isInput(name)) {
      problems.push({ where, expected: 'a tensor of the model', received: JSON.stringify(name) });
    }
    scales.set(name, scale);
  }
  return { scales, problems };
}
