import { elementCount, InvalidArgumentError, ShapeMismatchError, UnsupportedOperatorError } from '@bitwright/core';
import type { PackedValue } from '@bitwright/export';
import type { Value } from './value';

/** Real numbers in ONNX order. */
export interface RealTensor {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Number of float32 among the element types of ONNX. */
const floatType = 1;

/**
 * Refuses a model that takes anything but float32, before any of it is run.
 *
 * @throws {UnsupportedOperatorError} naming the first other input
 */
export function refuseOtherInputs(declared: readonly PackedValue[]): void {
  const other = declared.find(({ type }) => type !== floatType);
  if (other === undefined) return;
  throw new UnsupportedOperatorError({
    operation: `[runtime] input "${other.name}"`,
    expected: `float32, element type ${floatType} of ONNX`,
    received: `element type ${other.type}`,
    hint: 'Give the network a float32 input, or run the exported ONNX file in onnxruntime.',
  });
}

/**
 * The inputs of a model as values, each checked against what the model declares; open sizes take any length.
 *
 * @throws {InvalidArgumentError} when one is missing, unknown or no Float32Array
 * @throws {ShapeMismatchError} when a shape does not fit
 */
export function checkInputs(
  declared: readonly PackedValue[],
  given: Readonly<Record<string, RealTensor>>,
): Map<string, Value> {
  const unknown = Object.keys(given).find((name) => !declared.some((value) => value.name === name));
  if (unknown !== undefined) throw refuse(`inputs ${declared.map(({ name }) => name).join(', ')}`, `"${unknown}"`);
  return new Map(
    declared.map(({ name, shape }): [string, Value] => {
      const tensor = Object.hasOwn(given, name) ? given[name] : undefined;
      if (tensor === undefined) throw refuse(`input "${name}"`, 'none');
      const { data } = tensor;
      if (!(data instanceof Float32Array)) throw refuse(`a Float32Array for "${name}"`, typeof data);
      const fits =
        tensor.shape.length === shape.length &&
        shape.every((size, axis) => typeof size === 'string' || size === tensor.shape[axis]);
      if (!fits || data.length !== elementCount(tensor.shape)) {
        throw new ShapeMismatchError({
          operation: `[runtime] input "${name}"`,
          expected: `[${shape.join(',')}] and as many values`,
          received: `[${tensor.shape.join(',')}] and ${data.length} values`,
        });
      }
      return [name, { kind: 'real', shape: tensor.shape, order: 'plain', data }];
    }),
  );
}

// — internals —

function refuse(expected: string, received: string): InvalidArgumentError {
  return new InvalidArgumentError({ operation: '[runtime] run', expected, received });
}
