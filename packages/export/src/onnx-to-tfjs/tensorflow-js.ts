/**
 * TensorFlow.js as it is passed in: the `tf` of @tensorflow/tfjs, or
 * `{ ...tfjsCore, layers: tfjsLayers.layers, initializers: tfjsLayers.initializers }`. Only names are asked for here, so that this
 * package depends on no version of it.
 */
export interface TensorFlowJs {
  readonly layers: object;
  readonly initializers: object;
  readonly serialization: object;
}

/** A tensor, as far as the custom layers look at it. */
export interface TfTensor {
  readonly shape: number[];
}

/** A layer's variable. */
export interface TfVariable {
  read(): TfTensor;
}

/** What the custom layers use of the class they extend. */
export interface TfLayer {
  name: string;
  built: boolean;
  addWeight(name: string, shape: (number | null)[], dtype: 'float32', initializer: object): TfVariable;
  getConfig(): object;
}

/** What the custom layers call. */
export interface TfFunctions {
  readonly layers: { readonly Layer: abstract new (config: object) => TfLayer };
  readonly initializers: { zeros(): object; ones(): object };
  readonly serialization: { registerClass(layer: object): void };
  pad(x: TfTensor, paddings: readonly (readonly [number, number])[], value: number): TfTensor;
  slice(x: TfTensor, begin: readonly number[], size: readonly number[]): TfTensor;
  reshape(x: TfTensor, shape: readonly number[]): TfTensor;
  split(x: TfTensor, parts: number, axis: number): TfTensor[];
  concat(parts: readonly TfTensor[], axis: number): TfTensor;
  conv2d(
    x: TfTensor,
    kernel: TfTensor,
    strides: readonly [number, number],
    pad: 'valid' | 'same',
    format: 'NHWC',
    dilations: readonly [number, number],
  ): TfTensor;
  add(a: TfTensor, b: TfTensor): TfTensor;
  mul(a: TfTensor, b: TfTensor): TfTensor;
  reverse(x: TfTensor, axis: number): TfTensor;
  exp(x: TfTensor): TfTensor;
  log(x: TfTensor): TfTensor;
  sqrt(x: TfTensor): TfTensor;
  abs(x: TfTensor): TfTensor;
  reciprocal(x: TfTensor): TfTensor;
  erf(x: TfTensor): TfTensor;
  neg(x: TfTensor): TfTensor;
  sin(x: TfTensor): TfTensor;
  cos(x: TfTensor): TfTensor;
  tidy<T extends TfTensor>(compute: () => T): T;
}

/** The functions behind the namespace that was passed in. */
export function functionsOf(tf: TensorFlowJs): TfFunctions {
  return tf as unknown as TfFunctions;
}
