import {
  biasScheme,
  dequantize,
  ExportError,
  type Granularity,
  intDType,
  type LinearScheme,
  linearScheme,
  type NodeDecision,
  perAxis,
  perGroup,
  perTensor,
  type QDType,
  type QParams,
  type QParamsOrigin,
  type QuantizationSpec,
  type Target,
  type TensorQuantization,
  targets,
} from '@bitwright/core';
import {
  DataType,
  dataTypeInfo,
  editGraph,
  type GraphEditor,
  getInt,
  type Model,
  type Node,
  nameNodes,
  type Tensor,
  tensorFromArray,
  tensorToArray,
  tensorToFloat32,
} from '@bitwright/onnx';

/** What a QDQ file says. */
export interface QdqContent {
  /** The network without quantizers; weights and biases hold the values of their codes. */
  readonly model: Model;
  /** The quantization of its tensors; writing it into `model` gives the file's numbers again. */
  readonly spec: QuantizationSpec;
}

/**
 * Takes a QDQ model apart into a float network and a spec: the inverse of `writeQdq`, for files of any tool.
 *
 * Activations are QuantizeLinear(, Clip on codes), DequantizeLinear; constants are stored codes behind a DequantizeLinear, or float
 * weights with a pair. Nodes whose operands are all quantized are `integer`, the others `float`.
 *
 * @param target - id of the target that the spec names. Default `ort-x64`
 * @throws {ExportError} for scales or zero points that are no constants, and for quantizers that do not come in pairs
 */
export function readQdq(source: Model, target = 'ort-x64'): QdqContent {
  const edit = editGraph(nameNodes.run(source).model);
  const residualAdd = targets.find(({ id }) => id === target)?.placement.residualAdd;
  const state: ReaderState = { edit, tensors: new Map(), leaders: new Map(), residualAdd };
  for (const node of edit.nodes()) if (node.opType === 'DequantizeLinear') takeOutPair(node, state);
  for (const node of edit.nodes()) {
    if (node.opType === 'QuantizeLinear') {
      if (edit.consumers(node.output[0] ?? '').length > 0) throw unpaired(node);
      edit.removeNode(node);
    }
  }
  removeUnreadConstants(edit, state);
  const model = edit.finish();
  const nodes = (model.graph?.node ?? []).map((node): [string, NodeDecision] => [node.name, decisionOf(node, state)]);
  return {
    model,
    spec: {
      version: 1,
      target,
      tensors: Object.fromEntries(state.tensors),
      nodes: Object.fromEntries(nodes),
      provenance: { tool: { name: '@bitwright/export', version: '0' } },
    },
  };
}

interface ReaderState {
  readonly edit: GraphEditor;
  readonly tensors: Map<string, TensorQuantization>;
  /** First activation that used a pair of scale and zero point initializers. */
  readonly leaders: Map<string, string>;
  /** How the target quantizes residual sums. */
  readonly residualAdd: Target['placement']['residualAdd'];
}

function takeOutPair(node: Node, state: ReaderState): void {
  const { edit } = state;
  const [codes = ''] = node.input;
  const clip = edit.producer(codes)?.opType === 'Clip' ? edit.producer(codes) : undefined;
  const quantizer = edit.producer(clip?.input[0] ?? codes);
  const stored = edit.initializer(codes);
  if (stored !== undefined) takeOutConstant(node, stored, state);
  else if (quantizer?.opType === 'QuantizeLinear') takeOutActivation(node, quantizer, clip, state);
  else throw unpaired(node);
}

