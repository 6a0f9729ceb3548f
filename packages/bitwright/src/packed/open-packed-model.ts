import { readFile } from 'node:fs/promises';
import { InputDataError, ModelFormatError } from '@bitwright/core';
import { findExporter, isPackedModel, type PackedValue } from '@bitwright/export';
import { type IntegerModel, integerOperators, loadPackedModel } from '@bitwright/runtime';
import type { ModelInput } from '../data/model-input';
import { shellWord } from '../terminal/shell-word';

export interface OpenPackedOptions {
  readonly threads: number;
  /** TypeScript operators instead of native kernels. */
  readonly isReference: boolean;
}

/** A packed model, ready to run. */
export interface OpenedPackedModel {
  readonly model: IntegerModel;
  readonly inputs: readonly ModelInput[];
  /** What computes: `native` or `reference`. */
  readonly operators: string;
  /** Why it is not the native kernels; undefined when it is, or when the reference was asked for. */
  readonly fallback: string | undefined;
  readonly bytes: number;
}

/**
 * Reads a packed model, checks its checksums and plans its steps.
 *
 * @throws {InputDataError} when the file is missing, a folder, or no packed model
 * @throws {ModelFormatError} when it is damaged
 * @throws {UnsupportedOperatorError} naming the first input or node that does not run
 */
export async function openPackedModel(
  path: string,
  shown: string,
  { threads, isReference }: OpenPackedOptions,
): Promise<OpenedPackedModel> {
  const bytes = await readPackedFile(path, shown);
  refuseDamage(bytes, shown);
  const native = isReference ? undefined : await loadNativeOperators(threads);
  const operators = native !== undefined && 'operators' in native ? native.operators : integerOperators();
  const model = loadPackedModel(bytes, { operators });
  return {
    model,
    inputs: model.inputs.map(asInput),
    operators: operators.name,
    fallback: native !== undefined && 'problem' in native ? native.problem : undefined,
    bytes: bytes.length,
  };
}

// — internals —

async function readPackedFile(path: string, shown: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    const reasons: Readonly<Record<string, string>> = { ENOENT: 'does not exist', EISDIR: 'is a folder' };
    const reason = reasons[cause.code ?? ''];
    throw refuse(reason === undefined ? cause.message : `${shown}, which ${reason}`, undefined, cause);
  });
  if (isPackedModel(bytes)) return new Uint8Array(bytes);
  const isOnnx = /\.onnx$/i.test(shown);
  throw refuse(
    `${shown}, ${isOnnx ? 'an .onnx file' : 'another kind of file'}`,
    `\`bitwright export ${isOnnx ? shellWord(shown) : '<model.onnx>'} --to packed\` writes one from a quantized model.`,
  );
}

function refuseDamage(bytes: Uint8Array, shown: string): void {
  const [problem] = findExporter('packed').validate([{ path: shown, bytes }]);
  if (problem === undefined) return;
  const { where, expected, received } = problem;
  throw new ModelFormatError({
    operation: `[bitwright] run ${shown}${where === shown ? '' : `, ${where}`}`,
    expected,
    received,
    hint: 'It is damaged or of another version: write it again with `bitwright export --to packed`.',
  });
}

async function loadNativeOperators(threads: number) {
  const { tryLoadNativeBackend } = await import('@bitwright/kernels-native');
  const loaded = tryLoadNativeBackend({ threads });
  if ('error' in loaded) return { problem: loaded.error.message };
  const { nativeOperators } = await import('@bitwright/runtime/native');
  return { operators: nativeOperators(loaded.backend) };
}

/** All inputs of a model that was loaded are float32. */
function asInput({ name, shape }: PackedValue): ModelInput {
  return {
    name,
    type: 'float32',
    dims: shape.map((size) => (typeof size === 'number' ? size : size === '?' ? undefined : size)),
  };
}

function refuse(received: string, hint: string | undefined, cause?: unknown): InputDataError {
  return new InputDataError({
    operation: '[bitwright] run',
    expected: 'a packed model (.bwpk)',
    received,
    hint,
    cause,
  });
}
