import { nodeLabel } from '../graph/body-graphs';
import type { GraphEditor } from '../graph/editor-types';
import type { Node } from '../message/types';
import { inferModel } from '../shape/infer-graph';
import { overriddenInputs } from '../shape/infer-shapes';
import { DataType } from '../tensor/data-type';
import { tensorFromArray } from '../tensor/tensor-from-array';
import { type ChannelAffine, channelAffineOf, readFloats } from './batch-norm/channel-affine';
import { type LinearLayer, linearLayerOf } from './batch-norm/linear-layer';
import { editingPass, type GraphPass, isStandard, type PassContext, type PassOptions } from './graph-pass';

type Context = PassContext<PassOptions> & { readonly rankOf: (name: string) => number | undefined };

/** The one node that reads `name`, when `name` is no model output and one node input is all that reads it. */
const onlyReader = (edit: GraphEditor, name: string): Node | undefined => {
  const [use, ...others] = edit.consumers(name);
  return use === undefined || others.length > 0 || edit.isOutput(name) || use.scope !== '' ? undefined : use.node;
};

/** Puts new values under the name of input `i` when nobody else reads that constant, else under a new name. */
const replaceConstant = (
  edit: GraphEditor,
  node: Node,
  i: number,
  dims: readonly number[],
  values: Float64Array,
  hint: string,
): void => {
  const old = node.input[i] ?? '';
  const isOwn = old !== '' && onlyReader(edit, old) === node;
  const name = isOwn ? old : edit.uniqueName(old === '' ? hint : `${old}_folded`);
  const tensor = tensorFromArray(name, DataType.FLOAT, dims, new Float32Array(values));
  if (isOwn) {
    edit.replaceInitializer(name, tensor);
    return;
  }
  edit.addInitializer(tensor);
  edit.setInput(node, i, name);
};

/** Writes W' and b' into the layer; alpha and beta of Gemm are part of them now. */
const writeLayer = (edit: GraphEditor, layer: LinearLayer, weights: Float64Array, bias: Float64Array): void => {
  const { node } = layer;
  const dims = edit.initializer(node.input[1] ?? '')?.dims.map(Number) ?? [];
  replaceConstant(edit, node, 1, dims, weights, '');
  replaceConstant(edit, node, 2, [bias.length], bias, `${node.output[0]}_bias`);
  if (node.opType === 'Gemm') {
    edit.removeAttribute(node, 'alpha');
    edit.removeAttribute(node, 'beta');
  }
};

const scaledWeights = ({ weights, weightFactor }: LinearLayer, factorAt: (k: number) => number): Float64Array => {
  const scaled = new Float64Array(weights.length);
  for (let k = 0; k < weights.length; k += 1) scaled[k] = (weights[k] as number) * weightFactor * factorAt(k);
  return scaled;
};

/** BN after the layer: W' = a ⊙_out W, b' = a·b + d. */
const foldForward = (edit: GraphEditor, layer: LinearLayer, { factor, offset }: ChannelAffine): void => {
  const weights = scaledWeights(layer, (k) => factor[layer.outputOf(k)] ?? 0);
  const bias = Float64Array.from(offset, (d, c) => (factor[c] ?? 0) * (layer.bias?.[c] ?? 0) + d);
  writeLayer(edit, layer, weights, bias);
};

/** BN before the layer: W' = W ⊙_in a, b'[o] = b[o] + Σ W[o,i,…]·d[i]. */
const foldBackward = (edit: GraphEditor, layer: LinearLayer, { factor, offset }: ChannelAffine): void => {
  const bias = new Float64Array(layer.outputChannels);
  if (layer.bias !== undefined) bias.set(layer.bias);
  layer.weights.forEach((w, k) => {
    const o = layer.outputOf(k);
    bias[o] = (bias[o] ?? 0) + w * layer.weightFactor * (offset[layer.inputOf(k)] ?? 0);
  });
  const weights = scaledWeights(layer, (k) => factor[layer.inputOf(k)] ?? 0);
  writeLayer(edit, layer, weights, bias);
};

/** The layer takes over the output of the node that is folded into it, name included. */
const takeOutput = (edit: GraphEditor, folded: Node, node: Node): void => {
  const [output = ''] = folded.output;
  const [inner = ''] = node.output;
  edit.removeNode(folded);
  edit.removeValueInfo(inner);
  edit.setOutput(node, 0, output);
};

/** Gives the first output of a node a new name, because its content changed. */
const renameOutput = (edit: GraphEditor, node: Node): string => {
  const [old = ''] = node.output;
  const name = edit.uniqueName(`${old}_folded`);
  edit.renameValue(old, name);
  return name;
};

const foldIntoProducer = (context: Context, node: Node, affine: ChannelAffine): boolean => {
  const { edit, options, note, rankOf } = context;
  const [input = ''] = node.input;
  const producer = edit.producer(input);
  if (producer === undefined || onlyReader(edit, input) !== node) return false;
  const layer = linearLayerOf(edit, producer, options.readExternal);
  if (layer !== undefined && layer.outputChannels === affine.factor.length && producer.opType !== 'MatMul') {
    foldForward(edit, layer, affine);
    takeOutput(edit, node, producer);
    note(`folded BatchNormalization "${nodeLabel(node)}" into ${producer.opType} "${nodeLabel(producer)}"`);
    return true;
  }
  if (rankOf(input) !== 2) return false;
  return foldIntoMatMul(context, node, producer, affine);
};