/** Codes behind a DequantizeLinear become a float initializer of the values they stand for. */
function takeOutConstant(node: Node, stored: Tensor, { edit, tensors }: ReaderState): void {
  const dtype = codeType(stored.dataType, node);
  const shape = stored.dims.map(Number);
  const { scheme, qparams } = quantizationOf(node, dtype, shape, edit);
  const values = dequantize(tensorToArray(stored) as ArrayLike<number>, shape, scheme, qparams);
  const [output = ''] = node.output;
  const name = edit.uniqueName(stored.name.replace(/_quantized$/, ''));
  edit.addInitializer(tensorFromArray(name, DataType.FLOAT, shape, values));
  const reader = edit.consumers(output)[0]?.node;
  const isOutput = edit.isOutput(output);
  edit.replaceUses(output, name);
  edit.removeNode(node);
  if (isOutput) edit.addNode({ opType: 'Identity', inputs: [name], outputs: [output] });
  const isBias = dtype.bits === 32;
  tensors.set(name, {
    role: isBias ? 'bias' : 'weight',
    scheme: isBias ? biasScheme(scheme.granularity) : scheme,
    qparams,
    origin: isBias && reader !== undefined ? { source: 'derived', from: reader.input.slice(0, 2) } : readOrigin,
  });
}

/** The tensor in front of a QuantizeLinear is quantized; whoever read the pair's result reads it again. */
function takeOutActivation(node: Node, quantizer: Node, clip: Node | undefined, state: ReaderState): void {
  const { edit, tensors, leaders } = state;
  const [real = ''] = quantizer.input;
  const [output = ''] = node.output;
  const constant = edit.initializer(real);
  const dtype = codeType(zeroPointType(quantizer, edit), node);
  const read = quantizationOf(node, dtype, constant?.dims.map(Number), edit);
  const scheme = clip === undefined ? read.scheme : withCodes(read.scheme, clip, edit);
  const parameters = `${node.input[1]} ${node.input[2] ?? ''}`;
  const isOutput = edit.isOutput(output);
  edit.replaceUses(output, real);
  edit.removeNode(node);
  let name = real;
  const producer = edit.producer(real);
  if (isOutput && producer !== undefined && !edit.isOutput(real)) {
    // The tensor of the float network carried the output's name.
    edit.renameValue(real, output);
    name = output;
  } else if (isOutput) {
    edit.addNode({ opType: 'Identity', inputs: [real], outputs: [output] });
  }
  if (constant !== undefined && real.endsWith('_on_grid')) {
    name = edit.uniqueName(real.slice(0, -'_on_grid'.length));
    edit.renameValue(real, name);
  }
  if (clip !== undefined && edit.consumers(clip.output[0] ?? '').length === 0) edit.removeNode(clip);
  if (edit.consumers(quantizer.output[0] ?? '').length === 0) edit.removeNode(quantizer);
  const leader = leaders.get(parameters);
  if (leader === undefined) leaders.set(parameters, name);
  const origin: QParamsOrigin =
    leader === undefined || leader === name ? readOrigin : { source: 'derived', from: [leader] };
  tensors.set(name, { role: constant === undefined ? 'activation' : 'weight', scheme, qparams: read.qparams, origin });
}

const readOrigin: QParamsOrigin = { source: 'user', note: 'read from a QDQ model' };

interface ReadQuantization {
  readonly scheme: LinearScheme;
  readonly qparams: QParams;
}

function quantizationOf(
  node: Node,
  dtype: QDType,
  shape: readonly number[] | undefined,
  edit: GraphEditor,
): ReadQuantization {
  const scaleTensor = edit.initializer(node.input[1] ?? '');
  const zeroPointTensor = edit.initializer(node.input[2] ?? '');
  const hasZeroPoint = (node.input[2] ?? '') !== '';
  if (scaleTensor === undefined || (hasZeroPoint && zeroPointTensor === undefined)) {
    throw malformed(node, 'scale and zero point as initializers', 'values computed at run time');
  }
  const scale = tensorToFloat32(scaleTensor);
  if (scale.some((s) => !(s > 0 && Number.isFinite(s)))) throw malformed(node, 'finite scales > 0', 'others');
  const zeroPoint =
    zeroPointTensor === undefined
      ? new Int32Array(scale.length)
      : Int32Array.from(tensorToArray(zeroPointTensor) as ArrayLike<number>);
  if (zeroPoint.length !== scale.length) throw malformed(node, `${scale.length} zero points`, `${zeroPoint.length}`);
  const granularity = granularityOf(node, scaleTensor, shape);
  const isSymmetric = dtype.signed && zeroPoint.every((z) => z === 0);
  return {
    scheme: linearScheme({ dtype, granularity, mapping: isSymmetric ? 'symmetric' : 'asymmetric' }),
    qparams: { scale, zeroPoint },
  };
}

