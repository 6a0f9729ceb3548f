import type { NodeConverter } from '../node-call';
import {
  activationConverter,
  clipConverter,
  elementFunctionConverter,
  preluConverter,
  softmaxConverter,
} from './activation';
import { convConverter, convTransposeConverter } from './convolution';
import { gemmConverter, matMulConverter } from './dense';
import { concatConverter, elementwiseConverter } from './merge';
import { batchNormalizationConverter, layerNormalizationConverter } from './normalization';
import { globalPoolConverter, poolConverter, resizeConverter } from './pooling';
import { recurrentConverter } from './recurrent';
import {
  identityConverter,
  padConverter,
  reshapeConverter,
  sliceConverter,
  tileConverter,
  transposeConverter,
} from './reshaping';

/** Converters by operator type. */
export type NodeRegistry = ReadonlyMap<string, NodeConverter>;

/** A registry from a list of converters; a later one replaces an earlier one for the same operator. */
export function nodeRegistry(converters: readonly NodeConverter[]): NodeRegistry {
  return new Map(
    converters.flatMap((converter) => converter.opTypes.map((type): [string, NodeConverter] => [type, converter])),
  );
}

export const defaultNodes: NodeRegistry = /* @__PURE__ */ nodeRegistry([
  convConverter,
  convTransposeConverter,
  gemmConverter,
  matMulConverter,
  batchNormalizationConverter,
  layerNormalizationConverter,
  activationConverter,
  elementFunctionConverter,
  recurrentConverter,
  clipConverter,
  preluConverter,
  softmaxConverter,
  poolConverter,
  globalPoolConverter,
  resizeConverter,
  elementwiseConverter,
  concatConverter,
  reshapeConverter,
  transposeConverter,
  padConverter,
  sliceConverter,
  tileConverter,
  identityConverter,
]);
