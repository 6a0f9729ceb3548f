import type { LayerConverter } from '../layer-call';
import { activationConverter, parametricActivationConverter, preluConverter } from './activation';
import { convolutionConverter, depthwiseConverter, separableConverter, transposedConverter } from './convolution';
import {
  channelAffineConverter,
  customFunctionConverter,
  customPadConverter,
  customReverseConverter,
  customSliceConverter,
  groupedConvolutionConverter,
} from './custom';
import { denseConverter } from './dense';
import { embeddingConverter } from './embedding';
import { concatenateConverter, dotConverter, mergeConverter } from './merge';
import { batchNormalizationConverter, layerNormalizationConverter } from './normalization';
import { maskingConverter, rescalingConverter, trainingOnlyConverter } from './pass-through';
import { globalPoolingConverter, poolingConverter, upSamplingConverter } from './pooling';
import { recurrentConverter } from './recurrent';
import {
  croppingConverter,
  flattenConverter,
  permuteConverter,
  repeatVectorConverter,
  reshapeConverter,
  zeroPaddingConverter,
} from './reshaping';
import { bidirectionalConverter, timeDistributedConverter } from './wrappers';

/** Converters by the class name of the layer. */
export type LayerRegistry = ReadonlyMap<string, LayerConverter>;

/** A registry from a list of converters; a later one replaces an earlier one for the same class. */
export function layerRegistry(converters: readonly LayerConverter[]): LayerRegistry {
  return new Map(
    converters.flatMap((converter) => converter.classNames.map((name): [string, LayerConverter] => [name, converter])),
  );
}

export const defaultLayers: LayerRegistry = /* @__PURE__ */ layerRegistry([
  activationConverter,
  parametricActivationConverter,
  preluConverter,
  convolutionConverter,
  depthwiseConverter,
  separableConverter,
  transposedConverter,
  denseConverter,
  embeddingConverter,
  mergeConverter,
  concatenateConverter,
  dotConverter,
  batchNormalizationConverter,
  layerNormalizationConverter,
  trainingOnlyConverter,
  rescalingConverter,
  maskingConverter,
  poolingConverter,
  globalPoolingConverter,
  upSamplingConverter,
  recurrentConverter,
  flattenConverter,
  reshapeConverter,
  permuteConverter,
  repeatVectorConverter,
  zeroPaddingConverter,
  croppingConverter,
  bidirectionalConverter,
  timeDistributedConverter,
  customPadConverter,
  customSliceConverter,
  groupedConvolutionConverter,
  channelAffineConverter,
  customFunctionConverter,
  customReverseConverter,
]);
