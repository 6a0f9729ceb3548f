import { ModelFormatError } from '@bitwright/core';
import type { TfliteGraph, TfliteOperator, TfliteQuantization, TfliteTensor } from './graph';
import { type OptionValue, operatorNamed, operatorSchemas } from './schema/operators';
import { tensorTypeOf } from './schema/tensor-types';
import { fileIdentifier, schemaVersion } from './write-flatbuffer';

/**
 * Reads a TFLite file of one subgraph back, with every offset checked against the length of the file.
 *
 * @throws {ModelFormatError} when the bytes are no TFLite model, or use types and operators this package does not write
 */
export function readFlatbuffer(bytes: Uint8Array): TfliteGraph {
  try {
    return readModel(new FlatbufferReader(bytes));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ModelFormatError({
      operation: '[export] readFlatbuffer',
      expected: 'a TFLite model',
      received: cause.message,
      cause,
    });
  }
}

// — internals —

/** Positions of a table: where it starts, and where its list of field offsets starts. */
interface Table {
  readonly start: number;
  readonly fields: number;
}

/** The FlatBuffers wire format, read only; DataView throws RangeError outside the file. */
class FlatbufferReader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  identifier(): string {
    return this.#view.byteLength < 8 ? '' : String.fromCharCode(...this.#bytes.subarray(4, 8));
  }

  root(): Table {
    return this.#table(this.#view.getUint32(0, true));
  }

  /** Position of a field; undefined when the table leaves it out. */
  #field({ start, fields }: Table, slot: number): number | undefined {
    const length = this.#view.getUint16(fields, true);
    const at = 4 + 2 * slot;
    if (at + 2 > length) return undefined;
    const offset = this.#view.getUint16(fields + at, true);
    return offset === 0 ? undefined : start + offset;
  }

  #table(start: number): Table {
    return { start, fields: start - this.#view.getInt32(start, true) };
  }

  #follow(at: number): number {
    return at + this.#view.getUint32(at, true);
  }

  int8(table: Table, slot: number, otherwise = 0): number {
    const at = this.#field(table, slot);
    return at === undefined ? otherwise : this.#view.getInt8(at);
  }

  int32(table: Table, slot: number, otherwise = 0): number {
    const at = this.#field(table, slot);
    return at === undefined ? otherwise : this.#view.getInt32(at, true);
  }

  float32(table: Table, slot: number, otherwise = 0): number {
    const at = this.#field(table, slot);
    return at === undefined ? otherwise : this.#view.getFloat32(at, true);
  }

  child(table: Table, slot: number): Table | undefined {
    const at = this.#field(table, slot);
    return at === undefined ? undefined : this.#table(this.#follow(at));
  }

  text(table: Table, slot: number): string {
    return new TextDecoder().decode(this.byteVector(table, slot) ?? new Uint8Array());
  }

  byteVector(table: Table, slot: number): Uint8Array | undefined {
    const vector = this.#vector(table, slot, 1);
    return vector === undefined ? undefined : this.#bytes.subarray(vector.start, vector.start + vector.length);
  }

  int32s(table: Table, slot: number): readonly number[] | undefined {
    return this.#elements(table, slot, 4, (at) => this.#view.getInt32(at, true));
  }

  float32s(table: Table, slot: number): readonly number[] {
    return this.#elements(table, slot, 4, (at) => this.#view.getFloat32(at, true)) ?? [];
  }

  int64s(table: Table, slot: number): readonly number[] {
    return this.#elements(table, slot, 8, (at) => Number(this.#view.getBigInt64(at, true))) ?? [];
  }

  children(table: Table, slot: number): readonly Table[] {
    return this.#elements(table, slot, 4, (at) => this.#table(this.#follow(at))) ?? [];
  }

  #elements<T>(table: Table, slot: number, size: number, read: (at: number) => T): readonly T[] | undefined {
    const vector = this.#vector(table, slot, size);
    if (vector === undefined) return undefined;
    return Array.from({ length: vector.length }, (_, i) => read(vector.start + i * size));
  }

  #vector(table: Table, slot: number, size: number): { readonly start: number; readonly length: number } | undefined {
    const at = this.#field(table, slot);
    if (at === undefined) return undefined;
    const vector = this.#follow(at);
    const length = this.#view.getUint32(vector, true);
    if (vector + 4 + length * size > this.#view.byteLength) throw new RangeError('a vector that ends beyond the file');
    return { start: vector + 4, length };
  }
}