function granularityOf(node: Node, scale: Tensor, shape: readonly number[] | undefined): Granularity {
  const isSingle = scale.dims.length === 0 || (scale.dims.length === 1 && scale.dims[0] === 1n);
  const blockSize = getInt(node, 'block_size', 0);
  const axis = getInt(node, 'axis', 1);
  const rank = shape?.length;
  const positive = axis < 0 && rank !== undefined ? axis + rank : axis;
  if (blockSize > 0) return perGroup(positive, blockSize);
  return isSingle ? perTensor : perAxis(positive);
}

/** Codes that a Clip between the pair lets through. */
function withCodes(scheme: LinearScheme, clip: Node, edit: GraphEditor): LinearScheme {
  const bound = (name: string | undefined, fallback: number): number => {
    const tensor = name === undefined || name === '' ? undefined : edit.initializer(name);
    return tensor === undefined ? fallback : Number(tensorToArray(tensor)[0] ?? fallback);
  };
  const { dtype, granularity, mapping } = scheme;
  const qmin = bound(clip.input[1], dtype.qmin);
  const qmax = bound(clip.input[2], dtype.qmax);
  return linearScheme({ dtype, granularity, mapping, qmin, qmax });
}

function zeroPointType(quantizer: Node, edit: GraphEditor): number {
  const tensor = edit.initializer(quantizer.input[2] ?? '');
  return tensor?.dataType ?? getInt(quantizer, 'output_dtype', DataType.UINT8);
}

function codeType(dataType: number, node: Node): QDType {
  const { bits, kind, name } = dataTypeInfo(dataType);
  if (kind !== 'int' && kind !== 'uint') throw malformed(node, 'integer codes', name);
  return intDType(bits, kind === 'int');
}

/** Initializers that only quantizers read are gone with them. */
function removeUnreadConstants(edit: GraphEditor, { tensors }: ReaderState): void {
  for (const { name } of edit.initializers()) {
    if (!tensors.has(name) && edit.consumers(name).length === 0 && !edit.isOutput(name)) edit.removeInitializer(name);
  }
}

function decisionOf(node: Node, { tensors, residualAdd }: ReaderState): NodeDecision {
  const { opType: operator } = node;
  const hasCodes = node.input.some((name) => tensors.get(name)?.role === 'activation');
  if (!hasCodes) return { kind: 'float', operator, reason: 'no quantizer in front of it' };
  const isWhole = dataInputs(node).every((name) => tensors.has(name));
  if (isWhole || (operator === 'Add' && residualAdd === 'oneInput')) return { kind: 'integer', operator };
  return { kind: 'float', operator, reason: 'one of its operands has no quantizer' };
}

const manyOperands = new Set(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Min', 'Max', 'Concat']);
const twoOperands = new Set(['Conv', 'ConvTranspose', 'MatMul', 'Gemm']);

/** Inputs that carry real numbers: not biases, conditions, shapes, axes and indices. */
function dataInputs(node: Node): readonly string[] {
  if (manyOperands.has(node.opType)) return node.input;
  if (twoOperands.has(node.opType)) return node.input.slice(0, 2);
  return node.opType === 'Where' ? node.input.slice(1, 3) : node.input.slice(0, 1);
}

function unpaired(node: Node): ExportError {
  return malformed(node, 'QuantizeLinear and DequantizeLinear in pairs', `a ${node.opType} alone`);
}

function malformed(node: Node, expected: string, received: string): ExportError {
  return new ExportError({ operation: `[export] readQdq "${node.name}"`, expected, received });
}
