import { type serialization, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import { type Layer, type LayerConfig, layerFromConfig, layerToConfig } from './inner-layer';
import { InnerLayerWrapper, layerArguments } from './inner-layer-wrapper';
import { packSettings, unpackSettings } from './settings';

interface FreezableSettings {
  readonly areStatisticsFrozen: boolean;
}

/**
 * Batch normalization whose statistics can be frozen while gamma and beta go on training: from then on it normalizes by its
 * moving mean and variance in training as well, which is what the deployed model does.
 */
export class FreezableBatchNorm extends InnerLayerWrapper {
  static className: string = 'BitwrightFreezableBatchNorm';
  readonly inner: Layer;
  areStatisticsFrozen: boolean;

  constructor(args: { layer: Layer; settings?: FreezableSettings; name?: string }) {
    const { layer, settings, ...rest } = args;
    super({ name: layer.name, ...rest });
    this.inner = layer;
    this.areStatisticsFrozen = settings?.areStatisticsFrozen ?? false;
    this.supportsMasking = layer.supportsMasking;
  }

  override get innerLayers(): readonly Layer[] {
    return [this.inner];
  }

  override build(inputShape: Shape | Shape[]): void {
    this.inner.build(inputShape);
    this.inner.built = true;
    super.build(inputShape);
  }

  override call(inputs: Tensor | Tensor[], kwargs: serialization.ConfigDict): Tensor | Tensor[] {
    return tidy(() => this.inner.call(inputs, this.areStatisticsFrozen ? { ...kwargs, training: false } : kwargs));
  }

  override getConfig(): serialization.ConfigDict {
    return {
      ...super.getConfig(),
      layer: layerToConfig(this.inner) as unknown as serialization.ConfigDict,
      settings: packSettings({ areStatisticsFrozen: this.areStatisticsFrozen } satisfies FreezableSettings),
    };
  }

  static override fromConfig<T extends serialization.Serializable>(
    cls: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T {
    const layer = layerFromConfig(config['layer'] as unknown as LayerConfig);
    const settings = unpackSettings<FreezableSettings>(config['settings']);
    return new cls({ ...layerArguments(config), layer, settings } as unknown as serialization.ConfigDict);
  }
}