function readModel(reader: FlatbufferReader): TfliteGraph {
  if (reader.identifier() !== fileIdentifier)
    throw new RangeError(`file identifier ${JSON.stringify(reader.identifier())}`);
  const model = reader.root();
  const version = reader.int32(model, 0);
  if (version !== schemaVersion) throw new RangeError(`schema version ${version}`);
  const [subgraph, ...others] = reader.children(model, 2);
  if (subgraph === undefined || others.length > 0) throw new RangeError(`${others.length + 1} subgraphs`);
  const buffers = reader.children(model, 4).map((buffer) => reader.byteVector(buffer, 0));
  if (buffers[0] !== undefined && buffers[0].length > 0) throw new RangeError('a first buffer that is not empty');
  const codes = reader.children(model, 1).map((code) => ({
    code: Math.max(reader.int8(code, 0), reader.int32(code, 3)),
    version: reader.int32(code, 2, 1),
  }));
  return {
    description: reader.text(model, 3),
    tensors: reader.children(subgraph, 0).map((tensor) => readTensor(reader, tensor, buffers)),
    operators: reader.children(subgraph, 3).map((operator) => readOperator(reader, operator, codes)),
    inputs: reader.int32s(subgraph, 1) ?? [],
    outputs: reader.int32s(subgraph, 2) ?? [],
  };
}

function readTensor(
  reader: FlatbufferReader,
  table: Table,
  buffers: readonly (Uint8Array | undefined)[],
): TfliteTensor {
  const type = tensorTypeOf(reader.int8(table, 1));
  if (type === undefined) throw new RangeError(`tensor type ${reader.int8(table, 1)}`);
  const buffer = reader.int32(table, 2);
  if (buffer < 0 || buffer >= buffers.length) throw new RangeError(`buffer ${buffer} of ${buffers.length}`);
  const data = buffers[buffer];
  const signature = reader.int32s(table, 7);
  const quantization = reader.child(table, 4);
  const scale = quantization === undefined ? [] : reader.float32s(quantization, 2);
  return {
    name: reader.text(table, 3),
    type,
    shape: reader.int32s(table, 0) ?? [],
    ...(signature === undefined ? {} : { signature }),
    ...(data === undefined ? {} : { data: () => data }),
    ...(quantization === undefined || scale.length === 0
      ? {}
      : { quantization: readQuantization(reader, quantization, scale) }),
  };
}

function readQuantization(reader: FlatbufferReader, table: Table, scale: readonly number[]): TfliteQuantization {
  return {
    scale: Float32Array.from(scale),
    zeroPoint: Int32Array.from(reader.int64s(table, 3)),
    dimension: reader.int32(table, 6),
  };
}

function readOperator(
  reader: FlatbufferReader,
  table: Table,
  codes: readonly { readonly code: number; readonly version: number }[],
): TfliteOperator {
  const entry = codes[reader.int32(table, 0)];
  const kind = entry === undefined ? undefined : operatorNamed(entry.code);
  if (entry === undefined || kind === undefined) throw new RangeError(`operator code ${entry?.code}`);
  const { optionsType, fields } = operatorSchemas[kind];
  const written = reader.int8(table, 3);
  if (written !== optionsType) throw new RangeError(`options of type ${written} for ${kind}`);
  const options = reader.child(table, 4);
  const values = Object.entries(fields).map(([name, { slot, kind: form, otherwise }]): [string, OptionValue] => {
    if (options === undefined) return [name, form === 'int32s' ? [] : otherwise];
    if (form === 'int32s') return [name, reader.int32s(options, slot) ?? []];
    if (form === 'float32') return [name, reader.float32(options, slot, Number(otherwise))];
    if (form === 'int32') return [name, reader.int32(options, slot, Number(otherwise))];
    const value = reader.int8(options, slot, Number(otherwise));
    return [name, form === 'bool' ? value !== 0 : value];
  });
  return {
    kind,
    version: entry.version,
    inputs: reader.int32s(table, 1) ?? [],
    outputs: reader.int32s(table, 2) ?? [],
    options: Object.fromEntries(values),
  };
}
