import type { PlanProblem } from '@bitwright/core';
import type { ExportedFile } from '../exporter';
import { nodePlace, tensorPlace } from '../spec-tensors';
import { readWire, type WireField } from './protobuf-wire';

/** Fields of one tensor, as both spellings write them. */
export interface TensorFields {
  readonly name: string;
  readonly scales: readonly number[];
  readonly zeroPoint: number;
  readonly min: number;
  readonly max: number;
}

/** The tensors of a file, or what is wrong with it. */
export interface ParsedParameters {
  readonly entries: readonly TensorFields[];
  readonly problems: readonly PlanProblem[];
}

/** Reads either spelling, by the name of the file. */
export function parseParameters(files: readonly ExportedFile[]): ParsedParameters {
  const file = files[0];
  if (file === undefined || files.length > 1) {
    return { entries: [], problems: [{ where: 'files', expected: 'one file', received: String(files.length) }] };
  }
  try {
    const entries = file.path.endsWith('.json') ? fromJson(file.bytes) : fromMessage(file.bytes);
    return { entries, problems: entries.flatMap(entryProblems) };
  } catch (cause) {
    const received = cause instanceof Error ? cause.message : String(cause);
    return { entries: [], problems: [{ where: file.path, expected: 'a compression pipeline', received }] };
  }
}

// — internals —

function entryProblems({ name, scales, zeroPoint, min, max }: TensorFields): readonly PlanProblem[] {
  const where = name === '' ? nodePlace(name) : tensorPlace(name);
  if (name === '' || scales.length === 0 || scales.some((s) => !(s > 0 && Number.isFinite(s)))) {
    return [{ where, expected: 'a name and positive finite scales', received: scales.join(', ') }];
  }
  if (min < -128 || max > 127 || min >= max || zeroPoint < min || zeroPoint > max) {
    return [{ where, expected: 'codes within int8', received: `[${min}, ${max}], zero point ${zeroPoint}` }];
  }
  return [];
}

function fromMessage(bytes: Uint8Array): readonly TensorFields[] {
  const messages = (fields: readonly WireField[], field: number): readonly (readonly WireField[])[] =>
    fields.flatMap((each) => (each.field === field && each.value instanceof Uint8Array ? [readWire(each.value)] : []));
  const pipeline = readWire(bytes);
  const layers = messages(pipeline, 2).flatMap((algorithm) =>
    messages(algorithm, 2).flatMap((parameters) => messages(parameters, 4)),
  );
  if (layers.length === 0) throw new RangeError('no layers');
  return layers.flatMap((layer) => [
    ...messages(layer, 1).map((fields) => fromFields(fields, 5)),
    ...messages(layer, 2).map((fields) => fromFields(fields, 4)),
    ...messages(layer, 3).map((fields) => fromFields(fields, 5)),
  ]);
}

/** Activations have their clamps in fields 5 and 6 behind the zero point; weights in 4 and 5, without one. */
function fromFields(fields: readonly WireField[], firstClamp: 4 | 5): TensorFields {
  const number = (field: number, otherwise: number): number => {
    const value = fields.find((each) => each.field === field)?.value;
    return typeof value === 'number' ? value : otherwise;
  };
  const name = fields.find((each) => each.field === 1)?.value;
  return {
    name: name instanceof Uint8Array ? new TextDecoder().decode(name) : '',
    scales: fields.flatMap(({ field, value }) => (field === 3 && typeof value === 'number' ? [value] : [])),
    zeroPoint: firstClamp === 5 ? number(4, 0) : 0,
    min: number(firstClamp, -128),
    max: number(firstClamp + 1, 127),
  };
}

/** The same fields from the JSON spelling; anything out of place is an error of the types below. */
function fromJson(bytes: Uint8Array): readonly TensorFields[] {
  interface JsonTensor {
    readonly name: string;
    readonly scales: number[];
    readonly zero_point?: number;
    readonly clamp_min: number;
    readonly clamp_max: number;
  }
  interface JsonPipeline {
    readonly algo: {
      readonly quant_params: { readonly layer: Record<'input' | 'weight' | 'output', JsonTensor[]>[] };
    }[];
  }
  const { algo } = JSON.parse(new TextDecoder().decode(bytes)) as JsonPipeline;
  const layers = algo.flatMap(({ quant_params }) => quant_params.layer);
  return layers.flatMap(({ input, weight, output }) =>
    [...input, ...weight, ...output].map(({ name, scales, zero_point = 0, clamp_min, clamp_max }) => ({
      name,
      scales,
      zeroPoint: zero_point,
      min: clamp_min,
      max: clamp_max,
    })),
  );
}
