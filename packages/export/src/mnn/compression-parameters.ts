import {
  int8,
  linearScheme,
  type PlanProblem,
  perAxis,
  perTensor,
  type RoundingMode,
  type TensorQuantization,
} from '@bitwright/core';
import { defineExporter, textFile } from '../define-exporter';
import { type Exporter, refuseProblems } from '../exporter';
import { outputAxis } from '../output-axis';
import { type LayerTensor, type SpecLayer, specLayers } from '../spec-layers';
import { commonProblems, emptyProblems, modelIndex, tensorPlace } from '../spec-tensors';
import { jsonText } from '../text-format/json';
import { recoveredSpec, recoveredTensor } from '../text-format/recovered-spec';
import { parseParameters, type TensorFields } from './parse-parameters';
import { type WireWriter, wireWriter } from './protobuf-wire';

const id = 'mnn-compression';

/**
 * MNN compression parameters for `MNNConvert --compressionParamsFile`: message Pipeline of MNN_compression.proto (proto2).
 *
 *   Pipeline { version 1, algo 2: CompressionAlgo { type 1 = QUANTIZE, quant_params 2: QuantizeParams {
 *     round_mode 1, layer 4: { input 1, weight 2, output 3, method 4 = QAT, op_name 6 } } } }
 *   input, output { name 1, bits 2, scales 3, zero_point 4, clamp_min 5, clamp_max 6 };  weight { name 1, bits 2, scales 3, clamp_min 4, clamp_max 5 }
 *
 * `binary` is the protobuf; `json` the same fields by name, which newer converters take too. How the converter applies the
 * scales was not executed.
 *
 * @see MNN tools/converter MNN_compression.proto
 */
export const mnnCompression: Exporter = /* @__PURE__ */ defineExporter({
  id,
  title: 'MNN compression parameters',
  aliases: [],
  targets: ['mnn'],
  versions: ['binary', 'json'],
  evidence: 'source',
  check(spec, model) {
    const index = modelIndex(model, id);
    const layers = specLayers(spec, index);
    return {
      problems: [
        ...commonProblems(spec, model, index),
        ...emptyProblems(layers, 'layer on integers'),
        ...layers.flatMap(layerProblems),
      ],
      notes: [
        'How MNN’s converter applies the scales was not executed here: compare outputs on the device.',
        ...(layers.some(({ inputs }) => inputs.some(({ quantization }) => !quantization.scheme.dtype.signed))
          ? ['uint8 activations are written as int8: zero points less 128.']
          : []),
      ],
    };
  },
  render(spec, model, { name, version }) {
    const layers = specLayers(spec, modelIndex(model, id));
    if (version === 'json') return [textFile(`${name}.mnn.json`, jsonText(pipelineJson(layers)))];
    return [{ path: `${name}.mnn.bin`, bytes: pipelineMessage(layers).bytes() }];
  },
  validate: (files) => parseParameters(files).problems,
  read(files, model) {
    const index = modelIndex(model, id);
    const { entries, problems } = parseParameters(files);
    refuseProblems(`[export] ${id}`, problems);
    const tensors: Record<string, TensorQuantization> = {};
    for (const { name, scales, zeroPoint, min, max } of entries) {
      const isWeight = index.initializer(name) !== undefined;
      const use = index.consumers(name)[0];
      const scheme = linearScheme({
        dtype: int8,
        mapping: zeroPoint === 0 ? 'symmetric' : 'asymmetric',
        qmin: min,
        qmax: max,
        granularity: scales.length === 1 || use === undefined ? perTensor : perAxis(outputAxis(use.node)),
        rounding: 'halfAway',
      });
      const zeroPoints = scales.map(() => zeroPoint);
      tensors[name] = recoveredTensor(isWeight ? 'weight' : 'activation', scheme, scales, zeroPoints);
    }
    return recoveredSpec('mnn', tensors);
  },
});

// — internals —

/** Pipeline.version when none is stated. */
const pipelineVersion = '0.0.0';

