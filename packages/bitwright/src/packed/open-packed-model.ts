import { readFile } from 'node:fs/promises';
import { InputDataError } from '@bitwright/core';
import { findExporter, type PackedValue } from '@bitwright/export';
import { type IntegerModel, integerOperators, loadPackedModel } from '@bitwright/runtime';
import type { ModelInput } from '../data/model-input';

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
 * @throws {InputDataError} when the file is missing, or damaged
 * @throws {UnsupportedOperatorError} naming the first node that does not run
 */
export async function openPackedModel(
  path: string,
  shown: string,
  { threads, isReference }: OpenPackedOptions,
): Promise<OpenedPackedModel> {
  const bytes = await readPackedFile(path, shown);
  const problem = findExporter('packed').validate([{ path: shown, bytes }])[0];
  if (problem !== undefined) {
    throw refuse(`${problem.expected} (${problem.where})`, `${problem.received} in ${shown}`);
  }
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
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw refuse('a packed model (`bitwright export --to packed`)', `${shown}: ${(cause as Error).message}`, cause);
  }
}

async function loadNativeOperators(threads: number) {
  const { tryLoadNativeBackend } = await import('@bitwright/kernels-native');
  const loaded = tryLoadNativeBackend({ threads });
  if ('error' in loaded) return { problem: loaded.error.message };
  const { nativeOperators } = await import('@bitwright/runtime/native');
  return { operators: nativeOperators(loaded.backend) };
}

/** Only float32 inputs run; others are refused by the data they would need. */
function asInput({ name, type, shape }: PackedValue): ModelInput {
  return {
    name,
    type: type === 1 ? 'float32' : `ONNX type ${type}`,
    dims: shape.map((size) => (typeof size === 'number' ? size : size === '?' ? undefined : size)),
  };
}

function refuse(expected: string, received: string, cause?: unknown): InputDataError {
  return new InputDataError({
    operation: '[bitwright] run',
    expected,
    received,
    ...(cause === undefined ? {} : { cause }),
  });
}
