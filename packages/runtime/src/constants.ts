import { elementCount, ModelFormatError, type QuantizedArray, type TensorQuantization } from '@bitwright/core';
import type { PackedModel } from '@bitwright/export';

/** A constant of the model: codes with their parameters, real numbers, or whole numbers that say how (shapes, axes). */
export type Constant =
  | {
      readonly kind: 'codes';
      readonly shape: readonly number[];
      readonly data: QuantizedArray;
      readonly quantization: TensorQuantization;
    }
  | { readonly kind: 'real'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly kind: 'index'; readonly shape: readonly number[]; readonly data: readonly number[] };

/**
 * Constants of a packed model by name, read once each.
 *
 * @throws {ModelFormatError} when a constant's section does not hold its elements, or codes have no parameters in the spec
 */
export function constantsOf(packed: PackedModel): (name: string) => Constant | undefined {
  const known = new Map<string, Constant>();
  const { tensors } = packed.header;
  return (name) => {
    if (!Object.hasOwn(tensors, name)) return undefined;
    const found = known.get(name) ?? readConstant(packed, name);
    known.set(name, found);
    return found;
  };
}

// — internals —

function readConstant(packed: PackedModel, name: string): Constant {
  const tensor = packed.header.tensors[name];
  if (tensor === undefined) throw malformed(name, 'a constant', 'none');
  const { shape, type } = tensor;
  if (type === 'codes') {
    const quantization = Object.hasOwn(packed.spec.tensors, name) ? packed.spec.tensors[name] : undefined;
    if (quantization === undefined) throw malformed(name, 'parameters in the spec', 'none');
    return { kind: 'codes', shape, data: packed.codes(name), quantization };
  }
  const { buffer } = packed.section(tensor.data).slice();
  const count = elementCount(shape);
  const [width] = [{ float32: 4, int32: 4, int64: 8, bool: 1 }[type]];
  if (buffer.byteLength !== count * width) throw malformed(name, `${count * width} bytes`, `${buffer.byteLength}`);
  if (type === 'float32') return { kind: 'real', shape, data: new Float32Array(buffer) };
  const whole =
    type === 'int64' ? new BigInt64Array(buffer) : type === 'int32' ? new Int32Array(buffer) : new Uint8Array(buffer);
  return { kind: 'index', shape, data: Array.from(whole as Iterable<number | bigint>, Number) };
}

function malformed(name: string, expected: string, received: string): ModelFormatError {
  return new ModelFormatError({ operation: `[runtime] constant "${name}"`, expected, received });
}
