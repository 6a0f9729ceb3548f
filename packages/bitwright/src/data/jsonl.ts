import { basename } from 'node:path';
import { elementCount, InputDataError, NonFiniteDataError } from '@bitwright/core';
import type { FeedTensor } from '@bitwright/ptq';
import type { ByteRange, ByteSource } from './byte-source';
import type { IndexedSource, SampleValues } from './indexed-source';
import { fitSample, fixedSampleDims, inputType, type ModelInput } from './model-input';
import { tensorFromNested } from './nested-numbers';

const scanStep = 2 ** 20;
const lineLimit = 256 * 2 ** 20;
const operation = '[bitwright] read JSONL';

interface Line {
  readonly number: number;
  readonly range: ByteRange;
}

/**
 * Samples from a file with one JSON value per line: nested arrays for a single input, else {input: nested arrays}.
 * A flat array whose length is that of the input's fixed sample shape is taken in that shape. Empty lines are skipped.
 *
 * The file is scanned once for line ends; lines are parsed when read.
 *
 * @throws {InputDataError} when there is no sample; read throws with the line number
 */
export async function jsonlSource(source: ByteSource, inputs: readonly ModelInput[]): Promise<IndexedSource> {
  const lines = await findLines(source);
  if (lines.length === 0) {
    throw new InputDataError({ operation, expected: 'at least one line of JSON', received: source.name });
  }
  const read = async (indices: readonly number[]): Promise<SampleValues[]> => {
    const wanted = indices.map((index) => lines[index]).filter((line) => line !== undefined);
    const texts = await source.read(wanted.map((line) => line.range));
    return wanted.map((line, row) => parseLine(texts[row] ?? new Uint8Array(), line.number, inputs, source.name));
  };
  await read([0]);
  const count = lines.length === 1 ? '1 line' : `${lines.length} lines`;
  return Object.freeze({
    description: `${basename(source.name)} ${count}`,
    inputs: inputs.map((input) => input.name),
    length: lines.length,
    sampleBytes: undefined,
    names: undefined,
    mayFail: false,
    isPreprocessed: false,
    notes: [],
    files: [{ label: '', path: source.name }],
    read,
  });
}

async function findLines(source: ByteSource): Promise<readonly Line[]> {
  const lines: Line[] = [];
  let start = 0;
  let number = 1;
  let isBlank = true;
  const finish = (end: number): void => {
    if (!isBlank) lines.push({ number, range: { offset: start, length: end - start } });
    if (end - start > lineLimit) {
      throw new InputDataError({
        operation: `${operation} ${source.name}`,
        expected: `lines of at most ${lineLimit} bytes`,
        received: `${end - start} bytes in line ${number}`,
      });
    }
    start = end + 1;
    number++;
    isBlank = true;
  };
  for (let offset = 0; offset < source.size; offset += scanStep) {
    const length = Math.min(scanStep, source.size - offset);
    const [chunk = new Uint8Array()] = await source.read([{ offset, length }]);
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index] ?? 0;
      if (byte === 0x0a) finish(offset + index);
      else if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) isBlank = false;
    }
  }
  finish(source.size);
  return lines;
}

function parseLine(bytes: Uint8Array, number: number, inputs: readonly ModelInput[], path: string): SampleValues {
  const where = `line ${number} of ${path}`;
  const value = parseJson(new TextDecoder().decode(bytes), where);
  const [first] = inputs;
  if (first !== undefined && inputs.length === 1 && (Array.isArray(value) || typeof value === 'number')) {
    return new Map([[first.name, toTensor(value, first, where)]]);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const names = inputs.map((input) => input.name).join(', ');
    const received = Array.isArray(value) ? 'an array' : typeof value;
    throw refuse(`an object with the inputs ${names}`, received, where);
  }
  const entries = Object.entries(value);
  const unknown = entries.find(([name]) => inputs.every((input) => input.name !== name));
  if (unknown !== undefined) throw refuse(`inputs ${inputs.map((i) => i.name).join(', ')}`, `'${unknown[0]}'`, where);
  return new Map(
    inputs.map((input) => {
      const entry = entries.find(([name]) => name === input.name);
      if (entry === undefined) throw refuse(`a value for input '${input.name}'`, 'none', where);
      return [input.name, toTensor(entry[1], input, where)];
    }),
  );
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const literal = /[[,:\s](-?(?:NaN|Infinity))/.exec(text)?.[1];
    if (literal !== undefined) {
      throw new NonFiniteDataError({ operation, expected: `finite numbers in ${where}`, received: literal, cause });
    }
    throw new InputDataError({
      operation,
      expected: `one JSON value in ${where}`,
      received: `${JSON.stringify(text.slice(0, 60))} (${cause instanceof Error ? cause.message : String(cause)})`,
      cause,
    });
  }
}

function toTensor(value: unknown, input: ModelInput, where: string): FeedTensor {
  const nested = tensorFromNested(value, inputType(input), `input '${input.name}', ${where}`);
  const tensor = reshapeFlat(nested, input);
  const fit = fitSample(tensor.dims, input, where);
  return fit === 'squeeze' ? { ...tensor, dims: tensor.dims.slice(1) } : tensor;
}

function reshapeFlat(tensor: FeedTensor, input: ModelInput): FeedTensor {
  const fixed = fixedSampleDims(input);
  const isFlat = tensor.dims.length === 1 && fixed !== undefined && fixed.length > 1;
  return isFlat && tensor.data.length === elementCount(fixed) ? { ...tensor, dims: fixed } : tensor;
}

function refuse(expected: string, received: string, where: string): InputDataError {
  return new InputDataError({ operation, expected: `${expected} in ${where}`, received });
}
