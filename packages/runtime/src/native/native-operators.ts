import type { QuantizedArray } from '@bitwright/core';
import {
  addI8,
  averagePoolI8,
  type Codes,
  concatI8,
  conv2dI8,
  depthwiseI8,
  lookupI8,
  maxPoolI8,
  mulI8,
  type NativeBackend,
  packConv2dI8,
  packDepthwiseI8,
  softmaxI8,
} from '@bitwright/kernels-native';
import type { Convolution, ConvolutionWeights, IntegerOperators } from '../integer-operators';
import { integerOperators } from '../reference-operators';

/**
 * Integer operators on the kernels of this CPU: weights are packed once, requantization and clamping happen in registers. Same bits as
 * the reference. Operators on 16-bit codes, which these kernels do not take, are the reference's.
 *
 * @example loadPackedModel(bytes, { operators: nativeOperators(loadNativeBackend({ threads: 2 })) })
 */
export function nativeOperators(backend: NativeBackend): IntegerOperators {
  const reference = integerOperators(backend);
  return Object.freeze<IntegerOperators>({
    name: backend.name,
    backend,
    convolution: (weights) => nativeConvolution(backend, weights) ?? reference.convolution(weights),
    add(a, b, output, out) {
      if (isBytes(out) && areBytes(a) && areBytes(b)) addI8(backend, a, b, output, out);
      else reference.add(a, b, output, out);
    },
    multiply(a, b, output, out) {
      if (isBytes(out) && areBytes(a) && areBytes(b)) mulI8(backend, a, b, output, out);
      else reference.multiply(a, b, output, out);
    },
    lookup(codes, table, out) {
      if (isBytes(codes) && isBytes(out) && table.entries.length === 256) lookupI8(backend, codes, table, out);
      else reference.lookup(codes, table, out);
    },
    concat(inputs, axis, output, out) {
      if (isBytes(out) && inputs.every(areBytes)) concatI8(backend, inputs, axis, output, out);
      else reference.concat(inputs, axis, output, out);
    },
    averagePool(input, pooling, output, out) {
      if (isBytes(out) && areBytes(input)) averagePoolI8(backend, input, pooling, output, out);
      else reference.averagePool(input, pooling, output, out);
    },
    maxPool(codes, pooling, out) {
      if (isBytes(codes) && isBytes(out)) maxPoolI8(backend, codes, pooling, out);
      else reference.maxPool(codes, pooling, out);
    },
    softmax(input, shape, output, out) {
      if (isBytes(out) && areBytes(input)) softmaxI8(backend, input, shape, output, out);
      else reference.softmax(input, shape, output, out);
    },
  });
}

// — internals —

function isBytes(codes: unknown): codes is Codes {
  return codes instanceof Int8Array || codes instanceof Uint8Array;
}

function areBytes<T extends { readonly codes: QuantizedArray }>(operand: T): operand is T & { readonly codes: Codes } {
  return isBytes(operand.codes);
}

/** Undefined for weights wider than a byte. */
function nativeConvolution(backend: NativeBackend, weights: ConvolutionWeights): Convolution | undefined {
  const { weight, weightShape, weightZeroPoint, groups, dilations } = weights;
  if (!isBytes(weight)) return undefined;
  const [outputs, height, width, channels] = weightShape;
  const isDepthwise = channels === 1 && groups > 1 && outputs === groups && Math.max(height, width) <= 64;
  const depthwise =
    isDepthwise && weight instanceof Int8Array && weightZeroPoint === 0
      ? packDepthwiseI8(backend, { weight, weightShape: [outputs, height, width] })
      : undefined;
  const packed = packConv2dI8(backend, { weight, weightShape, weightZeroPoint, groups, dilations });
  const wide = integerOperators(backend).convolution(weights);
  return {
    run(call, out) {
      const { to, input } = call;
      if (!isBytes(input) || !(isBytes(out) || out instanceof Float32Array)) {
        wide.run(call, out);
      } else if (depthwise !== undefined && isBytes(out) && 'zeroPoint' in to && to.method === 'float') {
        depthwiseI8(backend, depthwise, { ...call, input, to, dilations }, out);
      } else {
        conv2dI8(backend, packed, { ...call, input }, out);
      }
    },
  };
}
