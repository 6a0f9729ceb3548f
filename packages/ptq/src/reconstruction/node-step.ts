import type { ConvolutionBackend, FloatClamp } from '@bitwright/core';
import type { GraphIndex, Node } from '@bitwright/onnx';
import type { RoundableLayer } from '../rounding/roundable-layers';
import type { BlockShapes } from './block-shapes';
import { convolutionStep, type LayerWeights } from './convolution-step';
import { addStep, averageStep, clampStep, concatStep, moveStep } from './elementwise-steps';
import { clampOf, isClamp } from './find-blocks';
import { layerConvolution } from './layer-window';
import type { Movement } from './movement-map';
import { isWholeMean, type PoolWindow, pooledShape, poolStep, poolWindow } from './pool-step';
import type { SampleShape, Slot, Step } from './slot';
import { poolTypes } from './supported-nodes';

/** What steps of one program have in common. */
export interface StepContext {
  readonly index: GraphIndex;
  readonly kernels: ConvolutionBackend;
  readonly batch: number;
  readonly movements: BlockShapes['movements'];
  /** As long as the largest value; only gradients use it. */
  readonly scratch: Float32Array;
  /** A layer and its weights; undefined for other nodes. */
  readonly weightsOf: (node: Node) => { readonly layer: RoundableLayer; readonly weights: LayerWeights } | undefined;
  readonly newSlot: (shape: SampleShape, needsGradient: boolean) => Slot;
}

/**
 * One supported node as a step, and the slot it writes.
 *
 * @param clamp a Relu or Clip behind a layer or an Add that is part of its step
 * @see supported-nodes.ts
 */
export function nodeStep(
  node: Node,
  operands: readonly Slot[],
  clamp: FloatClamp | undefined,
  context: StepContext,
): { readonly y: Slot; readonly step: Step } {
  const { kernels, batch, index, scratch, newSlot } = context;
  const x = operands[0] as Slot;
  const found = context.weightsOf(node);
  if (found !== undefined) {
    const shape = layerConvolution(found.layer, x.shape, batch);
    const y = newSlot({ height: shape.outHeight, width: shape.outWidth, channels: shape.outChannels }, true);
    return { y, step: convolutionStep(kernels, shape, x, y, found.weights, clamp, scratch) };
  }
  if (node.opType === 'Add') {
    const b = operands[1] as Slot;
    const y = newSlot(x.shape, x.needsGradient || b.needsGradient);
    return { y, step: addStep(kernels, x, b, y, clamp, scratch) };
  }
  if (node.opType === 'Concat') {
    const channels = operands.reduce((sum, { shape }) => sum + shape.channels, 0);
    const isLearned = operands.some(({ needsGradient }) => needsGradient);
    const y = newSlot({ ...x.shape, channels }, isLearned);
    return { y, step: concatStep(operands, y, scratch) };
  }
  if (isClamp(node)) {
    const y = newSlot(x.shape, x.needsGradient);
    return { y, step: clampStep(x, y, clampOf(node, index), scratch) };
  }
  if (node.opType === 'GlobalAveragePool') {
    const y = newSlot({ height: 1, width: 1, channels: x.shape.channels }, x.needsGradient);
    return { y, step: averageStep(x, y, batch, scratch) };
  }
  if (poolTypes.has(node.opType)) {
    const window = poolWindow(node) as PoolWindow;
    const y = newSlot(pooledShape(x.shape, window), x.needsGradient);
    if (isWholeMean(window, x.shape)) return { y, step: averageStep(x, y, batch, scratch) };
    return { y, step: poolStep(x, y, window, batch, scratch) };
  }
  const { shape, source } = context.movements.get(node) as Movement;
  const y = newSlot(shape, x.needsGradient);
  return { y, step: moveStep(x, y, source, batch, scratch) };
}

/** Names of the values a node computes with; constants are no operands. */
export function operandsOf(node: Node): readonly string[] {
  return node.opType === 'Add' || node.opType === 'Concat' ? node.input : node.input.slice(0, 1);
}

/**
 * The Relu or Clip that alone reads the result of a layer or an Add, and can be part of its step.
 *
 * @param isSeen whether somebody looks at a value, so that it has to exist
 */
export function fusedClamp(
  node: Node,
  nodes: readonly Node[],
  isLayer: boolean,
  index: GraphIndex,
  isSeen: (value: string) => boolean,
): Node | undefined {
  const output = node.output[0] ?? '';
  if (isSeen(output) || !(isLayer || node.opType === 'Add')) return undefined;
  const uses = index.consumers(output);
  const next = uses[0]?.owner;
  return uses.length === 1 && next !== undefined && isClamp(next) && nodes.includes(next) ? next : undefined;
}
