import { findTarget, type QuantizationSpec, referenceConvolution, seededRandom } from '@bitwright/core';
import { type GraphIndex, inferShapes, type Model, type Tensor } from '@bitwright/onnx';
import { reportPhase, throwIfAborted } from '../progress';
import { indexOf, nodeReads, nodesFor } from '../rounding/graph-reads';
import { createPrefixRunner } from '../rounding/prefix-runner';
import { withTensors } from '../rounding/round-weights';
import { findRoundableLayers } from '../rounding/roundable-layers';
import { isWide } from '../rounding/wide-schemes';
import { collectBlockSamples } from './block-samples';
import { type Block, clampOf, findBlocks, isClamp } from './find-blocks';
import { createQuantizedPrefix } from './quantized-prefix';
import { type BlockContext, reconstructBlock } from './reconstruct-block';
import { type ReconstructBlocksOptions, resolveReconstruction } from './reconstruction-options';
import { reviseActivations } from './revise-activations';
import { unsupported } from './supported-nodes';

/** What became of one block. */
export interface BlockReconstruction {
  /** The value that was reconstructed. */
  readonly output: string;
  /** Node names of its layers. */
  readonly layers: readonly string[];
  /** Mean squared error of the output relative to its variance, before and after; undefined where nothing was learned. */
  readonly before?: number;
  readonly after?: number;
  /** Why nothing was learned, or why the layers of a larger block were taken one by one. */
  readonly reason?: string;
  readonly seconds: number;
}

export interface ReconstructBlocksResult {
  /** Float model whose weights are points of their grids. */
  readonly model: Model;
  /** The spec with the scales and zero points that were learned, and the bias scales that follow. */
  readonly spec: QuantizationSpec;
  readonly blocks: readonly BlockReconstruction[];
}

/** Values kept between blocks by each of the two flows. */
const cacheBytes = 2 * 2 ** 30;
const samplesPerRun = 32;
const operation = '[ptq] reconstructBlocks';

/**
 * Block reconstruction (BRECQ) with dropped quantization (QDrop), for four bits and below, where activations cost as much as weights:
 * block by block in topological order, the rounding of all layers of a residual block, their biases and the scales of the quantizers
 * between them are learned together, so that the block's output stays close to the float model's.
 *
 * 1. Inputs of the block come from the quantized blocks before it, mixed element by element with those of the float model.
 * 2. Gradients pass straight through rounding; scales learn by LSQ's gradient.
 * 3. A block keeps what it learned only where its error, with everything quantized, became smaller.
 *
 * Blocks before the first quantizer of fewer than 7 bits are left as they are. Equal inputs and seed give equal bytes with the same
 * kernels. Memory: three copies of one block's inputs and outputs over all samples, and what the two flows keep between blocks (2 GiB each
 * at most).
 *
 * @param model prepared float model
 * @param start the same model with weights on their grids (`roundWeights`), or itself for round-to-nearest, and the spec
 * @throws {InvalidArgumentError} for an option outside its range
 * @throws {InputDataError} when samples differ in size
 * @throws {AbortedError} when cancelled
 * @see Li et al. 2021, arXiv:2102.05426; Wei et al. 2022, arXiv:2203.05740
 */
export async function reconstructBlocks(
  model: Model,
  start: { readonly model: Model; readonly spec: QuantizationSpec },
  options: ReconstructBlocksOptions,
): Promise<ReconstructBlocksResult> {
  const settings = resolveReconstruction(options);
  const { runtime, source, signal } = options;
  const target = options.target ?? findTarget(start.spec.target);
  const index = indexOf(model, operation);
  const graph = { index, shapes: inferShapes(model) };
  let { spec } = start;
  const blocks = findBlocks(graph, findRoundableLayers(index, spec).layers);
  const common = { runtime, source, batchSize: samplesPerRun, samples: settings.samples, cacheBytes };
  const float = createPrefixRunner(model, { ...common, optimization: 'all' });
  const quantized = createQuantizedPrefix(start.model, spec, target, common);
  const context: BlockContext = {
    ...graph,
    model,
    start: indexOf(start.model, operation),
    runtime,
    kernels: options.kernels ?? referenceConvolution,
    target,
    settings,
    random: seededRandom(settings.seed),
    signal,
  };
  const read = readValues(index);
  const fixed = new Set<string>();
  const tensors = new Map<string, Tensor>();
  const results: BlockReconstruction[] = [];
  const progress = reportPhase('round', blocks.length, options.onProgress);
  let isExact = true;
  try {
    for (const block of blocks) {
      throwIfAborted(signal, 'round');
      const started = performance.now();
      const layers = block.layers.map((layer) => layer.node.name);
      const done = (rest: Partial<BlockReconstruction>): void => {
        const reason = rest.reason ?? block.split;
        const seconds = (performance.now() - started) / 1000;
        results.push({ output: block.output, layers, ...rest, ...(reason === undefined ? {} : { reason }), seconds });
        progress.advance(1);
      };
      isExact &&= isWideBlock(block, spec);
      const reason = isExact
        ? 'nothing up to here has fewer than 7 bits'
        : block.nodes.map((node) => unsupported(node, graph)).find((text) => text !== undefined);
      if (reason !== undefined) {
        done({ reason });
        continue;
      }
      for (const name of read(block.inputs)) fixed.add(name);
      const samples = await collectBlockSamples(block, float, quantized, (name) => {
        const producer = index.producer(name);
        return producer !== undefined && isClamp(producer) ? clampOf(producer, index) : undefined;
      });
      const canMove = (name: string): boolean => !fixed.has(name) && spec.tensors[name]?.origin.source !== 'derived';
      const learned = await reconstructBlock(block, samples, spec, canMove, context);
      spec = reviseActivations(spec, learned.quantizers);
      for (const name of learned.quantizers.keys()) quantized.setQuantizer(name, spec);
      for (const tensor of learned.tensors) {
        tensors.set(tensor.name, tensor);
        quantized.setInitializer(tensor);
      }
      for (const node of block.nodes) for (const name of node.input) fixed.add(name);
      done({ before: learned.before, after: learned.after });
    }
  } finally {
    float.release();
    quantized.release();
  }
  return { model: withTensors(start.model, tensors), spec, blocks: results };
}

// — internals —

/** Everything that the nodes before some values read: their quantizers have done their work. */
function readValues(index: GraphIndex): (names: readonly string[]) => readonly string[] {
  const reads = nodeReads(index);
  const isKnown = (name: string): boolean => index.producer(name) === undefined;
  return (names) => nodesFor(names, isKnown, index, reads).flatMap((node) => reads.get(node) ?? []);
}

/** Whether weights and the activations read in a block are all wide. */
function isWideBlock(block: Block, { tensors }: QuantizationSpec): boolean {
  const names = block.nodes.flatMap((node) => node.input);
  return names.every((name) => {
    const scheme = tensors[name]?.scheme;
    return scheme === undefined || isWide(scheme);
  });
}
