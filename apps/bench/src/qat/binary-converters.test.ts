import '@tensorflow/tfjs-backend-cpu';
import { layersModelToOnnx } from '@bitwright/export';
import { dsq, prepareQat, type Quantizer, rSign, steSign } from '@bitwright/qat-plugin';
import { randomNormal } from '@tensorflow/tfjs-core';
import { input, type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { binaryConverters } from './binary-converters';

function network(): LayersModel {
  const x = input({ shape: [4], name: 'x' });
  const first = layers.dense({ name: 'first', units: 4, activation: 'tanh' }).apply(x);
  const second = layers.dense({ name: 'second', units: 4, activation: 'tanh' }).apply(first);
  return model({ inputs: x, outputs: layers.dense({ name: 'last', units: 2 }).apply(second) as SymbolicTensor });
}

/** The nodes that a network with these one-bit activations is exported as. */
async function exported(activations: Quantizer): Promise<string[]> {
  const qat = prepareQat(network(), { target: 'academic', weights: null, activations, skip: ['first', 'last'] });
  await qat.calibrate(randomNormal([16, 4], 0, 1, 'float32', 1));
  const { model: onnx } = layersModelToOnnx(qat.convert().model, { converters: binaryConverters });
  return onnx.graph?.node.map(({ opType }) => String(opType)) ?? [];
}

describe('binary converters', () => {
  it('writes signs as comparisons', async () => {
    expect(await exported(steSign())).toEqual(expect.arrayContaining(['GreaterOrEqual', 'Where']));
    expect(await exported(rSign())).toEqual(expect.arrayContaining(['Sub', 'GreaterOrEqual', 'Where']));
  });

  it('refuses levels other than ±1, naming the layer', async () => {
    await expect(exported(dsq({ bits: 1 }))).rejects.toThrow(/first.*levels ±u/);
  });
});
