import { type PlanProblem, QuantError } from '@bitwright/core';
import { dataTypeName, opsetVersion } from '@bitwright/onnx';
import { defineExporter } from '../define-exporter';
import { asProblem, type ExportedFile, type Exporter, refuseProblems } from '../exporter';
import { crc32 } from '../npz/crc32';
import { commonProblems, modelIndex, nodePlace, tensorPlace } from '../spec-tensors';
import { at, fixedBytes, openPacked, sectionAlignment } from './packed-container';
import type { PackedHeader } from './packed-header';
import { readPacked } from './read-packed';
import { isPackable, unsupportedAttribute, writePacked } from './write-packed';

const id = 'packed';

/**
 * The packed model of our own kernels: graph, spec and weights at 1, 2, 4 or 8 bits in one file that can be mapped into memory.
 *
 * @see docs/packed-format.md
 */
export const packedExporter: Exporter = /* @__PURE__ */ defineExporter({
  id,
  title: 'Bitwright packed model',
  aliases: [],
  targets: [],
  versions: ['1'],
  evidence: 'run',
  check(spec, model) {
    const index = modelIndex(model, id);
    const attributes = index.nodes.flatMap((node): PlanProblem[] => {
      const name = unsupportedAttribute(node);
      if (name === undefined) return [];
      return [
        {
          where: nodePlace(node.name),
          expected: 'finite numbers and texts as attributes',
          received: `attribute "${name}"`,
        },
      ];
    });
    const constants = index.graph.initializer
      .filter((tensor) => !isPackable(tensor))
      .map((tensor) => ({
        where: tensorPlace(tensor.name),
        expected: 'float32, int32, int64 or bool',
        received: dataTypeName(tensor.dataType),
      }));
    return { problems: [...commonProblems(spec, model, index), ...attributes, ...constants], notes: [] };
  },
  render(spec, model, { name }) {
    return [{ path: `${name}.bwpk`, bytes: writePacked(spec, modelIndex(model, id), opsetVersion(model)) }];
  },
  validate: problemsOf,
  read(files) {
    refuseProblems(`[export] ${id}`, problemsOf(files));
    return readPacked(files[0]?.bytes ?? new Uint8Array()).spec;
  },
});

// — internals —

function problemsOf(files: readonly ExportedFile[]): readonly PlanProblem[] {
  const file = files[0];
  if (file === undefined || files.length > 1) {
    return [{ where: 'files', expected: 'one file', received: String(files.length) }];
  }
  try {
    const { data } = openPacked(file.bytes);
    const problems = checksumProblems(file.bytes, data);
    if (problems.length > 0) return problems;
    const packed = readPacked(file.bytes);
    return Object.entries(packed.header.tensors).flatMap(([name, tensor]) =>
      sectionProblems(name, tensor, packed.section),
    );
  } catch (cause) {
    if (!QuantError.isInstance(cause)) throw cause;
    return [asProblem(cause, file.path)];
  }
}

function checksumProblems(bytes: Uint8Array, data: Uint8Array): readonly PlanProblem[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(at.headerLength, true));
  const parts = [
    {
      where: 'JSON',
      part: bytes.subarray(fixedBytes, fixedBytes + length),
      stored: view.getUint32(at.headerCrc, true),
    },
    { where: 'data', part: data, stored: view.getUint32(at.dataCrc, true) },
  ];
  return parts.flatMap(({ where, part, stored }) => {
    const actual = crc32(part);
    return actual === stored
      ? []
      : [{ where, expected: `CRC-32 ${stored.toString(16)}`, received: actual.toString(16) }];
  });
}

/** Sections that leave the data or begin elsewhere than aligned; that they are as long as their tensors say is checked with the header. */
function sectionProblems(
  name: string,
  { data, scale, zeroPoint }: PackedHeader['tensors'][string],
  section: ReturnType<typeof readPacked>['section'],
): readonly PlanProblem[] {
  return [data, scale, zeroPoint].flatMap((part): PlanProblem[] => {
    if (part === undefined) return [];
    section(part);
    if (part.offset % sectionAlignment === 0) return [];
    const expected = `sections at multiples of ${sectionAlignment}`;
    return [{ where: tensorPlace(name), expected, received: String(part.offset) }];
  });
}
