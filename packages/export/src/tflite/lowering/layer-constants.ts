import { biasScheme, dequantize, perAxis, quantize, type TensorQuantization } from '@bitwright/core';
import { type Node, type Tensor, tensorToFloat32 } from '@bitwright/onnx';
import { permuteArray } from '../../permute-array';
import { kindOf } from '../../spec-layers';
import { bytesOf, dimsOf, int8Codes } from './constant-data';
import { constantOf, type LoweringContext, type Mode, quantizationOf } from './context';
import { refuse } from './refusal';
import type { Value } from './value';

/** Where a weight's axes go, and which one has the scales. */
export interface WeightLayout {
  /** Axis i of the TFLite filter is axis order[i] of the ONNX weight. */
  readonly order: readonly number[];
  /** Shape in the file where it is not just the reordered one. */
  readonly shape?: readonly number[];
  readonly quantizedDimension: number;
  readonly outputs: number;
  /** Axis of the output channels in the ONNX weight. */
  readonly axis: number;
}

/**
 * Filter and bias of a layer as constants: int8 codes with one scale per output and an int32 bias of scale(x)·scale(w), or
 * real numbers. A layer planned for integers that runs on real numbers keeps the quantized weights' values.
 *
 * @throws {NodeRefusal} when the weight has no parameters, another zero point than 0, or the bias does not fit int32
 */
export function layerConstants(
  context: LoweringContext,
  node: Node,
  mode: Mode,
  weight: Tensor,
  input: Value,
  layout: WeightLayout,
): readonly number[] {
  const { builder, spec } = context;
  const dims = dimsOf(weight);
  const { order, quantizedDimension, outputs } = layout;
  const shape = layout.shape ?? order.map((axis) => dims[axis] as number);
  const quantization = quantizationOf(context, weight.name);
  const biasTensor = constantOf(context, node.input[2]);
  const biasOf = (): Float32Array =>
    spread(biasTensor === undefined ? Float32Array.of(0) : tensorToFloat32(biasTensor), outputs);
  if (mode === 'float') {
    const isPlanned = kindOf(node, spec) === 'integer';
    const values = (): Float32Array =>
      isPlanned && quantization !== undefined ? rounded(weight, quantization) : tensorToFloat32(weight);
    const filter = builder.tensor({
      name: weight.name,
      type: 'FLOAT32',
      shape,
      data: () => bytesOf(permuteArray(values(), dims, order)),
    });
    const bias = builder.tensor({
      name: biasTensor?.name ?? `${node.name}_bias`,
      type: 'FLOAT32',
      shape: [outputs],
      data: () => bytesOf(biasOf()),
    });
    return [filter, bias];
  }
  const scales = weightScales(node, weight, quantization, layout);
  const scaleX = input.params?.scale ?? 1;
  const biasScales = scales.map((scale) => Math.fround(scaleX * scale));
  assertBiasFits(node, biasOf(), biasScales);
  const filter = builder.tensor({
    name: weight.name,
    type: 'INT8',
    shape,
    data: () => bytesOf(permuteArray(int8Codes(weight, quantization as TensorQuantization), dims, order)),
    quantization: { scale: scales, zeroPoint: new Int32Array(scales.length), dimension: quantizedDimension },
  });
  const bias = builder.tensor({
    name: biasTensor?.name ?? `${node.name}_bias`,
    type: 'INT32',
    shape: [outputs],
    data: () => bytesOf(biasCodes(biasOf(), biasScales)),
    quantization: { scale: biasScales, zeroPoint: new Int32Array(biasScales.length), dimension: 0 },
  });
  return [filter, bias];
}

// — internals —

function weightScales(
  node: Node,
  weight: Tensor,
  quantization: TensorQuantization | undefined,
  { outputs, axis }: WeightLayout,
): Float32Array {
  if (quantization === undefined) throw refuse(node, `parameters of its weight "${weight.name}"`, 'none in the spec');
  const { scheme, qparams } = quantization;
  const shift = scheme.dtype.signed ? 0 : 128;
  const zeroPoint = qparams.zeroPoint.find((z) => z !== shift);
  if (zeroPoint !== undefined) {
    throw refuse(node, 'symmetric weights', `zero point ${zeroPoint - shift}`, 'Quantize with --target tflite.');
  }
  if (scheme.dtype.bits > 8) throw refuse(node, 'weights of at most 8 bits', scheme.dtype.name);
  if (scheme.qmin - shift < -127 && int8Codes(weight, quantization).includes(-128)) {
    throw refuse(node, 'weight codes within [-127, 127]', '-128', 'Quantize with --target tflite.');
  }
  const { granularity } = scheme;
  if (granularity.kind === 'perTensor') return new Float32Array(outputs).fill(qparams.scale[0] ?? 1);
  if (granularity.kind === 'perAxis' && granularity.axis === axis) return qparams.scale;
  throw refuse(node, `weight scales per tensor or along axis ${axis}`, `${granularity.kind} scales`);
}

function rounded(weight: Tensor, { scheme, qparams }: TensorQuantization): Float32Array {
  const shape = dimsOf(weight);
  return dequantize(quantize({ data: tensorToFloat32(weight), shape }, scheme, qparams), shape, scheme, qparams);
}

/** One value per output: a bias of one element is shared. */
function spread(values: Float32Array, outputs: number): Float32Array {
  return values.length === outputs ? values : new Float32Array(outputs).fill(values[0] ?? 0);
}

function assertBiasFits(node: Node, bias: Float32Array, scales: Float32Array): void {
  const limit = 2 ** 31 - 1;
  const bad = bias.findIndex((b, c) => Math.abs(b / (scales[c] as number)) > limit);
  if (bad < 0) return;
  const received = `${bias[bad]} / ${scales[bad]} at channel ${bad}`;
  throw refuse(node, 'a bias that fits int32 at scale(x)·scale(w)', received, 'Enlarge the scale of the weights.');
}

function biasCodes(bias: Float32Array, scale: Float32Array): Int32Array {
  const zeroPoint = new Int32Array(scale.length);
  return quantize({ data: bias, shape: [bias.length] }, biasScheme(perAxis(0)), { scale, zeroPoint }) as Int32Array;
}