function fieldsOf({ name, quantization: { scheme, qparams } }: LayerTensor): TensorFields {
  const shift = scheme.dtype.signed ? 0 : 128;
  return {
    name,
    scales: Array.from(qparams.scale),
    zeroPoint: (qparams.zeroPoint[0] ?? 0) - shift,
    min: scheme.qmin - shift,
    max: scheme.qmax - shift,
  };
}

function layerProblems({ node, inputs, outputs, weights }: SpecLayer): readonly PlanProblem[] {
  const problems = [...inputs, ...outputs, ...weights].flatMap(({ name, quantization: { scheme } }): PlanProblem[] =>
    scheme.dtype.bits === 8 && scheme.granularity.kind !== 'perGroup'
      ? []
      : [{ where: tensorPlace(name), expected: '8-bit codes per tensor or channel', received: scheme.dtype.name }],
  );
  const shifted = weights.find(({ quantization }) => quantization.qparams.zeroPoint.some((z) => z !== 0));
  if (shifted === undefined) return problems;
  return [
    ...problems,
    {
      where: tensorPlace(shifted.name),
      expected: 'weights with zero point 0',
      received: `others in node "${node.name}"`,
    },
  ];
}

/** `round_mode`, by the rounding of the activations. */
const roundModes: Readonly<Partial<Record<RoundingMode, number>>> = { halfTowardZero: 0, halfAway: 1, halfEven: 2 };

function roundModeOf(layers: readonly SpecLayer[]): number {
  const rounding = layers[0]?.inputs[0]?.quantization.scheme.rounding ?? 'halfAway';
  return roundModes[rounding] ?? 1;
}

function pipelineMessage(layers: readonly SpecLayer[]): WireWriter {
  const parameters = wireWriter().varint(1, roundModeOf(layers));
  for (const layer of layers) parameters.message(4, layerMessage(layer));
  const algorithm = wireWriter().varint(1, 0).message(2, parameters);
  return wireWriter().text(1, pipelineVersion).message(2, algorithm);
}

function layerMessage({ node, inputs, weights, outputs }: SpecLayer): WireWriter {
  const layer = wireWriter();
  const start = ({ name, scales }: TensorFields): WireWriter => {
    const message = wireWriter().text(1, name).varint(2, 8);
    for (const scale of scales) message.float(3, scale);
    return message;
  };
  const activation = (tensor: LayerTensor): WireWriter => {
    const fields = fieldsOf(tensor);
    return start(fields).varint(4, fields.zeroPoint).varint(5, fields.min).varint(6, fields.max);
  };
  for (const tensor of inputs) layer.message(1, activation(tensor));
  for (const tensor of weights) {
    const fields = fieldsOf(tensor);
    layer.message(2, start(fields).varint(4, fields.min).varint(5, fields.max));
  }
  for (const tensor of outputs) layer.message(3, activation(tensor));
  return layer.varint(4, 0).text(6, node.name);
}

function pipelineJson(layers: readonly SpecLayer[]): object {
  const common = ({ name, scales }: TensorFields): object => ({ name, bits: 8, scales });
  const activation = (tensor: LayerTensor): object => {
    const { zeroPoint, min, max, ...rest } = fieldsOf(tensor);
    return { ...common({ zeroPoint, min, max, ...rest }), zero_point: zeroPoint, clamp_min: min, clamp_max: max };
  };
  const layer = layers.map(({ node, inputs, weights, outputs }) => ({
    input: inputs.map(activation),
    weight: weights.map((tensor) => {
      const fields = fieldsOf(tensor);
      return { ...common(fields), clamp_min: fields.min, clamp_max: fields.max };
    }),
    output: outputs.map(activation),
    method: 'QAT',
    op_name: node.name,
  }));
  return {
    version: pipelineVersion,
    algo: [{ type: 'QUANTIZE', quant_params: { round_mode: roundModeOf(layers), layer } }],
  };
}
