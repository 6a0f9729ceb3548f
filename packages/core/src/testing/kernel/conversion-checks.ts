import { allocateQuantized, int2, int4, int8, int16, uint2, uint4, uint8, uint16 } from '../../dtype';
import { paramCount, perAxis, perGroup, perTensor } from '../../granularity';
import type { KernelBackend } from '../../kernel-backend';
import type { QParams } from '../../qparams';
import { referenceBackend } from '../../reference-backend';
import { type LinearScheme, linearScheme } from '../../scheme';
import { type TensorView, view } from '../../tensor-view';
import { checkSameNumbers } from '../assertions';
import { randomData, randomInteger, randomNormal, randomSource } from '../random-tensor';
import { type KernelChecks, sizeChecks, unaligned } from './kernel-checks';

const dtypes = [int8, uint8, int16, uint16, int4, uint4, int2, uint2];

/** Real → codes. */
export function quantizeChecks(tile: number): KernelChecks {
  return conversionChecks(tile, (backend, x, scheme, qparams) => {
    const [actual, expected] = [outputFor(scheme, x.data.length), outputFor(scheme, x.data.length)];
    backend.quantize(x, scheme, qparams, actual);
    referenceBackend.quantize(x, scheme, qparams, expected);
    checkSameNumbers(actual, expected, `quantize ${scheme.dtype.name} [${x.shape.join(',')}]`);
  });
}

/** Real → grid. */
export function fakeQuantizeChecks(tile: number): KernelChecks {
  return conversionChecks(tile, (backend, x, scheme, qparams) => {
    const [actual, expected] = [new Float32Array(x.data.length), new Float32Array(x.data.length)];
    backend.fakeQuantize(x, scheme, qparams, actual);
    referenceBackend.fakeQuantize(x, scheme, qparams, expected);
    checkSameNumbers(actual, expected, `fakeQuantize ${scheme.dtype.name} [${x.shape.join(',')}]`);
  });
}

/** Codes → real, of codes that cover the whole type. */
export function dequantizeChecks(tile: number): KernelChecks {
  const {
    ties_to_even: _ties,
    infinities: _infinities,
    ...checks
  } = conversionChecks(tile, (backend, x, scheme, qparams) => {
    const random = randomSource(x.data.length);
    const codes = outputFor(scheme, x.data.length).map(() => randomInteger(random, scheme.qmin, scheme.qmax));
    const [actual, expected] = [new Float32Array(codes.length), new Float32Array(codes.length)];
    backend.dequantize(codes, x.shape, scheme, qparams, actual);
    referenceBackend.dequantize(codes, x.shape, scheme, qparams, expected);
    checkSameNumbers(actual, expected, `dequantize ${scheme.dtype.name} [${x.shape.join(',')}]`);
  });
  return checks;
}

// — internals —

type Compare = (backend: KernelBackend, x: TensorView, scheme: LinearScheme, qparams: QParams) => void;

