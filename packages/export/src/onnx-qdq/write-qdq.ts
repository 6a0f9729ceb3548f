import {
  ExportError,
  type LinearScheme,
  type QParams,
  type QuantizationSpec,
  representableRange,
  type Target,
  type TensorQuantization,
} from '@bitwright/core';
import {
  DataType,
  editGraph,
  type GraphEditor,
  intAttribute,
  type Model,
  type Node,
  opsetVersion,
  tensorFromArray,
  tensorToFloat32,
} from '@bitwright/onnx';
import { irVersionFor } from '../ir-version';
import { type CodeFormat, integerCodes } from './code-format';
import { elementTypeOf } from './element-type';
import { type ParameterTable, parameterTable } from './parameter-table';

export interface WriteQdqOptions {
  /** In which numbers codes are held. Default `integerCodes`; `float8Codes` for E4M3. */
  readonly format?: CodeFormat;
}

/**
 * Writes a spec into its float model as QuantizeLinear/DequantizeLinear pairs: the ONNX QDQ form, placed as onnxruntime fuses it.
 *
 * - activations: Q then DQ behind the tensor; an integer producer's readers all read the DQ, a float producer's only the integer ones;
 *   where the target quantizes inputs only, integer readers alone do;
 * - weights: stored as integers behind a DequantizeLinear, or as float with a pair where the target wants that; the float
 *   initializer goes when nobody else reads it;
 * - biases: int32 with scale = fround(scale(x) · scale(w)), zero point 0;
 * - absorbed Relu and Clip are removed where saturation to the codes already does their work;
 * - pass-through operators carry the very same scale and zero-point initializers on both sides.
 * The model given is not changed. Zero points are always written out.
 *
 * @throws {ExportError} when the spec names tensors the model lacks, a code type needs a newer operator set, or a bias overflows
 * @see ONNX QuantizeLinear-13, DequantizeLinear-13
 */
export function writeQdq(model: Model, spec: QuantizationSpec, target: Target, options: WriteQdqOptions = {}): Model {
  const { format = integerCodes } = options;
  const opset = opsetVersion(model);
  const edit = editGraph(model);
  const parameters = parameterTable(edit, format);
  const state: WriterState = { edit, spec, target, format, parameters };
  for (const node of edit.nodes()) if (kindOf(node, spec) === 'absorbed') removeIfRedundant(node, state);
  for (const [name, tensor] of Object.entries(spec.tensors)) {
    if (tensor.role === 'bias' && !format.storesBias) continue;
    assertOpset(name, tensor.scheme, opset, format);
    if (tensor.role === 'activation') quantizeActivation(name, tensor, state);
    else quantizeConstant(name, tensor, state);
  }
  isolateFloatNodes(state);
  const written = edit.finish();
  const irVersion = BigInt(irVersionFor(opset));
  if (written.irVersion < irVersion) written.irVersion = irVersion;
  return written;
}

interface WriterState {
  readonly edit: GraphEditor;
  readonly spec: QuantizationSpec;
  readonly target: Target;
  readonly format: CodeFormat;
  readonly parameters: ParameterTable;
}

type NodeKind = QuantizationSpec['nodes'][string]['kind'] | undefined;

function kindOf(node: Node, spec: QuantizationSpec): NodeKind {
  return Object.hasOwn(spec.nodes, node.name) ? spec.nodes[node.name]?.kind : undefined;
}

function isInteger(node: Node | undefined, spec: QuantizationSpec): boolean {
  const kind = node === undefined ? undefined : kindOf(node, spec);
  return kind === 'integer' || kind === 'passThrough' || kind === 'absorbed';
}

/** Takes out an activation whose clamping the output codes do anyway: [qmin, qmax] in real units lies within its bounds. */
function removeIfRedundant(node: Node, { edit, spec }: WriterState): void {
  const input = node.input[0] ?? '';
  const output = node.output[0] ?? '';
  const quantization = spec.tensors[output];
  const producer = edit.producer(input);
  if (quantization === undefined || producer === undefined) return;
  const [lower, upper] = clampBounds(node, edit);
  const range = representableRange(quantization.qparams, quantization.scheme);
  // A thousandth of a step cannot change a code: it only forgives the rounding of the scale to float32.
  const slack = (quantization.qparams.scale[0] ?? 0) / 1024;
  const isRedundant = (range.min[0] ?? 0) >= lower - slack && (range.max[0] ?? 0) <= upper + slack;
  if (!isRedundant) return;
  edit.removeNode(node);
  edit.setOutput(producer, producer.output.indexOf(input), output);
  for (const bound of node.input.slice(1)) {
    const isUnread =
      edit.initializer(bound) !== undefined && edit.consumers(bound).length === 0 && !edit.isOutput(bound);
    if (isUnread) edit.removeInitializer(bound);
  }
}

