import type { serialization, Tensor } from '@tensorflow/tfjs-core';
import { initializers, type LayerVariable, layers, type Shape } from '@tensorflow/tfjs-layers';
import type { AddVariable } from '../quantizers/quantizer-slot';
import type { Layer } from './inner-layer';

/**
 * What the wrapping layers of this package share: inner layers whose variables count as their own.
 * (TensorFlow.js has such a class, but does not export it.)
 */
export abstract class InnerLayerWrapper extends layers.Layer {
  /** The layers inside; the first one gives output shape and mask. */
  abstract get innerLayers(): readonly Layer[];

  override get trainableWeights(): LayerVariable[] {
    if (!this.trainable) return [];
    return [...this.innerLayers.flatMap((layer) => layer.trainableWeights), ...super.trainableWeights];
  }
  override set trainableWeights(weights: LayerVariable[]) {
    super.trainableWeights = weights;
  }

  override get nonTrainableWeights(): LayerVariable[] {
    const inner = this.innerLayers.flatMap((layer) => [
      ...(this.trainable ? [] : layer.trainableWeights),
      ...layer.nonTrainableWeights,
    ]);
    return [...inner, ...super.nonTrainableWeights];
  }
  override set nonTrainableWeights(weights: LayerVariable[]) {
    super.nonTrainableWeights = weights;
  }

  override get losses(): ReturnType<Layer['losses']['slice']> {
    return [...this.innerLayers.flatMap((layer) => layer.losses), ...super.losses];
  }

  override get stateful(): boolean {
    return this.innerLayers.some((layer) => layer.stateful);
  }

  override resetStates(): void {
    for (const layer of this.innerLayers) if (layer.stateful) layer.resetStates();
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return this.mainLayer().computeOutputShape(inputShape);
  }

  override computeMask(inputs: Tensor | Tensor[], mask?: Tensor | Tensor[]): Tensor | Tensor[] {
    return this.mainLayer().computeMask(inputs, mask);
  }

  override setFastWeightInitDuringBuild(value: boolean): void {
    super.setFastWeightInitDuringBuild(value);
    for (const layer of this.innerLayers) layer.setFastWeightInitDuringBuild(value);
  }

  /** A variable with a constant start, whatever initializers loading a model would use. */
  protected addParameter(name: string): AddVariable {
    return (suffix, shape, isTrainable, initial) => {
      const constant = initializers.constant({ value: initial });
      return this.addWeight(
        `${name}_${suffix}`,
        shape,
        'float32',
        constant,
        undefined,
        isTrainable,
        undefined,
        () => constant,
      );
    };
  }

  protected mainLayer(): Layer {
    return this.innerLayers[0] as Layer;
  }
}

/** `training` of a call's keyword arguments. */
export function isTrainingCall(kwargs: unknown): boolean {
  return (kwargs as { training?: unknown } | undefined)?.training === true;
}

/** The arguments every layer's config holds and its constructor takes. */
export function layerArguments(config: serialization.ConfigDict): Record<string, unknown> {
  const { layer: _layer, settings: _settings, batchNorm: _batchNorm, customObjects: _custom, ...rest } = config;
  return rest;
}
