import { elementCount } from '@bitwright/core';
import type { WeightSpec } from '../tfjs-to-onnx/decode-weights';
import type { WrittenLayer, WrittenWeight } from './layer-writer';

/** What `tf.loadLayersModel(tf.io.fromMemory(…))` and an IOHandler's `load` take. */
export interface LayersModelFile {
  readonly format: 'layers-model';
  readonly generatedBy: string;
  readonly convertedBy: null;
  readonly modelTopology: Record<string, unknown>;
  readonly weightSpecs: readonly (WeightSpec & { readonly dtype: 'float32' })[];
  readonly weightData: ArrayBuffer;
}

/** A layers model whose weights are still with their layers. */
export interface LayersModelParts {
  readonly modelTopology: Record<string, unknown>;
  /** In the order of the layers, by full name: `conv1/kernel`. */
  readonly weights: readonly NamedWeight[];
}

export interface NamedWeight {
  readonly name: string;
  readonly weight: WrittenWeight;
}

/** Keras JSON and weights of the layers that the outputs need, in an order in which every layer follows its inputs. */
export function layersModelParts(
  name: string,
  layers: ReadonlyMap<string, WrittenLayer>,
  inputs: readonly string[],
  outputs: readonly string[],
): LayersModelParts {
  const needed = neededLayers(layers, inputs, outputs);
  const ref = (layer: string): [string, number, number] => [layer, 0, 0];
  const config = {
    name,
    layers: needed.map((layer) => ({
      name: layer.name,
      class_name: layer.className,
      config: layer.config,
      inbound_nodes: layer.inputs.length === 0 ? [] : [layer.inputs.map((input) => [input, 0, 0, {}])],
    })),
    input_layers: inputs.map(ref),
    output_layers: outputs.map(ref),
  };
  const weights = needed.flatMap((layer) =>
    Object.entries(layer.weights).map(([short, weight]) => ({ name: `${layer.name}/${short}`, weight })),
  );
  return {
    modelTopology: { class_name: 'Model', config, keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js' },
    weights,
  };
}

/** The same in one object, all weights one after the other. */
export function layersModelJson({ modelTopology, weights }: LayersModelParts): LayersModelFile {
  const data = new Float32Array(weights.reduce((sum, { weight }) => sum + elementCount(weight.shape), 0));
  let offset = 0;
  for (const { weight } of weights) {
    data.set(weight.data, offset);
    offset += elementCount(weight.shape);
  }
  return {
    format: 'layers-model',
    generatedBy: 'bitwright',
    convertedBy: null,
    modelTopology,
    weightSpecs: weights.map(({ name, weight }) => ({ name, shape: weight.shape, dtype: 'float32' })),
    weightData: data.buffer,
  };
}

/** Layers reachable from the outputs; inputs always. Written order is already topological. */
function neededLayers(
  layers: ReadonlyMap<string, WrittenLayer>,
  inputs: readonly string[],
  outputs: readonly string[],
): WrittenLayer[] {
  const needed = new Set<string>(inputs);
  const open = [...outputs];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (needed.has(name) && !inputs.includes(name)) continue;
    needed.add(name);
    open.push(...(layers.get(name)?.inputs ?? []));
  }
  return [...layers.values()].filter((layer) => needed.has(layer.name));
}
