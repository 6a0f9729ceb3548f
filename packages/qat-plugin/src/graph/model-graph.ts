import { InvalidArgumentError } from '@bitwright/core';
import type { serialization } from '@tensorflow/tfjs-core';
import { LayersModel, type Sequential } from '@tensorflow/tfjs-layers';

/** Output `tensorIndex` of the `nodeIndex`-th call of a layer. */
export interface TensorRef {
  readonly layer: string;
  readonly nodeIndex: number;
  readonly tensorIndex: number;
}

/** One call of a layer; keyword arguments apply to all inputs. */
export interface LayerCall {
  readonly inputs: readonly TensorRef[];
  readonly kwargs: serialization.ConfigDict;
}

/** A layer of the graph: config and calls. Shared layers have several calls. */
export interface GraphLayer {
  readonly name: string;
  readonly className: string;
  readonly config: serialization.ConfigDict;
  readonly calls: readonly LayerCall[];
}

/** A functional model as plain data: what its config says, typed. */
export interface ModelGraph {
  readonly name: string;
  readonly layers: readonly GraphLayer[];
  readonly inputs: readonly TensorRef[];
  readonly outputs: readonly TensorRef[];
}

/** Class names of models inside models. */
const modelClasses = ['Model', 'Functional', 'Sequential'];

export function isModelClass(className: string): boolean {
  return modelClasses.includes(className);
}

/**
 * The graph of a model; sequential models become a chain with an input layer.
 *
 * @throws {InvalidArgumentError} for a sequential model without input shape
 */
export function graphOfModel(model: LayersModel): ModelGraph {
  if (model.getClassName() === 'Sequential') return graphOfSequential(model as Sequential);
  return graphOfConfig(model.getConfig() as unknown as FunctionalConfig);
}

/** A new model with fresh weights. */
export function modelOfGraph(graph: ModelGraph): LayersModel {
  const config = configOfGraph(graph) as unknown as serialization.ConfigDict;
  return LayersModel.fromConfig(LayersModel as never, config, {}, true) as unknown as LayersModel;
}

/** The graph of a nested model's config. */
export function graphOfNested({ className, config, name }: GraphLayer): ModelGraph {
  if (className !== 'Sequential') return graphOfConfig(config as unknown as FunctionalConfig);
  const entries = (Array.isArray(config) ? config : config['layers']) as unknown as LayerEntry[];
  return chain(name, entries);
}

/** The layer entry of a nested model whose graph was rewritten: always functional afterwards. */
export function nestedOfGraph(layer: GraphLayer, graph: ModelGraph): GraphLayer {
  return {
    ...layer,
    className: 'Model',
    config: { ...(configOfGraph(graph) as unknown as serialization.ConfigDict), name: layer.name },
  };
}

/** `layer`, `layer:1` for a second call, `layer#1` for a second output: the name of a tensor in reports and specs. */
export function tensorName({ layer, nodeIndex, tensorIndex }: TensorRef): string {
  return `${layer}${nodeIndex === 0 ? '' : `:${nodeIndex}`}${tensorIndex === 0 ? '' : `#${tensorIndex}`}`;
}

export function sameTensor(a: TensorRef, b: TensorRef): boolean {
  return a.layer === b.layer && a.nodeIndex === b.nodeIndex && a.tensorIndex === b.tensorIndex;
}

// — internals —

interface LayerEntry {
  readonly className: string;
  readonly config: serialization.ConfigDict;
  readonly name?: string;
  readonly inboundNodes?: readonly (readonly NodeInput[])[];
}
type NodeInput = readonly [layer: string, nodeIndex: number, tensorIndex: number, kwargs?: serialization.ConfigDict];
interface FunctionalConfig {
  readonly name: string;
  readonly layers: readonly LayerEntry[];
  readonly inputLayers: readonly NodeInput[];
  readonly outputLayers: readonly NodeInput[];
}

