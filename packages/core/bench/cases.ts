import {
  apotScheme,
  applyLookupTable,
  bfloat16,
  binaryScheme,
  codebookScheme,
  decodeFloats,
  encodeFloats,
  float8E4M3FN,
  float16,
  formatOf,
  int4,
  int8,
  integerAdd,
  integerAveragePool,
  linearScheme,
  logarithmicScheme,
  lookupTable,
  perAxis,
  perGroup,
  perTensor,
  type QuantScheme,
  quantize,
  referenceBackend as reference,
  seededRandom,
  stochasticRounder,
  ternaryScheme,
  uint8Activation,
  view,
} from '../src/index';

/** One loop to time: what it does, over how many elements, moving how many bytes (0: bound by arithmetic). */
export interface BenchCase {
  readonly family: string;
  readonly name: string;
  /** Elements, or multiply–accumulates for products. */
  readonly elements: number;
  readonly bytes: number;
  readonly run: () => void;
}

const rows = 256;
const columns = 4096;
const count = rows * columns;
const shape = [rows, columns];

/** Every case on data of 2^20 elements, products on sizes of a small layer. */
export function benchCases(): readonly BenchCase[] {
  const random = seededRandom(1);
  const data = Float32Array.from({ length: count }, () => random.next() + random.next() - 1);
  const x = view(data, shape);
  return [
    ...copies(data),
    ...linearCases(x),
    ...formatCases(x),
    ...floatCases(data),
    ...packingCases(),
    ...statisticsCases(x),
    ...integerCases(),
  ];
}

// — internals —

type Real = ReturnType<typeof view<Float32Array>>;

function copies(data: Float32Array): BenchCase[] {
  const out = new Float32Array(count);
  return [{ family: 'yardstick', name: 'copy f32', elements: count, bytes: 8 * count, run: () => out.set(data) }];
}

function linearCases(x: Real): BenchCase[] {
  const schemes = [
    ['u8 per tensor', uint8Activation],
    ['i8 per axis 0', linearScheme({ dtype: int8, mapping: 'symmetric', granularity: perAxis(0) })],
    ['i8 per axis 1', linearScheme({ dtype: int8, mapping: 'symmetric', granularity: perAxis(1) })],
    ['i4 group 32 along axis 1', linearScheme({ dtype: int4, mapping: 'symmetric', granularity: perGroup(1, 32) })],
    ['i4 group 32 along axis 0', linearScheme({ dtype: int4, mapping: 'symmetric', granularity: perGroup(0, 32) })],
  ] as const;
  const cases = schemes.flatMap(([name, scheme]): BenchCase[] => {
    const qparams = formatOf(scheme).chooseParams(x, scheme);
    const codes = quantize(x, scheme, qparams);
    const real = new Float32Array(count);
    return [
      bytes('quantize', name, 5, () => reference.quantize(x, scheme, qparams, codes)),
      bytes('dequantize', name, 5, () => reference.dequantize(codes, shape, scheme, qparams, real)),
      bytes('fakeQuantize', name, 8, () => reference.fakeQuantize(x, scheme, qparams, real)),
    ];
  });
  const qparams = formatOf(uint8Activation).chooseParams(x, uint8Activation);
  const codes = new Uint8Array(count);
  const round = stochasticRounder(seededRandom(2));
  cases.push(
    bytes('quantize', 'u8 per tensor, stochastic', 5, () => void quantize(x, uint8Activation, qparams, codes, round)),
  );
  return cases;
}

function formatCases(x: Real): BenchCase[] {
  const schemes: QuantScheme[] = [
    logarithmicScheme({ bits: 4 }),
    apotScheme({ bits: 4 }),
    binaryScheme({ scaleRule: 'mean', granularity: perAxis(0) }),
    ternaryScheme({ granularity: perAxis(0) }),
    codebookScheme({ levels: Array.from({ length: 16 }, (_, i) => Math.tan((i - 7.5) / 6)) }),
  ];
  return schemes.map((scheme) => {
    const format = formatOf(scheme);
    const params = format.chooseParams(x, scheme);
    const real = new Float32Array(count);
    return bytes('fakeQuantize', scheme.kind, 8, () => void format.fakeQuantize(x, scheme, params, real));
  });
}

function floatCases(data: Float32Array): BenchCase[] {
  return [float16, bfloat16, float8E4M3FN].flatMap((format) => {
    const codes = encodeFloats(format, data);
    const real = new Float32Array(count);
    const width = 4 + format.bits / 8;
    return [
      bytes('encode', format.name, width, () => void encodeFloats(format, data, {}, codes)),
      bytes('decode', format.name, width, () => void decodeFloats(format, codes, real)),
    ];
  });
}

function packingCases(): BenchCase[] {
  const codes = Int8Array.from({ length: count }, (_, i) => (i % 16) - 8);
  const packed = new Uint8Array(count / 2);
  reference.pack(codes, int4, packed);
  return [
    bytes('pack', 'i4', 1.5, () => reference.pack(codes, int4, packed)),
    bytes('unpack', 'i4', 1.5, () => reference.unpack(packed, int4, codes)),
  ];
}