function clampBounds(node: Node, edit: GraphEditor): readonly [number, number] {
  if (node.opType === 'Relu') return [0, Number.POSITIVE_INFINITY];
  const bound = (name: string | undefined, otherwise: number): number => {
    const tensor = name === undefined || name === '' ? undefined : edit.initializer(name);
    return tensor === undefined ? otherwise : (tensorToFloat32(tensor)[0] ?? otherwise);
  };
  return [bound(node.input[1], Number.NEGATIVE_INFINITY), bound(node.input[2], Number.POSITIVE_INFINITY)];
}

function quantizeActivation(name: string, tensor: TensorQuantization, state: WriterState): void {
  const { edit, spec, parameters } = state;
  const producer = edit.producer(name);
  if (producer === undefined && !edit.isInput(name)) throw missingTensor(name);
  // Where outputs are quantized, everybody reads the codes; where inputs are, only integer operators do.
  const isIntegerResult = isInteger(producer, spec) && state.target.placement.quantize === 'inputsAndOutputs';
  const codes = edit.uniqueName(`${name}_QuantizeLinear_Output`);
  const isResultOutput = isIntegerResult && edit.isOutput(name);
  const source = isResultOutput ? edit.releaseOutputName(name, `${name}_float`) : name;
  const real = isResultOutput ? name : edit.uniqueName(`${name}_DequantizeLinear_Output`);
  const readers = edit.replaceUses(source, real, {
    where: (use) => isIntegerResult || (use.scope === '' && isInteger(use.node, spec)),
  });
  if (readers === 0 && !isResultOutput) return;
  const [scale, zeroPoint] = parameters.of(leaderOf(name, tensor), tensor, []);
  edit.addNode({
    opType: 'QuantizeLinear',
    name: edit.uniqueNodeName(`${name}_QuantizeLinear`),
    inputs: [source, scale, zeroPoint],
    outputs: [codes],
  });
  edit.addNode({
    opType: 'DequantizeLinear',
    name: edit.uniqueNodeName(`${name}_DequantizeLinear`),
    inputs: [state.format.clampsCodes ? clampCodes(name, codes, tensor.scheme, edit) : codes, scale, zeroPoint],
    outputs: [real],
  });
}

/**
 * QuantizeLinear saturates at the codes of its type only. Where a scheme uses fewer (4-bit activations in uint8), a Clip on the
 * codes does the rest: integer kernels on both sides stay, and the file holds exactly the levels of the scheme.
 */
function clampCodes(name: string, codes: string, scheme: LinearScheme, edit: GraphEditor): string {
  const { dtype, qmin, qmax } = scheme;
  if (dtype.bits !== 8 || (qmin === dtype.qmin && qmax === dtype.qmax)) return codes;
  const bound = (suffix: string, code: number): string => {
    const bound = edit.uniqueName(`${name}_${suffix}`);
    const value = dtype.signed ? Int8Array.of(code) : Uint8Array.of(code);
    edit.addInitializer(tensorFromArray(bound, elementTypeOf(dtype), [], value));
    return bound;
  };
  const clamped = edit.uniqueName(`${name}_clamped_codes`);
  edit.addNode({
    opType: 'Clip',
    name: edit.uniqueNodeName(`${name}_clamp_codes`),
    inputs: [codes, bound('qmin', qmin), bound('qmax', qmax)],
    outputs: [clamped],
  });
  return clamped;
}

/** Tensors that share parameters name their leader first in `origin.from`. */
function leaderOf(name: string, tensor: TensorQuantization): string {
  return tensor.origin.source === 'derived' ? (tensor.origin.from?.[0] ?? name) : name;
}

