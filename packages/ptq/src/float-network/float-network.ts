import { type ConvolutionBackend, RuntimeError, type TensorView } from '@bitwright/core';
import {
  DataType,
  type GraphIndex,
  inferShapes,
  type Model,
  type Node,
  staticDims,
  type Tensor,
  tensorToFloat32,
} from '@bitwright/onnx';
import { batchOfOne } from '../batch-of-one';
import type { Feeds } from '../feeds';
import { type BlockShapes, blockShapes } from '../reconstruction/block-shapes';
import { channelsLast } from '../reconstruction/channels-last';
import type { LayerWeights } from '../reconstruction/convolution-step';
import { clampOf } from '../reconstruction/find-blocks';
import { toFilter } from '../reconstruction/layer-window';
import { composeMovements } from '../reconstruction/movement-map';
import { fusedClamp, nodeStep, operandsOf, type StepContext } from '../reconstruction/node-step';
import { type SampleShape, type Slot, type Step, sampleSize } from '../reconstruction/slot';
import { unsupported } from '../reconstruction/supported-nodes';
import { indexOf, nodeReads, nodesFor } from '../rounding/graph-reads';
import { layerTypes } from '../rounding/layer-types';
import { type RoundableLayer, readLayer } from '../rounding/roundable-layers';
import type { Runtime } from '../session';
import { createBufferPool } from './buffer-pool';

/** Gets one value of a batch, [batch, height, width, channels]; its memory is used again after the call. */
export type VisitValue = (tensor: string, view: TensorView) => void;

/** A float model on float convolution kernels, for statistics of its values. */
export interface FloatNetwork {
  /**
   * Runs one batch and shows each wanted value as soon as it is there, while it is still in a cache.
   *
   * @throws {RuntimeError} when the input is not what the model declares
   */
  run(feeds: Feeds, visit: VisitValue): void;
}

export interface FloatNetworkOptions {
  readonly kernels: ConvolutionBackend;
  /** Runs each data movement once, to see what it does. */
  readonly runtime: Runtime;
  /** Results of nodes to show. */
  readonly tensors: readonly string[];
}

/**
 * Makes a network of a model whose values are vectors and images: convolutions, products with constant matrices, sums, Relu, Clip, global
 * average pools and data movements.
 *
 * Why, where there is onnxruntime: it keeps images in blocks of channels and has to lay out every value that is observed, copies it and
 * hands it out when all are there. Here the order of a value does not matter to who counts it, and it is counted in a cache.
 *
 * @returns undefined for any other model
 */
export async function createFloatNetwork(
  model: Model,
  options: FloatNetworkOptions,
): Promise<FloatNetwork | undefined> {
  const parts = await readParts(model, options);
  if (parts === undefined) return undefined;
  let program: Program | undefined;
  return Object.freeze<FloatNetwork>({
    run(feeds, visit) {
      const batch = batchOf(feeds, parts);
      if (program?.batch !== batch) program = createProgram(parts, batch);
      runProgram(program, feeds, parts, visit);
    },
  });
}

// — internals —

/** What does not depend on the number of samples. */
interface Parts extends FloatNetworkOptions {
  readonly index: GraphIndex;
  readonly nodes: readonly Node[];
  readonly input: { readonly name: string; readonly shape: SampleShape; readonly dims: readonly number[] };
  readonly layers: ReadonlyMap<Node, { readonly layer: RoundableLayer; readonly weights: LayerWeights }>;
  readonly movements: Movements;
  /** What a movement that stands for several reads. */
  readonly sources: ReadonlyMap<Node, string>;
}

type Movements = BlockShapes['movements'];

interface ShownStep extends Step {
  readonly name: string;
  readonly y: Slot;
}

interface Program {
  readonly batch: number;
  readonly input: Slot;
  readonly steps: readonly ShownStep[];
}

async function readParts(model: Model, options: FloatNetworkOptions): Promise<Parts | undefined> {
  const { tensors, runtime } = options;
  const index = indexOf(model, '[ptq] createFloatNetwork');
  const shapes = inferShapes(model, { shapes: batchOfOne(model) });
  const inputs = index.graph.input.filter(({ name }) => index.initializer(name) === undefined);
  const name = inputs[0]?.name ?? '';
  const declared = shapes.get(name);
  const [samples, ...dims] = staticDims(declared?.dims) ?? [];
  // One sample: open, or fixed at one. Movements are looked at on one, and a larger fixed number may be part of their shapes.
  if (inputs.length !== 1 || samples !== 1 || declared?.dataType !== DataType.FLOAT) return undefined;
  if (dims.length !== 1 && dims.length !== 3) return undefined;
  const isPerSample = (value: string | undefined): boolean => shapes.get(value ?? '')?.dims?.[0] === 1;
  const isKnown = (value: string): boolean => value === name || index.initializer(value) !== undefined;
  const nodes = nodesFor(tensors, isKnown, index, nodeReads(index));
  const layers = new Map<Node, { readonly layer: RoundableLayer; readonly weights: LayerWeights }>();
  for (const node of nodes) {
    if (node.output.length !== 1 || !isPerSample(node.output[0])) return undefined;
    if (unsupported(node, { index, shapes }) !== undefined) return undefined;
    if (!layerTypes.has(node.opType)) continue;
    const layer = readLayer(node, index);
    if (typeof layer === 'string' || hasOtherBias(layer)) return undefined;
    layers.set(node, { layer, weights: floatWeights(layer, index) });
  }
  const [channels = 1, height = 1, width = 1] = dims;
  const shape = { height, width, channels };
  const found = [...layers.values()].map(({ layer }) => layer);
  const all = { nodes, layers: found, inputs: [name], output: nodes.at(-1)?.output[0] ?? name, split: undefined };
  const { movements } = await blockShapes(all, new Map([[name, shape]]), model, { index, shapes }, runtime);
  const rest = joinMovements(nodes, movements, index, tensors);
  return { ...options, index, input: { name, shape, dims }, layers, ...rest };
}

