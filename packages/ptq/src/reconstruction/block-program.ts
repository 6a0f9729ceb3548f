import type { ConvolutionBackend, QuantizationSpec, SeededRandom, TensorQuantization } from '@bitwright/core';
import type { GraphIndex, Node } from '@bitwright/onnx';
import type { RoundableLayer } from '../rounding/roundable-layers';
import { isWide } from '../rounding/wide-schemes';
import type { BlockShapes } from './block-shapes';
import { createDropMask, type DropMask } from './drop-mask';
import { type Block, clampOf } from './find-blocks';
import type { LearnedLayer } from './learned-layer';
import { createLearnedQuantizer, type LearnedQuantizer, quantizeStep, type ScaleBounds } from './learned-quantizer';
import { fusedClamp, nodeStep, operandsOf, type StepContext } from './node-step';
import { createSlot, type SampleShape, type Slot, type Step, sampleSize } from './slot';

/** Everything a program is made from. */
export interface ProgramInputs {
  readonly block: Block;
  readonly index: GraphIndex;
  readonly spec: QuantizationSpec;
  /** Whether results of integer operators are read quantized by everybody. */
  readonly quantizesOutputs: boolean;
  readonly kernels: ConvolutionBackend;
  readonly batch: number;
  readonly shapes: BlockShapes;
  readonly layers: ReadonlyMap<RoundableLayer, LearnedLayer>;
  /** Whether the scale of a tensor may still change, and within which bounds. */
  readonly bounds: (tensor: string) => ScaleBounds | undefined;
}

/** A value from outside the block. */
export interface ProgramInput {
  readonly name: string;
  readonly slot: Slot;
  readonly mask: DropMask;
}

/** A block that can be run on samples and differentiated. */
export interface BlockProgram {
  readonly batch: number;
  readonly inputs: readonly ProgramInput[];
  readonly output: Slot;
  /** Quantizers of fewer than 7 bits, by tensor. */
  readonly quantizers: ReadonlyMap<string, LearnedQuantizer>;
  /** Draws anew which elements are quantized; without a stream all are. */
  drop(random: SeededRandom | undefined): void;
  forward(): void;
  /** From the gradient in `output` to those of layers and quantizers. */
  backward(): void;
}

export function createBlockProgram(inputs: ProgramInputs): BlockProgram {
  const { block, index, spec, kernels, batch, shapes } = inputs;
  const raw = new Map<string, Slot>();
  const quantized = new Map<string, Slot>();
  const quantizers = new Map<string, LearnedQuantizer>();
  const masks = new Map<string, DropMask>();
  const steps: Step[] = [];

  const maskOf = (name: string, count: number): DropMask => {
    const known = masks.get(name) ?? createDropMask(count);
    masks.set(name, known);
    return known;
  };
  for (const name of block.inputs) raw.set(name, createSlot(shapes.values.get(name) as SampleShape, batch, false));
  const scratch = new Float32Array(batch * Math.max(...[...shapes.values.values()].map(sampleSize)));

  const slotOf = (name: string): Slot => raw.get(name) as Slot;
  const read = (name: string, reader: Node): Slot => {
    const tensor = spec.tensors[name];
    if (tensor === undefined || !isReadQuantized(name, reader, inputs) || isLeftOut(tensor, raw)) return slotOf(name);
    const known = quantized.get(name);
    if (known !== undefined) return known;
    const source = slotOf(name);
    const bounds = inputs.bounds(name);
    const quantizer = createLearnedQuantizer({
      qmin: tensor.scheme.qmin,
      qmax: tensor.scheme.qmax,
      scale: tensor.qparams.scale[0] ?? 1,
      zeroPoint: tensor.qparams.zeroPoint[0] ?? 0,
      bounds,
    });
    const slot = createSlot(source.shape, batch, source.needsGradient || bounds !== undefined);
    steps.push(quantizeStep(source, slot, quantizer, maskOf(name, slot.value.length), scratch));
    quantizers.set(name, quantizer);
    quantized.set(name, slot);
    return slot;
  };

  const context: StepContext = {
    index,
    kernels,
    batch,
    movements: shapes.movements,
    scratch,
    weightsOf: (node) => {
      const layer = block.layers.find((candidate) => candidate.node === node);
      return layer === undefined ? undefined : { layer, weights: inputs.layers.get(layer) as LearnedLayer };
    },
    newSlot: (shape, needsGradient) => createSlot(shape, batch, needsGradient),
  };
  const isQuantized = (value: string): boolean => spec.tensors[value] !== undefined;
  const skipped = new Set<Node>();
  for (const node of block.nodes) {
    if (skipped.has(node)) continue;
    const isLayer = context.weightsOf(node) !== undefined;
    const follower = fusedClamp(node, block.nodes, isLayer, index, isQuantized);
    if (follower !== undefined) skipped.add(follower);
    const operands = operandsOf(node).map((name) => read(name, node));
    const { y, step } = nodeStep(node, operands, follower && clampOf(follower, index), context);
    steps.push(step);
    raw.set((follower ?? node).output[0] ?? '', y);
  }

  const programInputs = block.inputs.map((name): ProgramInput => {
    const slot = slotOf(name);
    return { name, slot, mask: maskOf(name, slot.value.length) };
  });
  const slots = [...raw.values(), ...quantized.values()];
  const backwards = [...steps].reverse();
  return {
    batch,
    inputs: programInputs,
    output: slotOf(block.output),
    quantizers,
    drop(random) {
      for (const mask of masks.values()) {
        if (random === undefined) mask.fill();
        else mask.draw(random);
      }
    },
    forward() {
      for (const step of steps) step.forward();
    },
    backward() {
      for (const slot of slots) slot.hasGradient = false;
      slotOf(block.output).hasGradient = true;
      for (const step of backwards) step.backward();
    },
  };
}

// — internals —

function isReadQuantized(name: string, reader: Node, { index, spec, quantizesOutputs }: ProgramInputs): boolean {
  const isInteger = (node: Node | undefined): boolean => {
    const kind = node === undefined ? undefined : spec.nodes[node.name]?.kind;
    return kind === 'integer' || kind === 'passThrough' || kind === 'absorbed';
  };
  return isInteger(reader) || (quantizesOutputs && isInteger(index.producer(name)));
}

/** Wide quantizers, and those behind data movement, which find values on their grid already. */
function isLeftOut(tensor: TensorQuantization, known: ReadonlyMap<string, Slot>): boolean {
  const { scheme, origin } = tensor;
  if (tensor.role !== 'activation' || isWide(scheme)) return true;
  return origin.source === 'derived' && known.has(origin.from?.[0] ?? '');
}