function statisticsCases(x: Real): BenchCase[] {
  const one = { min: new Float32Array(1), max: new Float32Array(1) };
  const many = { min: new Float32Array(rows), max: new Float32Array(rows) };
  const counts = new Float64Array(2048);
  return [
    bytes('minMax', 'per tensor', 4, () => void reference.minMax(x, perTensor, one)),
    bytes('minMax', 'per axis 0', 4, () => void reference.minMax(x, perAxis(0), many)),
    bytes('histogram', '2048 bins', 4, () => {
      reference.histogram(x.data, { exponent: -10, firstBin: -1024 }, counts);
    }),
  ];
}

function integerCases(): BenchCase[] {
  const random = seededRandom(3);
  const unsigned = (length: number) => Uint8Array.from({ length }, () => random.nextUint32());
  const signed = (length: number) => Int8Array.from({ length }, () => random.nextUint32());
  const size = 256;
  const a = unsigned(size * size);
  const b = signed(size * size);
  const acc = new Int32Array(size * size);
  const gemm = (bLayout: 'KN' | 'NK') => () =>
    reference.gemm({ m: size, n: size, k: size, a, aZeroPoint: 128, b, bLayout, bZeroPoint: 0 }, acc);
  const image = { input: unsigned(64 * 28 * 28), inputZeroPoint: 128, weightZeroPoint: 0, pads: [1, 1, 1, 1] as const };
  const convOut = new Int32Array(64 * 28 * 28);
  const conv = (layout: 'NCHW' | 'NHWC', isDepthwise: boolean) => {
    const perFilter = isDepthwise ? 1 : 64;
    const weight = signed(64 * perFilter * 9);
    const isFirst = layout === 'NCHW';
    const call = {
      ...image,
      layout,
      weight,
      inputShape: isFirst ? [1, 64, 28, 28] : [1, 28, 28, 64],
      weightShape: isFirst ? [64, perFilter, 3, 3] : [64, 3, 3, perFilter],
      groups: isDepthwise ? 64 : 1,
    };
    return () => reference.conv2d(call, convOut);
  };
  const wide = Int32Array.from({ length: count }, () => (random.nextUint32() | 0) >> 14);
  const codes = new Uint8Array(count);
  const requantization = { acc: wide, shape, granularity: perAxis(0), zeroPoint: 128, qmin: 0, qmax: 255 };
  const multiplier = new Float32Array(rows).fill(0.0011);
  const left = { codes: unsigned(count), scale: 0.1, zeroPoint: 128 };
  const output = { scale: 0.15, zeroPoint: 120, qmin: 0, qmax: 255 };
  const table = lookupTable(Math.tanh, { qmin: 0, qmax: 255, scale: 0.03, zeroPoint: 128 }, output);
  const pooling = {
    layout: 'NCHW' as const,
    inputShape: [1, 64, 128, 128],
    kernel: [2, 2] as const,
    strides: [2, 2] as const,
  };
  const pooled = new Uint8Array(count / 4);
  return [
    macs('gemm', 'u8·i8 256³, b [K, N]', size ** 3, gemm('KN')),
    macs('gemm', 'u8·i8 256³, b [N, K]', size ** 3, gemm('NK')),
    macs('conv2d', '3×3, 64→64, 28×28, NCHW', 64 * 64 * 9 * 784, conv('NCHW', false)),
    macs('conv2d', '3×3, 64→64, 28×28, NHWC', 64 * 64 * 9 * 784, conv('NHWC', false)),
    macs('conv2d', '3×3 depthwise, 64, 28×28, NHWC', 64 * 9 * 784, conv('NHWC', true)),
    bytes('requantize', 'float', 5, () => reference.requantize({ ...requantization, multiplier }, codes)),
    bytes('requantize', 'fixedPointTwice', 5, () =>
      reference.requantize({ ...requantization, multiplier, method: 'fixedPointTwice' }, codes),
    ),
    bytes('requantize', 'fixedPointOnce', 5, () =>
      reference.requantize({ ...requantization, multiplier, method: 'fixedPointOnce' }, codes),
    ),
    bytes('add', 'u8', 3, () => void integerAdd(left, left, output, codes)),
    bytes('lookup', 'u8', 2, () => void applyLookupTable(left.codes, table, codes)),
    bytes('averagePool', '2×2, u8', 1.25, () => void integerAveragePool(left, pooling, output, pooled)),
  ];
}

function bytes(family: string, name: string, bytesPerElement: number, run: () => void): BenchCase {
  return { family, name, elements: count, bytes: bytesPerElement * count, run };
}

function macs(family: string, name: string, elements: number, run: () => void): BenchCase {
  return { family, name, elements, bytes: 0, run };
}
