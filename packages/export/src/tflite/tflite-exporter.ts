import {
  int8,
  linearScheme,
  type PlanProblem,
  perAxis,
  perTensor,
  QuantError,
  type QuantizationSpec,
  type TensorQuantization,
} from '@bitwright/core';
import type { GraphIndex } from '@bitwright/onnx';
import { defineExporter } from '../define-exporter';
import { asProblem, type ExportedFile, type Exporter, type ExportOptions, refuseProblems } from '../exporter';
import { outputAxis } from '../output-axis';
import { commonProblems, modelIndex } from '../spec-tensors';
import { recoveredSpec, recoveredTensor } from '../text-format/recovered-spec';
import { graphProblems } from './check-graph';
import type { TfliteGraph } from './graph';
import { type LowerOptions, lowerModel } from './lowering/lower-model';
import { readFlatbuffer } from './read-flatbuffer';
import { writeFlatbuffer } from './write-flatbuffer';

export interface TfliteOptions extends ExportOptions {
  /** Type of inputs and outputs that carry codes inside. Default `float32`: QUANTIZE and DEQUANTIZE stand at the ends. */
  readonly io?: 'float32' | 'int8';
  /** Sizes of inputs the model leaves open, in the order of the ONNX model. The first axis alone may stay open. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
}

const id = 'tflite';

/**
 * TFLite / LiteRT model: a float network and its spec as an int8 FlatBuffer (schema version 3).
 *
 * Images are stored as NHWC: filters [O, H, W, I], depthwise [1, H, W, C]. Weights are int8 in −127…127 with one scale per
 * output channel, biases int32 of scale(x)·scale(w), activations int8; uint8 codes are shifted by −128, which changes no value.
 * Nodes that the spec leaves in float run on real numbers between DEQUANTIZE and QUANTIZE.
 *
 * @see TFLite 8-bit quantization specification; verified in the interpreter of TensorFlow 2.21
 */
export const tfliteExporter: Exporter<TfliteOptions> = /* @__PURE__ */ defineExporter<TfliteOptions>({
  id,
  title: 'TFLite / LiteRT int8 model',
  aliases: ['litert'],
  targets: ['tflite'],
  versions: ['3'],
  evidence: 'run',
  check(spec, model, options) {
    const index = modelIndex(model, id);
    const common = [...commonProblems(spec, model, index), ...codeProblems(spec)];
    if (common.length > 0) return { problems: common, notes: [] };
    const { problems, notes } = lowerModel(model, spec, lowerOptions(options));
    return { problems, notes };
  },
  render(spec, model, options) {
    const { graph } = lowerModel(model, spec, lowerOptions(options));
    return [{ path: `${options.name}.tflite`, bytes: writeFlatbuffer(graph) }];
  },
  validate(files, model) {
    const parsed = parse(files);
    if ('problems' in parsed) return parsed.problems;
    return [
      ...graphProblems(parsed.graph),
      ...(model === undefined ? [] : endProblems(parsed.graph, modelIndex(model, id))),
    ];
  },
  read(files, model) {
    const parsed = parse(files);
    if ('problems' in parsed) refuseProblems(`[export] ${id}`, parsed.problems);
    const graph = 'graph' in parsed ? parsed.graph : undefined;
    return recoveredSpec('tflite', graph === undefined ? {} : tensorsOf(graph, modelIndex(model, id)));
  },
});

// — internals —

function lowerOptions(options: TfliteOptions | undefined): LowerOptions {
  return { io: options?.io ?? 'float32', shapes: options?.shapes ?? {} };
}

/** TFLite saturates activations at all 256 codes. */
function codeProblems(spec: QuantizationSpec): readonly PlanProblem[] {
  return Object.entries(spec.tensors).flatMap(([name, { role, scheme }]): PlanProblem[] => {
    if (role !== 'activation') return [];
    const where = `tensor ${JSON.stringify(name)}`;
    const { dtype, qmin, qmax } = scheme;
    const isWhole = dtype.bits === 8 && qmin === dtype.qmin && qmax === dtype.qmax;
    if (isWhole) return [];
    const hint = 'Quantize with --target tflite.';
    return [{ where, expected: 'all 256 codes of 8 bits', received: `${dtype.name} [${qmin},${qmax}]`, hint }];
  });
}

function parse(
  files: readonly ExportedFile[],
): { readonly graph: TfliteGraph } | { readonly problems: readonly PlanProblem[] } {
  const file = files[0];
  if (file === undefined || files.length > 1) {
    return { problems: [{ where: 'files', expected: 'one file', received: String(files.length) }] };
  }
  try {
    return { graph: readFlatbuffer(file.bytes) };
  } catch (cause) {
    if (!QuantError.isInstance(cause)) throw cause;
    return { problems: [asProblem(cause, file.path)] };
  }
}

/** Inputs and outputs are those of the model, by name and in order. */
function endProblems({ tensors, inputs, outputs }: TfliteGraph, index: GraphIndex): readonly PlanProblem[] {
  const ends = [
    { where: 'inputs', indices: inputs, expected: index.inputs.map(({ name }) => name) },
    { where: 'outputs', indices: outputs, expected: index.outputs.map(({ name }) => name) },
  ];
  return ends.flatMap(({ where, indices, expected }) => {
    const names = indices.map((i) => tensors[i]?.name ?? '');
    const isSame = names.length === expected.length && names.every((name, i) => name === expected[i]);
    return isSame ? [] : [{ where, expected: expected.join(', '), received: names.join(', ') }];
  });
}

/** int8 tensors under the names of the ONNX model: their own, or that of the real numbers beside a QUANTIZE or DEQUANTIZE. */
function tensorsOf({ tensors, operators }: TfliteGraph, index: GraphIndex): Record<string, TensorQuantization> {
  const names = tensors.map(({ name }) => name);
  for (const { kind, inputs, outputs } of operators) {
    const [from = -1, to = -1] = [inputs[0], outputs[0]];
    if (kind === 'QUANTIZE' && tensors[from]?.type === 'FLOAT32') names[to] = tensors[from].name;
    if (kind === 'DEQUANTIZE') names[from] = tensors[to]?.name ?? '';
  }
  const known = (name: string): boolean =>
    index.producer(name) !== undefined || index.isInput(name) || index.initializer(name) !== undefined;
  const entries = tensors.flatMap(({ type, quantization }, i): [string, TensorQuantization][] => {
    const name = names[i] ?? '';
    if (type !== 'INT8' || quantization === undefined || !known(name)) return [];
    const isConstant = index.initializer(name) !== undefined;
    const use = index.consumers(name)[0];
    const isSymmetric = isConstant && quantization.zeroPoint.every((z) => z === 0);
    const scheme = linearScheme({
      dtype: int8,
      mapping: isSymmetric ? 'symmetric' : 'asymmetric',
      granularity: quantization.scale.length === 1 || use === undefined ? perTensor : perAxis(outputAxis(use.node)),
    });
    return [
      [name, recoveredTensor(isConstant ? 'weight' : 'activation', scheme, quantization.scale, quantization.zeroPoint)],
    ];
  });
  return Object.fromEntries(entries);
}