/** Movements in a row as one, where nobody looks at what is between them: Slice, Slice and Pad of a shortcut. */
function joinMovements(
  nodes: readonly Node[],
  movements: Movements,
  index: GraphIndex,
  wanted: readonly string[],
): Pick<Parts, 'nodes' | 'movements' | 'sources'> {
  const joined = new Map(movements);
  const sources = new Map<Node, string>();
  const gone = new Set<Node>();
  for (const node of nodes) {
    const own = joined.get(node);
    const input = node.input[0] ?? '';
    const before = index.producer(input);
    const first = before === undefined ? undefined : joined.get(before);
    if (own === undefined || before === undefined || first === undefined) continue;
    if (wanted.includes(input) || index.consumers(input).length !== 1) continue;
    joined.set(node, composeMovements(first, own));
    sources.set(node, sources.get(before) ?? before.input[0] ?? '');
    gone.add(before);
  }
  return { nodes: nodes.filter((node) => !gone.has(node)), movements: joined, sources };
}

/** A third input that is no constant with one value per channel. */
function hasOtherBias({ node, bias }: RoundableLayer): boolean {
  return bias === undefined && (node.input[2] ?? '') !== '';
}

function floatWeights(layer: RoundableLayer, index: GraphIndex): LayerWeights {
  const values = (name: string): Float32Array => tensorToFloat32(index.initializer(name) as Tensor);
  const { layout, bias } = layer;
  const none = new Float32Array(0);
  return {
    filter: toFilter(layer, values(layer.weight)),
    bias: bias === undefined ? new Float32Array(layout.groups * layout.rows) : values(bias),
    filterGradient: none,
    biasGradient: none,
  };
}

function createProgram(parts: Parts, batch: number): Program {
  const { nodes, index, kernels, layers, movements, sources, input, tensors } = parts;
  const isWanted = new Set(tensors);
  const pool = createBufferPool();
  const none = new Float32Array(0);
  const newSlot = (shape: SampleShape): Slot => ({
    shape,
    value: pool.take(batch * sampleSize(shape)),
    needsGradient: false,
    gradient: none,
    hasGradient: false,
  });
  const context: StepContext = {
    index,
    kernels,
    batch,
    movements,
    scratch: none,
    weightsOf: (node) => layers.get(node),
    newSlot,
  };
  const slots = new Map<string, Slot>([[input.name, newSlot(input.shape)]]);
  const operandNames = (node: Node): readonly string[] => {
    const source = sources.get(node);
    return source === undefined ? operandsOf(node) : [source];
  };
  const lastReader = new Map(nodes.flatMap((node) => operandNames(node).map((name): [string, Node] => [name, node])));
  const fused = new Set<Node>();
  const steps: ShownStep[] = [];
  for (const node of nodes) {
    if (fused.has(node)) continue;
    const follower = fusedClamp(node, nodes, layers.has(node), index, (value) => isWanted.has(value));
    if (follower !== undefined) fused.add(follower);
    const operands = operandNames(node);
    const read = operands.map((name) => slots.get(name) as Slot);
    const { y, step } = nodeStep(node, read, follower && clampOf(follower, index), context);
    const name = (follower ?? node).output[0] ?? '';
    steps.push({ ...step, name, y });
    slots.set(name, y);
    for (const done of new Set(operands)) {
      if (lastReader.get(done) === node) pool.give((slots.get(done) as Slot).value);
    }
    if (!lastReader.has(name)) pool.give(y.value);
  }
  return { batch, input: slots.get(input.name) as Slot, steps };
}

function runProgram({ batch, input, steps }: Program, feeds: Feeds, parts: Parts, visit: VisitValue): void {
  const isWanted = new Set(parts.tensors);
  const given = feeds[parts.input.name];
  channelsLast(given?.data as Float32Array, parts.input.shape, input.value);
  for (const { name, y, forward } of steps) {
    forward();
    const { height, width, channels } = y.shape;
    if (isWanted.has(name)) visit(name, { data: y.value, shape: [batch, height, width, channels] });
  }
}

/** The number of samples. */
function batchOf(feeds: Feeds, { input: { name, dims } }: Parts): number {
  const tensor = feeds[name];
  const [batch = 0, ...sizes] = tensor?.dims ?? [];
  if (tensor?.data instanceof Float32Array && sizes.join() === dims.join()) return batch;
  throw new RuntimeError({
    operation: '[ptq] FloatNetwork.run',
    expected: `inputs ${name} float32[?,${dims.join(',')}]`,
    received: Object.entries(feeds)
      .map(([n, t]) => `${n} ${t.type}[${t.dims.join(',')}]`)
      .join(', '),
  });
}