function conversionChecks(tile: number, compare: Compare): KernelChecks {
  const forEveryType = (body: (scheme: LinearScheme) => void): void => {
    for (const dtype of dtypes) body(linearScheme({ dtype }));
  };
  const one = (scale: number, zeroPoint: number): QParams => ({
    scale: Float32Array.of(scale),
    zeroPoint: Int32Array.of(zeroPoint),
  });
  const around = (scheme: LinearScheme, scale: number, length: number): Float32Array =>
    randomData((random) => randomNormal(random) * scale * (scheme.qmax - scheme.qmin) * 0.3, length + 1, length);
  return {
    ...sizeChecks(tile, (backend, length) => {
      forEveryType((scheme) => compare(backend, view(around(scheme, 0.1, length)), scheme, one(0.1, middle(scheme))));
    }),
    unaligned: (backend) => {
      forEveryType((scheme) => {
        const x = unaligned(around(scheme, 0.1, 2 * tile + 3));
        compare(backend, view(x), scheme, one(0.1, middle(scheme)));
      });
    },
    scale_extremes: (backend) => {
      forEveryType((scheme) => {
        for (const scale of [2 ** -126, 2 ** -100, 1e-8, 3, 2 ** 100]) {
          compare(backend, view(around(scheme, scale, tile + 5)), scheme, one(scale, middle(scheme)));
        }
      });
    },
    zero_point_extremes: (backend) => {
      forEveryType((scheme) => {
        for (const zeroPoint of [scheme.qmin, scheme.qmin + 1, scheme.qmax - 1, scheme.qmax]) {
          compare(backend, view(around(scheme, 0.25, tile + 5)), scheme, one(0.25, zeroPoint));
        }
      });
    },
    saturation_low: (backend) => {
      forEveryType((scheme) =>
        compare(backend, view(edgeValues(scheme, scheme.qmin)), scheme, one(0.5, middle(scheme))),
      );
    },
    saturation_high: (backend) => {
      forEveryType((scheme) =>
        compare(backend, view(edgeValues(scheme, scheme.qmax)), scheme, one(0.5, middle(scheme))),
      );
    },
    ties_to_even: (backend) => {
      // x/scale = k + 1/2 exactly for power-of-two scales, and next to it for others.
      forEveryType((scheme) => {
        for (const scale of [1, 2 ** -7, 0.1, 0.3, 1 / 255]) {
          const ties = Float32Array.from({ length: 2 * tile + 1 }, (_, i) => (i - tile + 0.5) * Math.fround(scale));
          for (const zeroPoint of [middle(scheme), middle(scheme) + 1]) {
            compare(backend, view(nextToEach(ties)), scheme, one(scale, zeroPoint));
          }
        }
      });
    },
    infinities: (backend) => {
      forEveryType((scheme) => {
        const x = around(scheme, 0.1, tile + 5);
        x[0] = Number.POSITIVE_INFINITY;
        x[tile - 1] = Number.NEGATIVE_INFINITY;
        x[tile + 4] = Number.POSITIVE_INFINITY;
        compare(backend, view(x), scheme, one(0.1, middle(scheme)));
      });
    },
    granularities: (backend) => {
      const shape = [3, 5, tile / 2 + 1];
      for (const granularity of [perTensor, perAxis(0), perAxis(1), perAxis(2), perGroup(2, 8), perGroup(1, 2)]) {
        const scheme = linearScheme({ dtype: int8, granularity });
        const count = paramCount(shape, granularity);
        const random = randomSource(count);
        const qparams = {
          scale: Float32Array.from({ length: count }, () => 0.02 + random()),
          zeroPoint: Int32Array.from({ length: count }, () => randomInteger(random, -128, 127)),
        };
        const x = randomData(
          (source) => 40 * randomNormal(source),
          3,
          shape.reduce((a, b) => a * b),
        );
        compare(backend, view(x, shape), scheme, qparams);
      }
    },
    narrow_codes: (backend) => {
      const scheme = linearScheme({ dtype: int8, mapping: 'symmetric', narrowRange: true });
      const reduced = linearScheme({ dtype: int8, mapping: 'symmetric', qmin: -64, qmax: 64 });
      for (const s of [scheme, reduced]) compare(backend, view(around(s, 1, 2 * tile)), s, one(0.1, 0));
    },
  };
}

function outputFor(scheme: LinearScheme, length: number): ReturnType<typeof allocateQuantized> {
  return allocateQuantized(scheme.dtype, length);
}

function middle(scheme: LinearScheme): number {
  return Math.floor((scheme.qmin + scheme.qmax) / 2);
}

/** Values whose codes are around one end of the type, and far beyond it; scale 0.5. */
function edgeValues(scheme: LinearScheme, end: number): Float32Array {
  const side = end === scheme.qmin ? -1 : 1;
  const code = end - middle(scheme);
  const near = Array.from({ length: 41 }, (_, i) => (code + (i - 20) / 4) * 0.5);
  return Float32Array.from([...near, side * 1e9, side * 3e9, side * 1e20, side * 3.4e38]);
}

/** Each value with the float32 before and after it. */
function nextToEach(values: Float32Array): Float32Array {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  const all = Int32Array.from([...bits].flatMap((u) => ((u & 0x7fffffff) === 0 ? [u] : [u - 1, u, u + 1])));
  return new Float32Array(all.buffer);
}
