import type { ConvolutionBackend, QuantizationSpec, SeededRandom, Target, TensorQuantization } from '@bitwright/core';
import { DataType, type GraphIndex, type Model, type Tensor, tensorFromArray, tensorToFloat32 } from '@bitwright/onnx';
import type { RoundableLayer } from '../rounding/roundable-layers';
import type { Runtime } from '../session';
import { createBlockProgram } from './block-program';
import type { BlockSamples } from './block-samples';
import { blockShapes } from './block-shapes';
import type { Block } from './find-blocks';
import { fromFilter, toFilter } from './layer-window';
import { createLearnedLayer, type LearnedLayer } from './learned-layer';
import type { ReconstructionSettings } from './reconstruction-options';
import type { QuantizerParameters } from './revise-activations';
import { scaleBounds } from './scale-bounds';
import { sampleSize } from './slot';
import type { ShapedGraph } from './supported-nodes';
import { blockError, trainBlock } from './train-block';

/** What all blocks of a model share. */
export interface BlockContext extends ShapedGraph {
  readonly model: Model;
  /** Weights and biases to start from. */
  readonly start: GraphIndex;
  readonly runtime: Runtime;
  readonly kernels: ConvolutionBackend;
  readonly target: Target;
  readonly settings: ReconstructionSettings;
  readonly random: SeededRandom;
  readonly signal: AbortSignal | undefined;
}

/** What became of a block. Errors are mean squared errors of its output relative to its variance, everything quantized. */
export interface ReconstructedBlock {
  readonly before: number;
  readonly after: number;
  /** Constants on their grids: those of the start where it was better. */
  readonly tensors: readonly Tensor[];
  readonly quantizers: ReadonlyMap<string, QuantizerParameters>;
}

/** Elements of the largest value of a batch: more would not stay in any cache. */
const mostElements = 2 ** 22;
const fewestSamples = 4;

/**
 * Learns one block and keeps what it learned where its error on the samples became smaller.
 *
 * @param canMove whether the quantizer of a tensor may still change: nothing before the block has read it
 */
export async function reconstructBlock(
  block: Block,
  samples: BlockSamples,
  spec: QuantizationSpec,
  canMove: (tensor: string) => boolean,
  context: BlockContext,
): Promise<ReconstructedBlock> {
  const { index, settings } = context;
  const shapes = await blockShapes(block, samples.shapes, context.model, context, context.runtime);
  const largest = Math.max(...[...shapes.values.values()].map(sampleSize));
  const room = Math.max(fewestSamples, Math.floor(mostElements / largest));
  const layers = new Map(block.layers.map((layer) => [layer, startLayer(layer, spec, context)]));
  const program = createBlockProgram({
    block,
    index,
    spec,
    quantizesOutputs: context.target.placement.quantize === 'inputsAndOutputs',
    kernels: context.kernels,
    batch: Math.min(settings.batchSize, room, samples.count),
    shapes,
    layers,
    bounds: (name) => (canMove(name) ? scaleBounds(name, spec, context) : undefined),
  });
  const before = blockError(program, samples);
  await trainBlock(program, [...layers.values()], samples, settings, context.random, context.signal);
  const after = blockError(program, samples);
  const isBetter = after < before;
  const tensors = block.layers.flatMap((layer) =>
    constantsOf(layer, (isBetter ? layers.get(layer) : undefined) ?? startLayer(layer, spec, context), index),
  );
  if (!isBetter) return { before, after: before, tensors, quantizers: new Map() };
  const quantizers = new Map(
    [...program.quantizers].map(([name, { scale, zeroPoint }]): [string, QuantizerParameters] => [
      name,
      { scale, zeroPoint },
    ]),
  );
  return { before, after, tensors, quantizers };
}

// — internals —

function startLayer(layer: RoundableLayer, spec: QuantizationSpec, { index, start }: BlockContext): LearnedLayer {
  const { scheme, qparams } = spec.tensors[layer.weight] as TensorQuantization;
  const channels = layer.layout.groups * layer.layout.rows;
  const perChannel = (of: (i: number) => number): Float32Array =>
    Float32Array.from({ length: channels }, (_, c) => of(qparams.scale.length === 1 ? 0 : c));
  const zeroPoint = (i: number): number => qparams.zeroPoint[i] ?? 0;
  const constant = (name: string, from: GraphIndex): Float32Array => tensorToFloat32(from.initializer(name) as Tensor);
  return createLearnedLayer({
    weights: toFilter(layer, constant(layer.weight, index)),
    rounded: toFilter(layer, constant(layer.weight, start)),
    bias: layer.bias === undefined ? new Float32Array(channels) : constant(layer.bias, start),
    grid: {
      scale: perChannel((i) => qparams.scale[i] as number),
      low: perChannel((i) => scheme.qmin - zeroPoint(i)),
      high: perChannel((i) => scheme.qmax - zeroPoint(i)),
    },
    ownsBias: layer.ownsBias,
  });
}

function constantsOf(layer: RoundableLayer, learned: LearnedLayer, index: GraphIndex): readonly Tensor[] {
  const dimsOf = (name: string): readonly bigint[] => (index.initializer(name) as Tensor).dims;
  const weight = tensorFromArray(layer.weight, DataType.FLOAT, dimsOf(layer.weight), fromFilter(layer, learned.filter));
  if (layer.bias === undefined || !layer.ownsBias) return [weight];
  return [weight, tensorFromArray(layer.bias, DataType.FLOAT, dimsOf(layer.bias), learned.bias)];
}
