import { functionsOf, type TensorFlowJs, type TfFunctions, type TfTensor, type TfVariable } from './tensorflow-js';

/** Class names of the layers TensorFlow.js lacks, as saved models name them. */
export const customClasses = {
  pad: 'BitwrightPad',
  slice: 'BitwrightSlice',
  groupedConvolution: 'BitwrightGroupedConv2D',
  affine: 'BitwrightChannelAffine',
  reverse: 'BitwrightReverse',
  elementFunction: 'BitwrightFunction',
} as const;

/** Start and end of a slice along one axis, as tf.stridedSlice takes them; null end: to the end. */
export interface SliceRange {
  readonly begin: number;
  readonly end: number | null;
  readonly stride: number;
}

/** Elements that a slice along an axis of the given size keeps. */
export function slicedSize(size: number | null, range: SliceRange | undefined): number | null {
  if (size === null || range === undefined) return size;
  const from = range.begin < 0 ? Math.max(range.begin + size, 0) : Math.min(range.begin, size);
  const to = range.end === null ? size : range.end < 0 ? range.end + size : Math.min(range.end, size);
  return Math.max(Math.ceil((to - from) / range.stride), 0);
}

interface PadConfig {
  /** Elements in front of and behind each axis but the batch. */
  readonly paddings: readonly (readonly [number, number])[];
  readonly value: number;
}

interface SliceConfig {
  /** One per axis but the batch. */
  readonly ranges: readonly SliceRange[];
}

interface GroupedConfig {
  readonly filters: number;
  readonly kernel_size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilation_rate: readonly [number, number];
  readonly padding: 'valid' | 'same';
  readonly groups: number;
  readonly use_bias: boolean;
}

/** ONNX operators of one variable that become a layer of their own, by the name of TensorFlow.js' operator. */
export const elementFunctions = {
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  abs: 'Abs',
  reciprocal: 'Reciprocal',
  erf: 'Erf',
  neg: 'Neg',
  sin: 'Sin',
  cos: 'Cos',
} as const;

export type ElementFunction = keyof typeof elementFunctions;

/** TensorFlow.js' operator for an ONNX one of {@link elementFunctions}; undefined for others. */
export function elementFunctionOf(opType: string): ElementFunction | undefined {
  return (Object.keys(elementFunctions) as ElementFunction[]).find((name) => elementFunctions[name] === opType);
}

interface AffineConfig {
  /** Sizes of both weights, one per axis but the batch; null: only the last axis. */
  readonly sizes: readonly number[] | null;
}

type Size = number | null;

/**
 * Registers the layers that models converted from ONNX may need and TensorFlow.js does not have: padding of any axis, slices with
 * steps, grouped convolutions, a scale and shift per channel or element,
 * reversed axes, and functions of one variable. Call it before `tf.loadLayersModel`; calling it twice does no harm.
 *
 * All are differentiable, so models that contain them train.
 */
export function registerOnnxLayers(tensorflow: TensorFlowJs): void {
  const tf = functionsOf(tensorflow);
  const layers = [padLayer(tf), sliceLayer(tf), groupedLayer(tf), affineLayer(tf), reverseLayer(tf), functionLayer(tf)];
  for (const layer of layers) {
    tf.serialization.registerClass(layer);
  }
}

/** Configurations arrive as Keras JSON (snake_case) or in camelCase after TensorFlow.js has read a file. */
function read<Config>(config: object, defaults: Config): Config {
  const given = config as Readonly<Record<string, unknown>>;
  const camel = (key: string): string => key.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const entries = Object.entries(defaults as object).map(([key, fallback]) => [
    key,
    given[key] ?? given[camel(key)] ?? fallback,
  ]);
  return Object.fromEntries(entries) as Config;
}

function only(inputs: TfTensor | TfTensor[]): TfTensor {
  return Array.isArray(inputs) ? (inputs[0] as TfTensor) : inputs;
}