function graphOfConfig(config: FunctionalConfig): ModelGraph {
  const ref = ([layer, nodeIndex, tensorIndex]: NodeInput): TensorRef => ({ layer, nodeIndex, tensorIndex });
  return {
    name: config.name,
    layers: config.layers.map((entry) => ({
      name: entry.name ?? (entry.config['name'] as string),
      className: entry.className,
      config: entry.config,
      calls: (entry.inboundNodes ?? []).map((inputs) => ({ inputs: inputs.map(ref), kwargs: inputs[0]?.[3] ?? {} })),
    })),
    inputs: config.inputLayers.map(ref),
    outputs: config.outputLayers.map(ref),
  };
}

function configOfGraph(graph: ModelGraph): FunctionalConfig {
  const input = ({ layer, nodeIndex, tensorIndex }: TensorRef): NodeInput => [layer, nodeIndex, tensorIndex];
  return {
    name: graph.name,
    layers: graph.layers.map(({ name, className, config, calls }) => ({
      name,
      className,
      config: { ...config, name },
      inboundNodes: calls.map(({ inputs, kwargs }) =>
        inputs.map((ref): NodeInput => [ref.layer, ref.nodeIndex, ref.tensorIndex, { ...kwargs }]),
      ),
    })),
    inputLayers: graph.inputs.map(input),
    outputLayers: graph.outputs.map(input),
  };
}

function graphOfSequential(model: Sequential): ModelGraph {
  if (!model.built) throw withoutShape(model.name);
  const entries = model.layers.map((layer) => ({ className: layer.getClassName(), config: layer.getConfig() }));
  return chain(model.name, entries);
}

/** Layers one after the other, an input layer in front. */
function chain(name: string, entries: readonly LayerEntry[]): ModelGraph {
  const first = entries[0];
  const layers: GraphLayer[] = [];
  if (first?.className !== 'InputLayer') {
    const batchInputShape = shapeBeforeFirst(first);
    if (batchInputShape === undefined) throw withoutShape(name);
    const inputName = `${String(first?.config['name'])}_input`;
    layers.push({
      name: inputName,
      className: 'InputLayer',
      config: { name: inputName, batchInputShape, dtype: (first?.config['dtype'] as string | undefined) ?? 'float32' },
      calls: [],
    });
  }
  for (const { className, config } of entries) {
    const previous = layers.at(-1);
    layers.push({
      name: entryName(className, config),
      className,
      config,
      calls: previous === undefined ? [] : [{ inputs: [outputOf(previous.name)], kwargs: {} }],
    });
  }
  return {
    name,
    layers,
    inputs: [outputOf((layers[0] as GraphLayer).name)],
    outputs: [outputOf((layers.at(-1) as GraphLayer).name)],
  };
}

function outputOf(layer: string): TensorRef {
  return { layer, nodeIndex: 0, tensorIndex: 0 };
}

function entryName(className: string, config: serialization.ConfigDict): string {
  if (typeof config['name'] === 'string') return config['name'];
  return `${className.toLowerCase()}_nested`;
}

/** The input shape a first layer was given; of a nested model, that of its own first layer. */
function shapeBeforeFirst(first: LayerEntry | undefined): serialization.ConfigDictValue | undefined {
  if (first === undefined) return undefined;
  const own = first.config['batchInputShape'];
  if (own !== undefined && own !== null) return own;
  const nested = (Array.isArray(first.config) ? first.config : first.config['layers']) as unknown as
    | LayerEntry[]
    | undefined;
  return nested === undefined ? undefined : shapeBeforeFirst(nested[0]);
}

function withoutShape(name: string): InvalidArgumentError {
  return new InvalidArgumentError({
    operation: '[qat-plugin] prepareQat',
    expected: 'a model whose layers are built',
    received: `the sequential model "${name}" without an input shape`,
    hint: 'Give its first layer an inputShape.',
  });
}
