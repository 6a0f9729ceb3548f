import { elementCount, type PlanProblem, QuantError, type QuantizationSpec, specFromJson } from '@bitwright/core';
import { defineExporter } from '../define-exporter';
import { asProblem, type ExportedFile, type Exporter, refuseProblems } from '../exporter';
import { commonProblems, modelIndex, tensorPlace } from '../spec-tensors';
import { nameProblems } from '../text-format/name-problems';
import {
  type DumpTensor,
  dumpBytes,
  dumpProblems,
  dumpTensors,
  specBytes,
  specName,
} from '../weight-dump/dump-tensors';
import { npyHeader, readNpyHeader } from './npy';
import { unzipStored, type ZipEntry, zipStored } from './zip';

const id = 'npz';

/**
 * Integer weights and parameters as one .npz: a ZIP of .npy files, which `numpy.load` reads. `bitwright.spec` is the spec as
 * UTF-8 JSON (uint8). Files are stored, without compression and clock time.
 */
export const npzExporter: Exporter = /* @__PURE__ */ defineExporter({
  id,
  title: 'npz: integer weights and parameters for numpy',
  aliases: [],
  targets: [],
  versions: ['1'],
  evidence: 'run',
  check(spec, model) {
    const index = modelIndex(model, id);
    const tensors = dumpTensors(spec, index);
    return {
      problems: [
        ...commonProblems(spec, model, index),
        ...nameProblems(
          tensors.map(({ name }) => name),
          tensorPlace,
          { separators: { '\\': 'a backslash', '../': 'a step out of the archive' } },
        ),
        ...dumpProblems(tensors),
        ...sizeProblems(tensors),
      ],
      notes: ['Weights and parameters only: the graph is not in the file.'],
    };
  },
  render(spec, model, { name }) {
    const tensors = dumpTensors(spec, modelIndex(model, id));
    const json = specBytes(spec);
    const all: readonly DumpTensor[] = [
      ...tensors,
      { name: specName, type: 'uint8', shape: [json.length], data: () => json },
    ];
    return [{ path: `${name}.npz`, bytes: zipStored(all.map(toEntry)) }];
  },
  validate: (files) => parse(files).problems,
  read(files) {
    const { spec, problems } = parse(files);
    refuseProblems(`[export] ${id}`, problems);
    if (spec === undefined) throw new RangeError('a file without problems has a spec');
    return spec;
  },
});

// — internals —

function toEntry({ name, type, shape, data }: DumpTensor): ZipEntry {
  const header = npyHeader(type, shape);
  const content = data();
  const bytes = new Uint8Array(header.length + content.length);
  bytes.set(header);
  bytes.set(content, header.length);
  return { name: `${name}.npy`, bytes };
}

function sizeProblems(tensors: readonly DumpTensor[]): readonly PlanProblem[] {
  const bytes = tensors.reduce((sum, { type, shape }) => sum + dumpBytes[type] * elementCount(shape) + 256, 0);
  if (bytes < 2 ** 32 - 2 ** 20) return [];
  return [{ where: 'file', expected: 'less than 4 GiB', received: `${bytes} bytes`, hint: 'Use safetensors.' }];
}

function parse(files: readonly ExportedFile[]): {
  readonly spec?: QuantizationSpec;
  readonly problems: readonly PlanProblem[];
} {
  const file = files[0];
  if (file === undefined || files.length > 1) {
    return { problems: [{ where: 'files', expected: 'one file', received: String(files.length) }] };
  }
  try {
    const entries = unzipStored(file.bytes);
    const problems = entries.flatMap(entryProblems);
    const json = entries.find(({ name }) => name === `${specName}.npy`);
    if (json === undefined)
      return { problems: [...problems, { where: file.path, expected: specName, received: 'none' }] };
    const start = readNpyHeader(json.bytes)?.start ?? 0;
    return { spec: specFromJson(new TextDecoder().decode(json.bytes.subarray(start))), problems };
  } catch (cause) {
    if (QuantError.isInstance(cause)) return { problems: [asProblem(cause, file.path)] };
    if (!(cause instanceof RangeError)) throw cause;
    return { problems: [{ where: file.path, expected: 'an archive of arrays', received: cause.message }] };
  }
}

function entryProblems({ name, bytes }: ZipEntry): readonly PlanProblem[] {
  const header = readNpyHeader(bytes);
  if (header === undefined) return [{ where: name, expected: 'a .npy array', received: 'something else' }];
  const expected = dumpBytes[header.type] * elementCount(header.shape);
  const received = bytes.length - header.start;
  return expected === received ? [] : [{ where: name, expected: `${expected} bytes`, received: String(received) }];
}
