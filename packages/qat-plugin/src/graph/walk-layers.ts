import type { LayersModel } from '@tensorflow/tfjs-layers';
import { ConvBatchNorm } from '../layers/conv-batch-norm';
import { FreezableBatchNorm } from '../layers/freezable-batch-norm';
import type { Layer } from '../layers/inner-layer';
import { QuantizeActivation } from '../layers/quantize-activation';
import { QuantizeWrapper } from '../layers/quantize-wrapper';
import type { QuantizerSlot } from '../quantizers/quantizer-slot';
import { isModelClass } from './model-graph';

/** A layer with its path: nested layers as `outer/inner`. */
export interface LayerAt {
  readonly path: string;
  readonly layer: Layer;
}

/** Every layer of a model and of the models inside it, inner models themselves left out. */
export function walkLayers(model: LayersModel, prefix = ''): readonly LayerAt[] {
  return model.layers.flatMap((layer) =>
    isModelClass(layer.getClassName())
      ? walkLayers(layer as LayersModel, `${prefix}${layer.name}/`)
      : [{ path: prefix + layer.name, layer }],
  );
}

/** Every quantizer slot of a model. */
export function slotsOf(model: LayersModel): readonly QuantizerSlot[] {
  return walkLayers(model).flatMap(({ layer }) =>
    layer instanceof QuantizeWrapper || layer instanceof QuantizeActivation || layer instanceof ConvBatchNorm
      ? layer.slots
      : [],
  );
}

/** Every layer whose batch statistics can be frozen. */
export function batchNormsOf(model: LayersModel): readonly { areStatisticsFrozen: boolean }[] {
  return walkLayers(model).flatMap(({ layer }) =>
    layer instanceof FreezableBatchNorm || layer instanceof ConvBatchNorm ? [layer] : [],
  );
}
