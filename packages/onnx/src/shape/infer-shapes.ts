import { InputDataError } from '@bitwright/core';
import type { Model } from '../message/types';
import type { ExternalDataReader } from '../tensor/tensor-payload';
import { type Dim, formatDims } from './dim';
import { declaredType, inferModel } from './infer-graph';
import type { TensorShape } from './infer-types';

/** Sizes of model inputs, by input name: numbers, or names for sizes to keep symbolic. */
export type InputShapes = Readonly<Record<string, readonly (number | string)[]>>;

/** Options of `inferShapes`. */
export interface InferShapesOptions {
  /** Sizes of some or all inputs; must agree with the fixed sizes the model declares. Default: as declared. */
  readonly shapes?: InputShapes | undefined;
  /** Reader for small constants kept outside the model file; without it their content counts as unknown. */
  readonly readExternal?: ExternalDataReader | undefined;
}

const conflict = (
  name: string,
  declared: readonly Dim[] | undefined,
  given: readonly Dim[],
  hint: string,
): InputDataError =>
  new InputDataError({
    operation: '[onnx] inferShapes',
    expected: `shape of input "${name}" to agree with ${formatDims(declared)}`,
    received: formatDims(given),
    hint,
  });

/** The size given for an input; names such as `constructor` are no keys of the object by themselves. */
const givenShape = (shapes: InputShapes, name: string): readonly (number | string)[] | undefined =>
  Object.hasOwn(shapes, name) ? shapes[name] : undefined;

/** Input types under an override; named sizes of the model take the given numbers everywhere. */
export const overriddenInputs = (model: Model, shapes: InputShapes): Map<string, TensorShape> => {
  const initializers = new Set(model.graph?.initializer.map((tensor) => tensor.name));
  const inputs = (model.graph?.input ?? []).filter((input) => !initializers.has(input.name));
  const known = new Set(inputs.map((input) => input.name));
  for (const name of Object.keys(shapes)) {
    if (known.has(name)) continue;
    throw new InputDataError({
      operation: '[onnx] inferShapes',
      expected: `one of the model inputs ${[...known].map((input) => `"${input}"`).join(', ')}`,
      received: `shape ${formatDims(shapes[name])} for "${name}"`,
    });
  }
  const bound = new Map<string, { readonly size: number | string; readonly by: string }>();
  for (const input of inputs) {
    const given = givenShape(shapes, input.name);
    const declared = declaredType(input)?.dims;
    if (given === undefined || declared === undefined) continue;
    if (given.length !== declared.length) throw conflict(input.name, declared, given, 'The ranks differ.');
    declared.forEach((dim, i) => {
      const size = given[i];
      if (size === undefined) return;
      if (typeof dim === 'number' && size !== dim) throw conflict(input.name, declared, given, `Axis ${i} is fixed.`);
      if (typeof dim !== 'string') return;
      const earlier = bound.get(dim);
      if (earlier !== undefined && earlier.size !== size) {
        throw conflict(input.name, declared, given, `Input "${earlier.by}" sets ${dim} = ${earlier.size}.`);
      }
      bound.set(dim, { size, by: input.name });
    });
  }
  return new Map(
    inputs.map((input): [string, TensorShape] => {
      const declared = declaredType(input);
      const dims =
        givenShape(shapes, input.name) ??
        declared?.dims?.map((dim) => (typeof dim === 'string' ? (bound.get(dim)?.size ?? dim) : dim));
      return [input.name, { dataType: declared?.dataType ?? 0, dims }];
    }),
  );
};

/**
 * Infers element type and shape of every value of the main graph without running it.
 *
 * Named sizes stay names (`N`; results of arithmetic read `2*N`, `(H+1)`), unknown sizes are undefined, and operators
 * without a rule leave their outputs out (or as the model declares them): inference never fails because of them.
 * Shape computations (Shape, Gather, Concat, … before Reshape and kin) are followed through.
 *
 * @throws {InputDataError} when a given shape contradicts the model, with both shapes
 * @example inferShapes(model, { shapes: { input: [1, 3, 224, 224] } }).get('logits')  // { dataType: 1, dims: [1, 1000] }
 */
export const inferShapes = (model: Model, options: InferShapesOptions = {}): ReadonlyMap<string, TensorShape> => {
  const { shapes = {}, readExternal } = options;
  const inputTypes = overriddenInputs(model, shapes);
  const { types } = inferModel(model, { inputTypes, useDeclared: Object.keys(shapes).length === 0, readExternal });
  const isNamed = (dim: Dim): Dim => (typeof dim === 'string' && dim.includes('?') ? undefined : dim);
  return new Map(
    [...types].map(([name, type]) => [
      name,
      Object.freeze({
        dataType: type.dataType,
        dims: type.dims === undefined ? undefined : Object.freeze(type.dims.map(isNamed)),
      }),
    ]),
  );
};
