import type { ConvolutionBackend, QuantizationSpec, SeededRandom, TensorQuantization } from '@bitwright/core';
import type { GraphIndex, Node } from '@bitwright/onnx';
import type { RoundableLayer } from '../rounding/roundable-layers';
import { isWide } from '../rounding/wide-schemes';
import type { BlockShapes } from './block-shapes';
import { convolutionStep } from './convolution-step';
import { createDropMask, type DropMask } from './drop-mask';
import { addStep, averageStep, clampStep, moveStep } from './elementwise-steps';
import { type Block, clampOf, isClamp } from './find-blocks';
import { layerConvolution } from './layer-window';
import type { LearnedLayer } from './learned-layer';
import { createLearnedQuantizer, type LearnedQuantizer, quantizeStep, type ScaleBounds } from './learned-quantizer';
import type { Movement } from './movement-map';
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

  const skipped = new Set<Node>();
  for (const node of block.nodes) {
    if (skipped.has(node)) continue;
    const follower = fusedClamp(node, inputs);
    const clamp = follower === undefined ? undefined : clampOf(follower, index);
    if (follower !== undefined) skipped.add(follower);
    const output = (follower ?? node).output[0] ?? '';
    const x = read(node.input[0] ?? '', node);
    const layer = block.layers.find((candidate) => candidate.node === node);
    if (layer !== undefined) {
      const weights = inputs.layers.get(layer) as LearnedLayer;
      const shape = layerConvolution(layer, x.shape, batch);
      const y = createSlot(
        { height: shape.outHeight, width: shape.outWidth, channels: shape.outChannels },
        batch,
        true,
      );
      steps.push(convolutionStep(kernels, shape, x, y, weights, clamp, scratch));
      raw.set(output, y);
    } else if (node.opType === 'Add') {
      const b = read(node.input[1] ?? '', node);
      const y = createSlot(x.shape, batch, x.needsGradient || b.needsGradient);
      steps.push(addStep(x, b, y, clamp, scratch));
      raw.set(output, y);
    } else if (isClamp(node)) {
      const y = createSlot(x.shape, batch, x.needsGradient);
      steps.push(clampStep(x, y, clampOf(node, index), scratch));
      raw.set(output, y);
    } else if (node.opType === 'GlobalAveragePool') {
      const y = createSlot({ height: 1, width: 1, channels: x.shape.channels }, batch, x.needsGradient);
      steps.push(averageStep(x, y, batch, scratch));
      raw.set(output, y);
    } else {
      const { shape, source } = shapes.movements.get(node) as Movement;
      const y = createSlot(shape, batch, x.needsGradient);
      steps.push(moveStep(x, y, source, batch, scratch));
      raw.set(output, y);
    }
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

/** The Relu or Clip that alone reads a layer's or an Add's result, where no quantizer sits between them. */
function fusedClamp(node: Node, { block, index, spec }: ProgramInputs): Node | undefined {
  if (spec.tensors[node.output[0] ?? ''] !== undefined) return undefined;
  if (node.opType !== 'Add' && !block.layers.some((layer) => layer.node === node)) return undefined;
  const uses = index.consumers(node.output[0] ?? '');
  const next = uses[0]?.owner;
  return uses.length === 1 && next !== undefined && isClamp(next) && block.nodes.includes(next) ? next : undefined;
}

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