function padLayer(tf: TfFunctions): object {
  return class BitwrightPad extends tf.layers.Layer {
    static className: string = customClasses.pad;
    private readonly options: PadConfig;
    constructor(config: object) {
      super(config);
      this.options = read<PadConfig>(config, { paddings: [], value: 0 });
    }
    computeOutputShape(shape: Size[]): Size[] {
      return shape.map((size, i) => {
        const [before, after] = this.options.paddings[i - 1] ?? [0, 0];
        return size === null ? null : size + before + after;
      });
    }
    call(inputs: TfTensor | TfTensor[]): TfTensor {
      return tf.tidy(() => tf.pad(only(inputs), [[0, 0], ...this.options.paddings], this.options.value));
    }
    override getConfig(): object {
      return { ...super.getConfig(), ...this.options };
    }
  };
}

function sliceLayer(tf: TfFunctions): object {
  return class BitwrightSlice extends tf.layers.Layer {
    static className: string = customClasses.slice;
    private readonly options: SliceConfig;
    constructor(config: object) {
      super(config);
      this.options = read<SliceConfig>(config, { ranges: [] });
    }
    computeOutputShape(shape: Size[]): Size[] {
      return shape.map((size, i) => {
        return i === 0 ? size : slicedSize(size, this.options.ranges[i - 1]);
      });
    }
    call(inputs: TfTensor | TfTensor[]): TfTensor {
      const { ranges } = this.options;
      return tf.tidy(() => ranges.reduce((x, range, i) => slicedAlong(tf, x, i + 1, range), only(inputs)));
    }
    override getConfig(): object {
      return { ...super.getConfig(), ...this.options };
    }
  };
}

/**
 * Every stride-th element of a part of one axis, from operators that TensorFlow.js has gradients of (it has none of stridedSlice): the
 * part is cut out, filled up to whole steps, and the first element of each step is taken.
 */
function slicedAlong(tf: TfFunctions, x: TfTensor, axis: number, range: SliceRange): TfTensor {
  const size = x.shape[axis] ?? 0;
  const count = slicedSize(size, range) ?? 0;
  const begin = range.begin < 0 ? Math.max(range.begin + size, 0) : range.begin;
  if (count === size) return x;
  const length = Math.min(count * range.stride, size - begin);
  const part = tf.slice(
    x,
    x.shape.map((_, i) => (i === axis ? begin : 0)),
    x.shape.map((n, i) => (i === axis ? length : n)),
  );
  if (range.stride === 1) return part;
  const missing = count * range.stride - length;
  const filled = tf.pad(
    part,
    x.shape.map((_, i): [number, number] => [0, i === axis ? missing : 0]),
    0,
  );
  const outer = x.shape.slice(0, axis).reduce((product, n) => product * n, 1);
  const inner = x.shape.slice(axis + 1).reduce((product, n) => product * n, 1);
  const steps = tf.reshape(filled, [outer, count, range.stride * inner]);
  const first = tf.slice(steps, [0, 0, 0], [outer, count, inner]);
  return tf.reshape(
    first,
    x.shape.map((n, i) => (i === axis ? count : n)),
  );
}