function quantizeConstant(name: string, tensor: TensorQuantization, state: WriterState): void {
  const { edit, spec, parameters, target, format } = state;
  const initializer = edit.initializer(name);
  if (initializer === undefined) throw missingTensor(name);
  const shape = initializer.dims.map(Number);
  const real = tensorToFloat32(initializer);
  if (tensor.role === 'bias') assertBiasFits(name, real, tensor.qparams);
  const stored = edit.uniqueName(`${name}_quantized`);
  const constant = format.constant(stored, shape, real, tensor);
  const output = edit.uniqueName(`${name}_DequantizeLinear_Output`);
  const [scale, zeroPoint] = parameters.of(name, tensor, shape);
  edit.replaceUses(name, output, { where: (use) => use.scope === '' && isInteger(use.node, spec) });
  const isPair = tensor.role === 'weight' && target.placement.weights === 'qdq';
  const { granularity } = tensor.scheme;
  const attributes = granularity.kind === 'perTensor' ? [] : [intAttribute('axis', granularity.axis)];
  if (granularity.kind === 'perGroup') attributes.push(intAttribute('block_size', granularity.size));
  if (isPair) {
    // Values on the grid, so that the runtime's rounding finds exactly these codes.
    const values = edit.uniqueName(`${name}_on_grid`);
    edit.addInitializer(tensorFromArray(values, DataType.FLOAT, shape, constant.values));
    edit.addNode({
      opType: 'QuantizeLinear',
      name: edit.uniqueNodeName(`${name}_QuantizeLinear`),
      inputs: [values, scale, zeroPoint],
      outputs: [stored],
      attributes,
    });
  } else {
    edit.addInitializer(constant.tensor);
  }
  edit.addNode({
    opType: 'DequantizeLinear',
    name: edit.uniqueNodeName(`${name}_DequantizeLinear`),
    inputs: [stored, scale, zeroPoint],
    outputs: [output],
    attributes,
  });
  if (edit.consumers(name).length === 0 && !edit.isOutput(name)) edit.removeInitializer(name);
}

/**
 * A node that must stay float but sits between a DequantizeLinear and a QuantizeLinear would be fused by onnxruntime all the same
 * (it even quantizes float weights itself). A one-operand Max behind it breaks the pattern: it copies, and no optimizer removes it.
 */
function isolateFloatNodes({ edit, spec, target }: WriterState): void {
  if (target.placement.quantize !== 'inputsAndOutputs') return;
  for (const node of edit.nodes()) {
    if (kindOf(node, spec) !== 'float' || target.operators[node.opType]?.kind !== 'integer') continue;
    const isDequantized = node.input.some((name) => edit.producer(name)?.opType === 'DequantizeLinear');
    const output = node.output[0] ?? '';
    const readers = edit.consumers(output);
    const isQuantized = readers.length > 0 && readers.every((use) => use.node.opType === 'QuantizeLinear');
    if (!isDequantized || !isQuantized || edit.isOutput(output)) continue;
    const copy = edit.uniqueName(`${output}_float`);
    edit.replaceUses(output, copy);
    edit.addNode({
      opType: 'Max',
      name: edit.uniqueNodeName(`${node.name}_stays_float`),
      inputs: [output],
      outputs: [copy],
    });
  }
}

function assertOpset(name: string, scheme: LinearScheme, opset: number, format: CodeFormat): void {
  const needed = Math.max(13, format.opsetFor(scheme));
  if (opset >= needed) return;
  throw new ExportError({
    operation: `[export] writeQdq "${name}"`,
    expected: `operator set ${needed} or newer for ${scheme.dtype.name} ${scheme.granularity.kind}`,
    received: `operator set ${opset}`,
    hint: `Convert the model to operator set ${needed} first.`,
  });
}

function assertBiasFits(name: string, bias: Float32Array, qparams: QParams): void {
  const limit = 2 ** 31 - 1;
  for (let i = 0; i < bias.length; i++) {
    const scale = qparams.scale[qparams.scale.length === 1 ? 0 : i] as number;
    if (Math.abs((bias[i] as number) / scale) <= limit) continue;
    throw new ExportError({
      operation: `[export] writeQdq "${name}"`,
      expected: 'a bias that fits int32 at scale(x)·scale(w)',
      received: `${bias[i]} / ${scale} at channel ${i}`,
      hint: 'The scale of the weights is too small for this bias; enlarge it.',
    });
  }
}

function missingTensor(name: string): ExportError {
  return new ExportError({
    operation: '[export] writeQdq',
    expected: `a tensor "${name}" in the model`,
    received: 'none',
    hint: 'The spec was made for another model, or for the model before its preparation passes.',
  });
}
