import { InvalidArgumentError } from '@bitwright/core';
import { serialization } from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';

export type Layer = layers.Layer;

/** A layer as its class name and config, as TensorFlow.js' own wrappers write it. */
export interface LayerConfig {
  readonly className: string;
  readonly config: serialization.ConfigDict;
}

/**
 * A new layer of the same class and config.
 *
 * @throws {InvalidArgumentError} when the class is not registered
 */
export function layerFromConfig({ className, config }: LayerConfig): Layer {
  const entry = serialization.SerializationMap.getMap().classNameMap[className];
  if (entry === undefined) {
    throw new InvalidArgumentError({
      operation: '[qat-plugin] layerFromConfig',
      expected: 'a layer class registered with TensorFlow.js',
      received: `"${className}"`,
      hint: 'Call tf.serialization.registerClass(YourLayer) for layers of your own.',
    });
  }
  const [layerClass, fromConfig] = entry;
  return fromConfig(layerClass, { ...config }) as unknown as Layer;
}

export function layerToConfig(layer: Layer): LayerConfig {
  return { className: layer.getClassName(), config: layer.getConfig() };
}