/** Convolution whose input and output channels part into groups: kernel [kh, kw, in/groups, out]. */
function groupedLayer(tf: TfFunctions): object {
  return class BitwrightGroupedConv2D extends tf.layers.Layer {
    static className: string = customClasses.groupedConvolution;
    private readonly options: GroupedConfig;
    private kernel: TfVariable | undefined;
    private bias: TfVariable | undefined;
    constructor(config: object) {
      super(config);
      this.options = read<GroupedConfig>(config, {
        filters: 1,
        kernel_size: [1, 1],
        strides: [1, 1],
        dilation_rate: [1, 1],
        padding: 'valid',
        groups: 1,
        use_bias: true,
      });
    }
    build(shape: Size[]): void {
      const { filters, kernel_size, groups, use_bias } = this.options;
      const channels = Number(shape[3]);
      this.kernel = this.addWeight(
        'kernel',
        [...kernel_size, channels / groups, filters],
        'float32',
        tf.initializers.zeros(),
      );
      if (use_bias) this.bias = this.addWeight('bias', [filters], 'float32', tf.initializers.zeros());
      this.built = true;
    }
    computeOutputShape(shape: Size[]): Size[] {
      const { kernel_size, strides, dilation_rate, padding, filters } = this.options;
      const spatial = [0, 1].map((i) => {
        const size = shape[i + 1] ?? null;
        if (size === null) return null;
        const extent = ((kernel_size[i] ?? 1) - 1) * (dilation_rate[i] ?? 1) + 1;
        const stride = strides[i] ?? 1;
        return padding === 'same' ? Math.ceil(size / stride) : Math.floor((size - extent) / stride) + 1;
      });
      return [shape[0] ?? null, ...spatial, filters];
    }
    call(inputs: TfTensor | TfTensor[]): TfTensor {
      const { strides, dilation_rate, padding, groups } = this.options;
      return tf.tidy(() => {
        const kernel = this.kernel?.read() as TfTensor;
        const parts = tf.split(only(inputs), groups, 3);
        const kernels = tf.split(kernel, groups, 3);
        const results = parts.map((part, g) =>
          tf.conv2d(part, kernels[g] as TfTensor, strides, padding, 'NHWC', dilation_rate),
        );
        const joined = tf.concat(results, 3);
        return this.bias === undefined ? joined : tf.add(joined, this.bias.read());
      });
    }
    override getConfig(): object {
      return { ...super.getConfig(), ...this.options };
    }
  };
}

/** x · scale + shift, both trainable: one pair per index of the last axis, or of all axes with `sizes` (1 where they are shared). */
function affineLayer(tf: TfFunctions): object {
  return class BitwrightChannelAffine extends tf.layers.Layer {
    static className: string = customClasses.affine;
    private readonly options: AffineConfig;
    private scale: TfVariable | undefined;
    private shift: TfVariable | undefined;
    constructor(config: object) {
      super(config);
      this.options = read<AffineConfig>(config, { sizes: null });
    }
    build(shape: Size[]): void {
      const sizes = [...(this.options.sizes ?? [Number(shape.at(-1))])];
      this.scale = this.addWeight('scale', sizes, 'float32', tf.initializers.ones());
      this.shift = this.addWeight('shift', sizes, 'float32', tf.initializers.zeros());
      this.built = true;
    }
    computeOutputShape(shape: Size[]): Size[] {
      return shape;
    }
    call(inputs: TfTensor | TfTensor[]): TfTensor {
      return tf.tidy(() => {
        const scaled = tf.mul(only(inputs), this.scale?.read() as TfTensor);
        return tf.add(scaled, this.shift?.read() as TfTensor);
      });
    }
    override getConfig(): object {
      return { ...super.getConfig(), ...this.options };
    }
  };
}

/** One axis the other way round. */
function reverseLayer(tf: TfFunctions): object {
  return class BitwrightReverse extends tf.layers.Layer {
    static className: string = customClasses.reverse;
    private readonly options: { readonly axis: number };
    constructor(config: object) {
      super(config);
      this.options = read(config, { axis: 1 });
    }
    computeOutputShape(shape: Size[]): Size[] {
      return shape;
    }
    call(inputs: TfTensor | TfTensor[]): TfTensor {
      return tf.tidy(() => tf.reverse(only(inputs), this.options.axis));
    }
    override getConfig(): object {
      return { ...super.getConfig(), ...this.options };
    }
  };
}

/** A function of one variable that TensorFlow.js has as an operator but not as an activation. */
function functionLayer(tf: TfFunctions): object {
  return class BitwrightFunction extends tf.layers.Layer {
    static className: string = customClasses.elementFunction;
    private readonly options: { readonly operator: ElementFunction };
    constructor(config: object) {
      super(config);
      this.options = read<{ readonly operator: ElementFunction }>(config, { operator: 'exp' });
    }
    computeOutputShape(shape: Size[]): Size[] {
      return shape;
    }
    call(inputs: TfTensor | TfTensor[]): TfTensor {
      return tf.tidy(() => tf[this.options.operator](only(inputs)));
    }
    override getConfig(): object {
      return { ...super.getConfig(), ...this.options };
    }
  };
}
