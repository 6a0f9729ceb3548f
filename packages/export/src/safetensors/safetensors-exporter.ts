import { elementCount, type PlanProblem, QuantError, type QuantizationSpec, specFromJson } from '@bitwright/core';
import { defineExporter } from '../define-exporter';
import { asProblem, type ExportedFile, type Exporter, refuseProblems } from '../exporter';
import { commonProblems, modelIndex, tensorPlace } from '../spec-tensors';
import { isObject } from '../text-format/json';
import { nameProblems } from '../text-format/name-problems';
import {
  type DumpTensor,
  type DumpType,
  dumpBytes,
  dumpProblems,
  dumpTensors,
  specBytes,
  specName,
} from '../weight-dump/dump-tensors';

const id = 'safetensors';

/**
 * Integer weights and parameters as one .safetensors file; the whole spec lies in `__metadata__`.
 *
 *   u64 length N of the header, little-endian · N bytes of JSON, padded with spaces · the arrays, which tile the rest exactly
 *
 * Arrays with wider elements come first, so that each one is aligned to its element.
 *
 * @see safetensors README and tensor.rs
 */
export const safetensorsExporter: Exporter = /* @__PURE__ */ defineExporter({
  id,
  title: 'safetensors: integer weights and parameters',
  aliases: [],
  targets: [],
  versions: ['1'],
  evidence: 'source',
  check(spec, model) {
    const index = modelIndex(model, id);
    const tensors = dumpTensors(spec, index);
    const names = tensors.map(({ name }) => name);
    return {
      problems: [
        ...commonProblems(spec, model, index),
        ...nameProblems(names, tensorPlace),
        ...dumpProblems(tensors),
        ...names.filter((name) => name === '__metadata__').map(() => metadataName),
      ],
      notes: ['Weights and parameters only: the graph is not in the file.'],
    };
  },
  render(spec, model, { name }) {
    const tensors = dumpTensors(spec, modelIndex(model, id));
    return [{ path: `${name}.safetensors`, bytes: encode(tensors, spec) }];
  },
  validate: (files) => parse(files).problems,
  read(files) {
    const { spec, problems } = parse(files);
    refuseProblems(`[export] ${id}`, problems);
    return spec ?? refuseMissingSpec();
  },
});

// — internals —

const metadataName: PlanProblem = {
  where: tensorPlace('__metadata__'),
  expected: 'another name',
  received: 'the one of the header’s own entry',
};

const typeNames: Readonly<Record<DumpType, string>> = {
  float32: 'F32',
  int8: 'I8',
  uint8: 'U8',
  int16: 'I16',
  uint16: 'U16',
  int32: 'I32',
  int64: 'I64',
};

const largestHeader = 100_000_000;

function encode(tensors: readonly DumpTensor[], spec: QuantizationSpec): Uint8Array {
  const ordered = [...tensors].sort((a, b) => dumpBytes[b.type] - dumpBytes[a.type]);
  let end = 0;
  const entries = ordered.map(({ name, type, shape }): [string, object] => {
    const begin = end;
    end += dumpBytes[type] * elementCount(shape);
    return [name, { dtype: typeNames[type], shape, data_offsets: [begin, end] }];
  });
  const metadata = { format: 'bitwright', [specName]: new TextDecoder().decode(specBytes(spec)) };
  const header = new TextEncoder().encode(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }));
  const padded = Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.fill(0x20, 8 + header.length, 8 + padded);
  bytes.set(header, 8);
  let at = 8 + padded;
  for (const { data } of ordered) {
    const part = data();
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

interface Parsed {
  readonly spec?: QuantizationSpec;
  readonly problems: readonly PlanProblem[];
}

function parse(files: readonly ExportedFile[]): Parsed {
  const file = files[0];
  if (file === undefined || files.length > 1) {
    return { problems: [{ where: 'files', expected: 'one file', received: String(files.length) }] };
  }
  const { bytes, path: where } = file;
  if (bytes.length < 8) return { problems: [{ where, expected: 'a header', received: `${bytes.length} bytes` }] };
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > largestHeader || 8 + length > bytes.length) {
    return { problems: [{ where, expected: 'a header inside the file', received: `${length} bytes of header` }] };
  }
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch (cause) {
    return { problems: [{ where, expected: 'JSON in UTF-8', received: (cause as Error).message }] };
  }
  if (!isObject(header)) return { problems: [{ where, expected: 'a JSON object', received: typeof header }] };
  const { __metadata__: metadata, ...tensors } = header;
  const problems = tilingProblems(tensors, bytes.length - 8 - length);
  const text = isObject(metadata) ? metadata[specName] : undefined;
  if (typeof text !== 'string') {
    return { problems: [...problems, { where: '__metadata__', expected: `a ${specName}`, received: 'none' }] };
  }
  try {
    return { spec: specFromJson(text), problems };
  } catch (cause) {
    if (!QuantError.isInstance(cause)) throw cause;
    return { problems: [...problems, asProblem(cause, `__metadata__.${specName}`)] };
  }
}

/** The arrays cover the buffer from its first to its last byte, without holes and overlaps. */
function tilingProblems(tensors: Readonly<Record<string, unknown>>, size: number): readonly PlanProblem[] {
  const problems: PlanProblem[] = [];
  const spans = Object.entries(tensors).flatMap(([name, entry]) => {
    const { dtype, shape, data_offsets: offsets } = isObject(entry) ? entry : {};
    const type = (Object.keys(typeNames) as DumpType[]).find((key) => typeNames[key] === dtype);
    const isShape = Array.isArray(shape) && shape.every((d) => Number.isSafeInteger(d) && d >= 0);
    const isSpan =
      Array.isArray(offsets) && offsets.length === 2 && offsets.every((v) => Number.isSafeInteger(v) && v >= 0);
    if (type === undefined || !isShape || !isSpan) {
      const received = JSON.stringify(entry) ?? 'none';
      problems.push({ where: tensorPlace(name), expected: 'dtype, shape and data_offsets', received });
      return [];
    }
    const [begin, end] = offsets as [number, number];
    const bytes = dumpBytes[type] * elementCount(shape as number[]);
    if (end - begin !== bytes) {
      problems.push({ where: tensorPlace(name), expected: `${bytes} bytes`, received: `${end - begin}` });
    }
    return [{ name, begin, end }];
  });
  let at = 0;
  for (const { name, begin, end } of spans.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at)
      problems.push({ where: tensorPlace(name), expected: `to begin at ${at}`, received: String(begin) });
    at = end;
  }
  if (at !== size) problems.push({ where: 'buffer', expected: `${at} bytes`, received: String(size) });
  return problems;
}

function refuseMissingSpec(): never {
  throw new RangeError('a file without problems has a spec');
}
