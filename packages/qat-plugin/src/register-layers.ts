import { serialization } from '@tensorflow/tfjs-core';
import { GatedResidual } from './binary/gated-residual';
import { RPReLU } from './binary/rprelu';
import { WeightClip } from './binary/weight-clip';
import { ConvBatchNorm } from './layers/conv-batch-norm';
import { FreezableBatchNorm } from './layers/freezable-batch-norm';
import { QuantizeActivation } from './layers/quantize-activation';
import { QuantizeWrapper } from './layers/quantize-wrapper';
import { builtInQuantizers } from './quantizers/built-in';
import { registerQuantizer } from './quantizers/registry';

const packageName = 'Bitwright';

/**
 * Makes the layers and quantizers of this package known to TensorFlow.js. prepareQat does it; call it before loading a saved
 * model. Nothing is registered at import.
 */
export function registerQatLayers(): void {
  for (const layer of [
    QuantizeWrapper,
    QuantizeActivation,
    FreezableBatchNorm,
    ConvBatchNorm,
    RPReLU,
    GatedResidual,
    WeightClip,
  ]) {
    serialization.registerClass(
      layer as unknown as serialization.SerializableConstructor<serialization.Serializable>,
      packageName,
    );
  }
  for (const type of builtInQuantizers) registerQuantizer(type);
}
