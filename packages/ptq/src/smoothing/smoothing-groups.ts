import {
  type GraphEditor,
  getInt,
  type InferredShape,
  inferShapes,
  type Model,
  type Node,
  nodeLabel,
} from '@bitwright/onnx';
import { type ChannelLayer, floatConstant, readChannelLayer } from '../equalization/channel-layer';

/** One constant of a producer whose channels can be divided. */
export type ScalableConstant =
  | { readonly kind: 'row'; readonly node: Node; readonly input: number }
  | { readonly kind: 'layer'; readonly layer: ChannelLayer };

/** Activations read by matrix products only, and what can take a factor per channel off them. */
export interface SmoothingGroup {
  readonly tensor: string;
  readonly channels: number;
  readonly readers: readonly ChannelLayer[];
  /** Constants to divide; undefined where nothing can take the factor and a Mul would have to be inserted. */
  readonly producer: readonly ScalableConstant[] | undefined;
  /** Node that takes the factor, for reports. */
  readonly producerName: string;
}

/** Activations that cannot be smoothed, and why. */
export interface UnsmoothedTensor {
  readonly tensor: string;
  readonly reason: string;
}

/** Inputs of MatMul and Gemm nodes with constant weights, in topological order. */
export function findSmoothingGroups(
  edit: GraphEditor,
  model: Model,
): { readonly groups: readonly SmoothingGroup[]; readonly skipped: readonly UnsmoothedTensor[] } {
  const types = inferShapes(model);
  const groups: SmoothingGroup[] = [];
  const skipped: UnsmoothedTensor[] = [];
  const seen = new Set<string>();
  for (const node of edit.nodes()) {
    const tensor = node.input[0] ?? '';
    if ((node.opType !== 'MatMul' && node.opType !== 'Gemm') || seen.has(tensor)) continue;
    if (floatConstant(node.input[1], edit) === undefined) continue;
    seen.add(tensor);
    const group = readGroup(tensor, edit, types);
    if (typeof group === 'string') skipped.push({ tensor, reason: group });
    else groups.push(group);
  }
  return { groups, skipped };
}

// — internals —

function readGroup(
  tensor: string,
  edit: GraphEditor,
  types: ReadonlyMap<string, InferredShape>,
): SmoothingGroup | string {
  if (edit.isOutput(tensor)) return 'it is a model output';
  const readers: ChannelLayer[] = [];
  for (const use of edit.consumers(tensor)) {
    if (use.scope !== '') return `it is read inside the graphs of "${nodeLabel(use.owner)}"`;
    const { node } = use;
    const isProduct = (node.opType === 'MatMul' || node.opType === 'Gemm') && use.input === 0;
    const layer = isProduct ? readChannelLayer(node, edit) : 'it is no matrix product';
    if (typeof layer === 'string') return `it is read by ${node.opType} "${nodeLabel(node)}": ${layer}`;
    readers.push(layer);
  }
  const channels = readers[0]?.inputs ?? 0;
  const rank = types.get(tensor)?.dims?.length;
  if (rank === undefined) return 'its rank is not known';
  const producer = scalableProducer(tensor, channels, rank, { edit, types });
  const name = edit.producer(tensor);
  return {
    tensor,
    channels,
    readers,
    producer,
    producerName: name === undefined ? tensor : nodeLabel(name),
  };
}

interface Context {
  readonly edit: GraphEditor;
  readonly types: ReadonlyMap<string, InferredShape>;
}

const homogeneous: ReadonlySet<string> = new Set(['Relu', 'LeakyRelu', 'Identity', 'Dropout']);
const normalizations: ReadonlySet<string> = new Set([
  'LayerNormalization',
  'RMSNormalization',
  'SimplifiedLayerNormalization',
]);

/** Constants which, divided per channel, divide the tensor's channels (last axis); undefined when there are none. */
function scalableProducer(
  tensor: string,
  channels: number,
  rank: number,
  context: Context,
): readonly ScalableConstant[] | undefined {
  const { edit, types } = context;
  const node = edit.producer(tensor);
  if (node === undefined || edit.isOutput(tensor)) return undefined;
  const inner = (input: number): readonly ScalableConstant[] | undefined => {
    const name = node.input[input] ?? '';
    if (edit.consumers(name).length !== 1 || types.get(name)?.dims?.length !== rank) return undefined;
    if (types.get(name)?.dims?.at(-1) !== channels) return undefined;
    return scalableProducer(name, channels, rank, context);
  };
  const constant = [0, 1].find((i) => floatConstant(node.input[i], edit) !== undefined);
  const row = (input: number): ScalableConstant | undefined =>
    isRow(node.input[input], channels, edit) ? { kind: 'row', node, input } : undefined;

  if (normalizations.has(node.opType)) return normalization(node, channels, rank, row);
  if (homogeneous.has(node.opType)) return inner(0);
  if (node.opType === 'Mul') {
    if (constant === undefined) return inner(0) ?? inner(1);
    const factor = row(constant);
    return factor === undefined ? undefined : [factor];
  }
  if (node.opType === 'Add' && constant !== undefined) {
    const addend = row(constant);
    const rest = addend === undefined ? undefined : inner(1 - constant);
    return addend === undefined || rest === undefined ? undefined : [addend, ...rest];
  }
  if (node.opType === 'MatMul' || node.opType === 'Gemm') {
    const layer = readChannelLayer(node, edit);
    return typeof layer === 'string' || layer.outputs !== channels ? undefined : [{ kind: 'layer', layer }];
  }
  return undefined;
}

/** Scale and bias of a normalization over the last axis. */
function normalization(
  node: Node,
  channels: number,
  rank: number,
  row: (input: number) => ScalableConstant | undefined,
): readonly ScalableConstant[] | undefined {
  const axis = getInt(node, 'axis', -1);
  if (channels === 0 || (axis !== -1 && axis !== rank - 1)) return undefined;
  const scale = row(1);
  if (scale === undefined) return undefined;
  if (node.opType !== 'LayerNormalization' || (node.input[2] ?? '') === '') return [scale];
  const bias = row(2);
  return bias === undefined ? undefined : [scale, bias];
}

/** One value per channel, or one for all. */
function isRow(name: string | undefined, channels: number, edit: GraphEditor): boolean {
  const tensor = floatConstant(name, edit);
  if (tensor === undefined) return false;
  const count = tensor.dims.reduce((product, dim) => product * Number(dim), 1);
  return count === 1 || (count === channels && Number(tensor.dims.at(-1)) === channels);
}