/** MatMul (+ Add of a constant row) + BN on rank 2, where the channels are the last axis: W' and the Add's constant change. */
const foldIntoMatMul = (context: Context, node: Node, producer: Node, { factor, offset }: ChannelAffine): boolean => {
  const { edit, options, note } = context;
  const isAdd = producer.opType === 'Add' && isStandard(producer);
  const constantAt = isAdd ? producer.input.findIndex((name) => edit.constant(name) !== undefined) : -1;
  const product = isAdd && constantAt >= 0 ? edit.producer(producer.input[1 - constantAt] ?? '') : producer;
  const layer = product === undefined ? undefined : linearLayerOf(edit, product, options.readExternal);
  if (product?.opType !== 'MatMul' || layer === undefined || layer.outputChannels !== factor.length) return false;
  const weights = scaledWeights(layer, (k) => factor[layer.outputOf(k)] ?? 0);
  const dims = edit.initializer(product.input[1] ?? '')?.dims.map(Number) ?? [];
  if (product === producer) {
    replaceConstant(edit, product, 1, dims, weights, '');
    const inner = renameOutput(edit, product);
    const bias = edit.uniqueName(`${inner}_bias`);
    edit.addInitializer(tensorFromArray(bias, DataType.FLOAT, [offset.length], Float32Array.from(offset)));
    edit.replaceNode(node, { opType: 'Add', inputs: [inner, bias], outputs: [node.output[0] ?? ''] });
  } else {
    if (onlyReader(edit, product.output[0] ?? '') !== producer) return false;
    const addend = edit.constant(producer.input[constantAt] ?? '');
    const values = readFloats(addend, options.readExternal);
    const isRow = (addend?.dims.slice(0, -1) ?? []).every((dim) => dim === 1n);
    if (values === undefined || !isRow || (values.length !== 1 && values.length !== factor.length)) return false;
    replaceConstant(edit, product, 1, dims, weights, '');
    const bias = offset.map((d, c) => (factor[c] ?? 0) * (values[values.length === 1 ? 0 : c] ?? 0) + d);
    replaceConstant(edit, producer, constantAt, [bias.length], bias, '');
    renameOutput(edit, product);
    takeOutput(edit, node, producer);
  }
  note(`folded BatchNormalization "${nodeLabel(node)}" into MatMul "${nodeLabel(product)}"`);
  return true;
};

const foldIntoConsumer = (context: Context, node: Node, affine: ChannelAffine): boolean => {
  const { edit, options, note, rankOf } = context;
  const [output = ''] = node.output;
  const [input = ''] = node.input;
  const consumer = onlyReader(edit, output);
  if (consumer === undefined || consumer.input[0] !== output || consumer.opType === 'MatMul') return false;
  const layer = linearLayerOf(edit, consumer, options.readExternal);
  if (layer === undefined || layer.inputChannels !== affine.factor.length) return false;
  if (layer.isPadded && affine.offset.some((d) => d !== 0)) return false;
  if (consumer.opType === 'ConvTranspose') return false;
  const isGemm = consumer.opType === 'Gemm';
  if (isGemm && (rankOf(input) !== 2 || consumer.attribute.some((a) => a.name === 'transA' && a.i !== 0n)))
    return false;
  foldBackward(edit, layer, affine);
  edit.setInput(consumer, 0, input);
  edit.removeNode(node);
  edit.removeValueInfo(output);
  note(`folded BatchNormalization "${nodeLabel(node)}" into the following ${consumer.opType} "${nodeLabel(consumer)}"`);
  return true;
};

/**
 * Folds BatchNormalization (inference mode, constant float32 statistics) into the layer before it, or after it:
 *
 *   a = γ / √(σ² + ε),  d = β − a·μ
 *   after Conv, ConvTranspose, Gemm, MatMul, MatMul + Add:   W' = a ⊙_out W,   b' = a·b + d
 *   before Conv, Gemm:                                        W' = W ⊙_in a,    b' = b + Σ_in W·d
 *
 * Computed in float64, stored in float32; outputs agree to float32 rounding (≤ 1e-5 relative), and a second run changes
 * nothing. Folded values keep the name of the BatchNormalization output, so equal names still mean equal values.
 * Not folded: when the value in between has other readers or is a model output; before a convolution that pads with
 * zeros, unless every d is 0 (the padding would have to be −d/a); after MatMul when the rank is not known to be 2.
 *
 * @see Jacob et al. 2018, arXiv:1712.05877 §3.2
 */
export const foldBatchNorm: GraphPass = editingPass('foldBatchNorm', (context) => {
  const { model, edit, options } = context;
  if (!edit.nodes().some((node) => node.opType === 'BatchNormalization')) return;
  const { types } = inferModel(model, {
    inputTypes: overriddenInputs(model, {}),
    useDeclared: true,
    readExternal: options.readExternal,
  });
  const full: Context = { ...context, rankOf: (name) => types.get(name)?.dims?.length };
  for (const node of edit.nodes()) {
    if (node.opType !== 'BatchNormalization' || !isStandard(node)) continue;
    const affine = channelAffineOf(edit, node, options.readExternal);
    if (affine === undefined) continue;
    if (!foldIntoProducer(full, node, affine)) foldIntoConsumer(full, node, affine);
  }
});
